#include "proto/base/fold.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"

// Folding is stable, stays UTF-8 and does not grow beyond what a code point may become.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size);
    if (!utf8_is_valid(text))
        return 0;
    struct buf once, twice;
    buf_init(&once, size * 4 + 1);
    buf_init(&twice, size * 4 + 1);
    fold_name(&once, text);
    check_must(!once.failed && utf8_is_valid(buf_slice(&once)));
    fold_name(&twice, buf_slice(&once));
    check_must(slice_equal(buf_slice(&once), buf_slice(&twice)));
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
