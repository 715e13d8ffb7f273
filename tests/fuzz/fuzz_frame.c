#include "proto/wire/frame.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame frame;
    enum wire_code code = frame_decode(slice_from(data, size), &frame);
    check_must(code == WIRE_OK || code == WIRE_BAD_FRAME || code == WIRE_BAD_VERSION);
    if (code == WIRE_OK) {
        uint8_t out[FRAME_BYTES];
        frame_encode(&frame, out);
        check_must(memcmp(out, data, FRAME_BYTES) == 0);
    }
    check_must(frame_kind_name(frame.kind) != NULL);
    return 0;
}
