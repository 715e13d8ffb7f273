// What the parts of the names model work on: the shipped lexicon and model, and texts made ready up
// to the lexicon's marks. Each read text lives in the arena, until it is reset.
#pragma once

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/marks.h"
#include "workers/tagger/match.h"
#include "workers/tagger/model.h"

struct fixture {
    struct lexicon *lexicon;
    struct model *model;
    struct arena arena;
};

static inline void fixture_open(struct fixture *fixture)
{
    struct err err = {.text = ""};
    arena_init(&fixture->arena, 256 << 20);
    if (lexicon_open(&fixture->lexicon, TELEX_TEST_LEXICON, &err) < 0 ||
        model_open(&fixture->model, TELEX_TEST_MODEL, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void fixture_close(struct fixture *fixture)
{
    lexicon_close(fixture->lexicon);
    model_close(fixture->model);
    arena_fini(&fixture->arena);
}

static inline struct words *fixture_words(struct fixture *fixture, const char *language,
                                          const char *body)
{
    struct slice tag = slice_from_text(language);
    struct text *text = arena_alloc(&fixture->arena, sizeof *text);
    struct words *words = arena_alloc(&fixture->arena, sizeof *words);
    assert_true(text && words);
    assert_int_equal(
        text_prepare(text, TAG_BODY, slice_from_text(body), tag, false, &fixture->arena), 0);
    assert_int_equal(words_prepare(words, fixture->lexicon, text, tag, &fixture->arena), 0);
    return words;
}

// The lexicon's names in the words.
static inline struct spans fixture_spans(struct fixture *fixture, struct words *words)
{
    struct spans spans = {.capacity = words->candidates + words->count};
    spans.at = arena_alloc_array(&fixture->arena, spans.capacity + 1, sizeof *spans.at);
    assert_non_null(spans.at);
    match_lexicon(fixture->lexicon, words, &spans);
    return spans;
}

static inline struct marked fixture_read(struct fixture *fixture, const char *language,
                                         const char *body)
{
    struct words *words = fixture_words(fixture, language, body);
    struct spans spans = fixture_spans(fixture, words);
    const struct mark *marks = marks_of_spans(fixture->lexicon, words, &spans, &fixture->arena);
    assert_non_null(marks);
    return (struct marked){.words = words, .marks = marks};
}

// The first word that is written so.
static inline size_t fixture_find(const struct words *words, const char *exact)
{
    for (size_t i = 0; i < words->count; i++)
        if (slice_is(words_exact(words, i), exact))
            return i;
    fail_msg("no word %s", exact);
    return 0;
}
