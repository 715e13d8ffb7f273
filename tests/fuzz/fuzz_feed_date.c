#include "proto/base/utf8.h"
#include "proto/forms/feed_date.h"
#include "tests/fuzz/fuzz.h"

// A date that is read is read again as the same.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size);
    if (!utf8_is_valid(text))
        return 0;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct slice once = feed_date_read(text, &arena), twice = feed_date_read(once, &arena);
    check_must(utf8_is_valid(once) && slice_equal(once, twice));
    arena_fini(&arena);
    return 0;
}
