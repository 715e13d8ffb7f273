// Tags one article with whatever a target made of the lexicon or the model: it must come through,
// and its event be written.
#pragma once

#include "tests/fuzz/fuzz.h"
#include "workers/tagger/event_json.h"
#include "workers/tagger/tagger.h"

static inline void fuzz_tag(const struct tagger *tagger, const struct article *article)
{
    struct arena arena;
    struct buf out;
    struct err err = {0};
    struct tag_result result;
    arena_init(&arena, 16 << 20);
    buf_init(&out, SIZE_MAX);
    check_must(tagger_run(tagger, article, &arena, &result, &err) == 0);
    check_must(event_put_line(&out, article, &result, tagger_lexicon_id(tagger)) == 0);
    event_put_keys(&out, &result);
    buf_fini(&out);
    arena_fini(&arena);
}
