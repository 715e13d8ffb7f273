#include "proto/base/check.h"
#include "proto/base/utf8.h"
#include "proto/forms/charset.h"
#include "tests/fuzz/fuzz.h"

// Any bytes as a document of a declared or guessed charset: what comes out is UTF-8.
static void convert(struct charset *charset, struct slice bytes)
{
    struct buf out;
    size_t used;
    buf_init(&out, 1 << 20);
    if (charset_convert(charset, bytes, &out, &used) == 0)
        check_must(used <= bytes.len && utf8_is_valid(buf_slice(&out)));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_from(data, size);
    struct charset charset;
    struct err err = {0};
    char name[CHARSET_NAME_BYTES];
    if (charset_find_declared(bytes, name) && charset_open(&charset, name, &err) == 0) {
        convert(&charset, bytes);
        charset_close(&charset);
    }
    if (charset_open_guessed(&charset, bytes, "declare it", &err) == 0)
        convert(&charset, bytes);
    else
        check_must(err.text[0]);
    charset_close(&charset);
    return 0;
}
