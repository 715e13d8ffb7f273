#include "proto/wire/result.h"
#include "tests/fuzz/fuzz.h"

// What passes result_decode has keys that can all be read, and encodes to the bytes it came from.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result result;
    struct err err = {0};
    if (result_decode(slice_from(data, size), &result, &err) < 0) {
        check_must(err.text[0]);
        return 0;
    }
    struct buf out;
    buf_init(&out, SIZE_MAX);
    result_encode(&out, &result);
    check_must(slice_equal(buf_slice(&out), slice_from(data, size)));
    buf_fini(&out);
    return 0;
}
