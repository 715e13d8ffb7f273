#include "proto/base/utf8.h"
#include "proto/wire/article.h"
#include "tests/fuzz/fuzz.h"

// What passes article_check is clean, fits its record, and encodes to the bytes it came from.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_from(slice_from(data, size));
    struct article article;
    while (cursor_left(&cursor)) {
        const uint8_t *start = cursor.at;
        if (article_decode(&cursor, &article) < 0)
            break;
        struct err err = {0};
        if (article_check(&article, WIRE_BODY_MAX, &err) != WIRE_OK) {
            check_must(err.text[0]);
            continue;
        }
        struct buf out;
        buf_init(&out, SIZE_MAX);
        article_encode(&out, &article);
        check_must(slice_equal(buf_slice(&out), slice_from(start, (size_t)(cursor.at - start))));
        buf_reset(&out);
        article_put_json(&out, &article);
        check_must(utf8_is_valid(buf_slice(&out)));
        buf_fini(&out);
    }
    return 0;
}
