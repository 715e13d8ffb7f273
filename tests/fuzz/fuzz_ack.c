#include "proto/wire/ack.h"
#include "tests/fuzz/fuzz.h"

// Whatever is read as an acknowledgement is written and read again as the same one.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_from(slice_from(data, size));
    struct ack ack, again;
    while (cursor_left(&cursor) && ack_decode(&cursor, &ack) == 0) {
        struct buf out;
        buf_init(&out, 4096);
        ack_encode(&out, &ack);
        struct cursor back = cursor_from(buf_slice(&out));
        check_must(ack_decode(&back, &again) == 0 && cursor_is_done(&back));
        check_must(again.offset == ack.offset && slice_equal(again.message, ack.message) &&
                   again.duplicate == ack.duplicate);
        buf_fini(&out);
    }
    return 0;
}
