#include "workers/tagger/recognise.h"

#include <errno.h>

#include "proto/base/buf.h"
#include "tests/unit/workers/tagger/names_fixture.h"

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_open(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

struct reading {
    struct words fields[2];
    struct spans spans[2];
};

static int recognise_in(struct reading *article, struct arena *space)
{
    const struct recogniser recogniser = {.lexicon = fixture.lexicon, .model = fixture.model};
    return recognise(&recogniser, article->fields, article->spans, 2, space);
}

static void prepare(struct reading *article, const char *language, const char *title,
                    const char *body)
{
    arena_reset(&fixture.arena);
    article->fields[0] = *fixture_words(&fixture, language, title);
    article->fields[1] = *fixture_words(&fixture, language, body);
}

// Spans stand in order, apart from each other, inside the field; their words are covered, others
// are not.
static void assert_well_formed(const struct reading *article, size_t f)
{
    const struct words *words = &article->fields[f];
    const struct spans *spans = &article->spans[f];
    size_t next = 0;
    assert_true(spans->count <= spans->capacity);
    for (size_t s = 0; s < spans->count; s++) {
        const struct span *span = &spans->at[s];
        assert_true(span->first >= next && span->count > 0);
        for (; next < span->first; next++)
            assert_false(words->at[next].flags & WORD_IS_COVERED);
        for (; next < span->first + span->count; next++)
            assert_true(words->at[next].flags & WORD_IS_COVERED);
        assert_true(next <= words->count);
        assert_true(span->sure > 0 && span->sure <= 1.00001f);
        assert_int_equal(span->flags & SPAN_DROPPED, 0);
        assert_int_equal(words->at[span->first].sentence, words->at[next - 1].sentence);
    }
}

static struct reading read_article(const char *language, const char *title, const char *body)
{
    struct reading article;
    prepare(&article, language, title, body);
    assert_int_equal(recognise_in(&article, &fixture.arena), 0);
    assert_well_formed(&article, 0);
    assert_well_formed(&article, 1);
    return article;
}

static const struct span *span_at(const struct reading *article, size_t f, const char *first,
                                  const char *last)
{
    const struct words *words = &article->fields[f];
    for (size_t i = 0; i < article->spans[f].count; i++) {
        const struct span *span = &article->spans[f].at[i];
        if (slice_is(words_exact(words, span->first), first) &&
            slice_is(words_exact(words, span->first + span->count - 1), last))
            return span;
    }
    return NULL;
}

static void assert_span(const struct reading *article, size_t f, const char *first,
                        const char *last, enum tag_type type)
{
    const struct span *span = span_at(article, f, first, last);
    if (!span)
        fail_msg("%s .. %s is no span", first, last);
    assert_int_equal(span->type, type);
}

static void test_body_explains_the_title(void **state)
{
    (void)state;
    struct reading article =
        read_article("en", "Zorbin visits Paris",
                     "President John Zorbin arrived on Monday. Mr Zorbin said he liked Paris.");
    assert_span(&article, 0, "Zorbin", "Zorbin", TAG_PERSON);
    assert_span(&article, 0, "Paris", "Paris", TAG_PLACE);
    assert_span(&article, 1, "John", "Zorbin", TAG_PERSON);
    assert_span(&article, 1, "Zorbin", "Zorbin", TAG_PERSON); // without the title
    assert_null(span_at(&article, 1, "Mr", "Zorbin"));
}

static void test_lexicon_and_model(void **state)
{
    (void)state;
    struct reading article = read_article(
        "pl", "",
        "Angela Merkel i Jan Zbrzycki spotkali się w Warszawie z szefem Unii Europejskiej.");
    assert_span(&article, 1, "Angela", "Merkel", TAG_PERSON);
    assert_span(&article, 1, "Jan", "Zbrzycki", TAG_PERSON);
    assert_span(&article, 1, "Unii", "Europejskiej", TAG_ORGANISATION);
    assert_true(span_at(&article, 1, "Angela", "Merkel")->entity != LEXICON_NONE);
    const struct span *unknown = span_at(&article, 1, "Jan", "Zbrzycki");
    assert_int_equal(unknown->entity, LEXICON_NONE);
    assert_true(unknown->flags & SPAN_GUESS);
    assert_true(unknown->sure < 1);
}

static void test_inhabitants_and_genitives(void **state)
{
    (void)state;
    struct reading german = read_article("de", "", "Der Berliner Senat sprach mit Hans Zorbin.");
    assert_null(span_at(&german, 1, "Berliner", "Berliner"));
    struct reading english = read_article("en", "", "They read John Zorbin's book in Germany.");
    assert_span(&english, 1, "John", "Zorbin", TAG_PERSON);
}

// The lexicon alone is sure of a word that is nothing else, written alike in all three languages.
static void test_words_that_are_only_names(void **state)
{
    (void)state;
    struct reading article =
        read_article("de", "", "Evergrande und Fidesz, Fidesz und Evergrande.");
    assert_span(&article, 1, "Evergrande", "Evergrande", TAG_ORGANISATION);
    assert_span(&article, 1, "Fidesz", "Fidesz", TAG_ORGANISATION);
    assert_true(span_at(&article, 1, "Fidesz", "Fidesz")->flags & SPAN_LISTED);
}

// English writes the last word of no name small.
static void test_small_words_behind(void **state)
{
    (void)state;
    static const char *const small[] = {"party", "palace"};
    struct reading article =
        read_article("en", "", "The Ciudadanos party met in the Dolmabahce palace.");
    for (size_t s = 0; s < article.spans[1].count; s++) {
        const struct span *span = &article.spans[1].at[s];
        struct slice last = words_exact(&article.fields[1], span->first + span->count - 1);
        for (size_t i = 0; i < sizeof small / sizeof *small; i++)
            assert_false(slice_is(last, small[i]));
    }
    assert_span(&article, 1, "Ciudadanos", "Ciudadanos", TAG_ORGANISATION);
}

static void test_nothing_to_find(void **state)
{
    (void)state;
    struct reading article = read_article("en", "", "");
    assert_int_equal(article.spans[0].count + article.spans[1].count, 0);
    article = read_article("en", "nothing here", "it rained all day, and nobody came.");
    assert_int_equal(article.spans[0].count + article.spans[1].count, 0);
}

// One sentence of names only, longer than the model reads in one piece.
static size_t spans_of_run(size_t count)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    for (size_t i = 0; i < count; i++)
        buf_put_text(&body, "Angela Merkel, Zorbin Bank ");
    buf_put(&body, "", 1);
    assert_false(body.failed);
    struct reading article = read_article("en", "", (const char *)body.ptr);
    buf_fini(&body);
    return article.spans[1].count;
}

static void test_long_runs(void **state)
{
    (void)state;
    size_t once = spans_of_run(500), twice = spans_of_run(1000);
    assert_true(once >= 500); // Angela Merkel at least
    assert_in_range(twice, 2 * once - once / 20, 2 * once + once / 20);
}

static void test_same_article_same_spans(void **state)
{
    (void)state;
    static const char *const body =
        "Der Zorbin-Chef Hans Müller sprach mit der US-Luftfahrtbehörde "
        "FAA in Berlin. Müller und Zorbin schwiegen.";
    struct reading first = read_article("de", "Zorbin schweigt", body);
    struct span kept[32];
    size_t count = first.spans[1].count;
    assert_in_range(count, 1, 32);
    memcpy(kept, first.spans[1].at, count * sizeof *kept);
    (void)read_article("en", "Other", "Something else was said by Mr Other of Paris.");
    struct reading again = read_article("de", "Zorbin schweigt", body);
    assert_int_equal(again.spans[1].count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(again.spans[1].at[i].first, kept[i].first);
        assert_int_equal(again.spans[1].at[i].count, kept[i].count);
        assert_true(again.spans[1].at[i].sure == kept[i].sure);
    }
}

static void test_full_arena(void **state)
{
    (void)state;
    static const char *const body = "President John Zorbin arrived. Mr Zorbin said he liked Paris.";
    struct reading article;
    struct arena space;
    prepare(&article, "en", "Zorbin visits", body);
    arena_init(&space, 16 << 20);
    assert_int_equal(recognise_in(&article, &space), 0);
    size_t needed = space.used;
    arena_fini(&space);
    for (size_t limit = 0; limit < needed; limit += needed / 61 + 1) {
        prepare(&article, "en", "Zorbin visits", body);
        arena_init(&space, limit);
        assert_int_equal(recognise_in(&article, &space), -ENOMEM);
        arena_fini(&space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_explains_the_title),
        cmocka_unit_test(test_lexicon_and_model),
        cmocka_unit_test(test_inhabitants_and_genitives),
        cmocka_unit_test(test_words_that_are_only_names),
        cmocka_unit_test(test_small_words_behind),
        cmocka_unit_test(test_nothing_to_find),
        cmocka_unit_test(test_long_runs),
        cmocka_unit_test(test_same_article_same_spans),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
