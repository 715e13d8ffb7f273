#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"

// What is parsed is dumped as UTF-8 that parses again; strings are escaped without loss.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size);
    struct buf out;
    buf_init(&out, size * 8 + 64);
    json_t *root = json_parse(text, NULL);
    if (root) {
        json_put_value(&out, root);
        json_t *again = json_parse(buf_slice(&out), NULL);
        check_must(out.failed || again);
        json_decref(again);
    }
    json_decref(root);
    buf_reset(&out);
    if (utf8_is_valid(text) && !memchr(size ? text.ptr : "x", 0, size)) {
        json_put_string(&out, text);
        json_t *string = json_loadb(out.ptr, out.len, JSON_DECODE_ANY, NULL);
        check_must(string && json_string_length(string) == size);
        json_decref(string);
    }
    buf_fini(&out);
    return 0;
}
