#include "proto/forms/forms.h"
#include "proto/forms/html.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_MAX = 65536 };

// Whatever is read as an article keeps the rules of article_check; whatever is refused says why.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct article article;
    struct err err = {0};
    arena_init(&arena, 16 << 20);
    // The last byte chooses: with HTML as telex push reads, or without as the daemon does.
    forms_html_cb html = size && data[size - 1] & 1 ? forms_html_to_text : NULL;
    if (forms_read_json(slice_from(data, size), BODY_MAX, html, &arena, &article, &err) == WIRE_OK)
        check_must(article_check(&article, BODY_MAX, &err) == WIRE_OK);
    else
        check_must(err.text[0]);
    arena_fini(&arena);
    return 0;
}
