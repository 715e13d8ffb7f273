#include "proto/base/utf8.h"
#include "proto/forms/html.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct slice text;
    struct err err = {0};
    arena_init(&arena, 16 << 20);
    if (forms_html_to_text(slice_from(data, size), &arena, &text, &err) == 0)
        check_must(utf8_is_valid(text) && !memchr(text.len ? text.ptr : "x", 0, text.len));
    else
        check_must(err.text[0]);
    arena_fini(&arena);
    return 0;
}
