#include "proto/wire/edit.h"
#include "tests/fuzz/fuzz.h"

// The first byte says how much of the rest is the body, the remainder is edits.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    size_t body = data[0] < size - 1 ? data[0] : size - 1;
    struct buf text;
    buf_init(&text, 65536);
    (void)edit_apply(&text, slice_from(data + 1 + body, size - 1 - body),
                     slice_from(data + 1, body));
    check_must(text.len <= 65536);
    buf_fini(&text);
    return 0;
}
