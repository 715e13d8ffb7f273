#include "daemon/open_request.h"
#include "tests/fuzz/fuzz.h"

// What is read is within the bounds that PROTOCOL.md gives; what is refused is named.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct open_request request;
    struct err err = {0};
    if (open_request_read(&request, slice_from(data, size), &err) != WIRE_OK) {
        check_must(err.text[0]);
        return 0;
    }
    check_must(request.credit >= 1 && request.credit <= WIRE_CREDIT_MAX);
    check_must(request.from != OPEN_FROM_SEQUENCE || request.sequence >= 1);
    check_must(memchr(request.cursor, '\0', sizeof request.cursor));
    open_request_fini(&request);
    return 0;
}
