#include "proto/base/check.h"
#include "proto/forms/source.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_MAX = 65536 };

// Any bytes as a file of any form: it ends, each article keeps the rules, each refusal has a
// reason.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forms_source *source;
    struct err err = {0};
    struct forms_options options = {.body_max = BODY_MAX, .lines = size && data[0] == 'L'};
    if (forms_open_bytes(&source, slice_from(data, size), "fuzz", &options, &err) < 0)
        return 0;
    struct article article;
    struct forms_place place;
    size_t steps = 0;
    for (int more = 1; more != 0;) {
        err.text[0] = '\0';
        more = forms_next(source, &article, &place, &err);
        if (more == 1)
            check_must(article_check(&article, BODY_MAX, &err) == WIRE_OK);
        if (more == -1)
            check_must(err.text[0] && forms_code(source) != WIRE_OK);
        check_must(++steps <= size + 2);
    }
    forms_close(source);
    return 0;
}
