#include "daemon/ingest_request.h"
#include "proto/wire/article.h"
#include "tests/fuzz/fuzz.h"

// The payload of PUSH: as many records as were counted, and nothing behind them.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice payload = slice_from(data, size);
    enum wire_code code = WIRE_OK;
    struct err err = {0};
    size_t count = ingest_count_records(payload, &code, &err);
    if (!count) {
        check_must(code != WIRE_OK && err.text[0]);
        return 0;
    }
    struct cursor cursor = cursor_from(payload);
    struct article article;
    for (size_t i = 0; i < count; i++)
        check_must(article_decode(&cursor, &article) == 0);
    check_must(cursor_is_done(&cursor));
    return 0;
}
