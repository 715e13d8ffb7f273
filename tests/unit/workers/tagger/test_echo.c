#include "workers/tagger/echo.h"

#include <stdlib.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/features.h"

enum { OWN, OWN_THERE, OWN_AROUND, THERE_AROUND, THERE_KIND, THERE_LEXICON, OWN_TYPE, TYPE_SHAPE };
enum { PAIR_OWN = 8, PAIR_AFTER_OWN, PAIRS_THERE, OWN_SHAPE, SIGNS };

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// A word that the first reading gave a label with some probability, the rest to no name.
static struct heard heard_as(uint64_t stem, unsigned label, float likely, bool joined)
{
    struct heard heard = {.stem = stem, .joined = joined};
    heard.likely[LABEL_NONE] += 1 - likely;
    heard.likely[label] += likely;
    return heard;
}

static uint32_t verdict(unsigned label, unsigned step, unsigned often)
{
    return 1 + label + 8 * step + 32 * often;
}

static uint64_t sign(unsigned place, uint64_t a, uint64_t b, uint64_t c)
{
    return feature_sign(feature_mix(place, 0x6563686f), a, b, c);
}

struct signs {
    uint64_t at[ECHO_FEATURES_MAX];
};

static struct signs signs_of(const struct heard *heard, size_t count, size_t index)
{
    struct signs signs = {{0}};
    arena_reset(&arena);
    struct echo *echo = echo_collect(heard, count, &arena);
    assert_non_null(echo);
    echo_look(echo, heard, count);
    assert_int_equal(echo_features(echo, heard, count, index, signs.at), SIGNS);
    return signs;
}

static void assert_sign(const struct signs *signs, unsigned place, uint64_t a, uint64_t b,
                        uint64_t c)
{
    if (signs->at[place] != sign(place, a, b, c))
        fail_msg("sign %u is not of %llu, %llu, %llu", place, (unsigned long long)a,
                 (unsigned long long)b, (unsigned long long)c);
}

static void test_alone_standing_word_has_no_echo(void **state)
{
    (void)state;
    const struct heard heard[] = {heard_as(11, LABEL_PERSON, 0.8f, false),
                                  heard_as(22, LABEL_PLACE, 0.95f, false)};
    struct signs signs = signs_of(heard, 2, 0);
    uint32_t own = verdict(LABEL_PERSON, 2, 0);
    assert_sign(&signs, OWN, own, 0, 0);
    assert_sign(&signs, OWN_THERE, own, 0, 0);
    assert_sign(&signs, OWN_AROUND, own, 0, 0);
    assert_sign(&signs, THERE_AROUND, 0, 0, 0);
    assert_sign(&signs, OWN_TYPE, own, 0, 0);
    assert_sign(&signs, PAIR_OWN, 0, own, 0);
    // The same whatever else the article has.
    struct signs alone = signs_of(heard, 1, 0);
    assert_memory_equal(&alone, &signs, sizeof signs);
}

static void test_steps_of_sureness(void **state)
{
    (void)state;
    static const struct {
        float likely;
        unsigned step;
    } steps[] = {{0.6f, 1}, {0.69f, 1}, {0.71f, 2}, {0.92f, 2}, {0.94f, 3}, {1, 3}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct heard heard = heard_as(5, LABEL_ORGANISATION, steps[i].likely, false);
        struct signs signs = signs_of(&heard, 1, 0);
        assert_sign(&signs, OWN, verdict(LABEL_ORGANISATION, steps[i].step, 0), 0, 0);
    }
    struct heard torn = {.stem = 5, .likely = {0.3f, 0.36f, 0.34f}};
    struct signs signs = signs_of(&torn, 1, 0);
    assert_sign(&signs, OWN, verdict(LABEL_PERSON, 0, 0), 0, 0);
}

static void test_others_speak_for_the_word(void **state)
{
    (void)state;
    struct heard heard[6] = {heard_as(7, LABEL_NONE, 1, false)};
    uint32_t own = verdict(LABEL_NONE, 3, 0);
    for (size_t others = 1; others < 6; others++) {
        heard[others] = heard_as(7, LABEL_PLACE, 0.96f, false);
        struct signs signs = signs_of(heard, others + 1, 0);
        unsigned often = others == 1 ? 0 : others < 4 ? 1 : 2;
        assert_sign(&signs, OWN_THERE, own, verdict(LABEL_PLACE, 3, often), 0);
        assert_sign(&signs, OWN_TYPE, own, 3 + 4 * 3 + 16, 0); // places are the third type
        assert_sign(&signs, PAIR_OWN, 0, own, 0);
    }
}

// Its own reading is no evidence for itself: the other says no name.
static void test_word_is_no_echo_of_itself(void **state)
{
    (void)state;
    const struct heard heard[] = {heard_as(7, LABEL_PERSON, 0.99f, false),
                                  heard_as(7, LABEL_NONE, 1, false)};
    struct signs first = signs_of(heard, 2, 0), second = signs_of(heard, 2, 1);
    assert_sign(&first, OWN_THERE, verdict(LABEL_PERSON, 3, 0), verdict(LABEL_NONE, 3, 0), 0);
    assert_sign(&second, OWN_THERE, verdict(LABEL_NONE, 3, 0), verdict(LABEL_PERSON, 3, 0), 0);
}

static void test_beginning_and_going_on_are_one_type(void **state)
{
    (void)state;
    const struct heard heard[] = {heard_as(7, LABEL_NONE, 1, false),
                                  heard_as(7, LABEL_ORGANISATION, 0.5f, false),
                                  heard_as(7, LABEL_ORGANISATION_MORE, 0.3f, false)};
    struct signs signs = signs_of(heard, 3, 0);
    assert_sign(&signs, OWN_TYPE, verdict(LABEL_NONE, 3, 0), 2 + 4 * 2 + 16, 0);
}

static void test_pairs(void **state)
{
    (void)state;
    const struct heard heard[] = {
        heard_as(1, LABEL_PERSON, 0.95f, false), heard_as(2, LABEL_PERSON_MORE, 0.95f, true),
        heard_as(1, LABEL_NONE, 1, false),       heard_as(2, LABEL_NONE, 1, true),
        heard_as(3, LABEL_NONE, 1, false),
    };
    uint32_t none = verdict(LABEL_NONE, 3, 0), more = verdict(LABEL_PERSON_MORE, 3, 0),
             person = verdict(LABEL_PERSON, 3, 0);
    struct signs second = signs_of(heard, 5, 3), first = signs_of(heard, 5, 2);
    assert_sign(&second, PAIR_OWN, more, none, 0);
    assert_sign(&second, THERE_AROUND, more, person, 0);
    assert_sign(&second, OWN_AROUND, none, none, 0);
    assert_sign(&second, PAIR_AFTER_OWN, 0, none, 0); // the next is not joined
    assert_sign(&first, PAIR_AFTER_OWN, more, none, 0);
    assert_sign(&first, PAIR_OWN, 0, none, 0);
    assert_sign(&first, PAIRS_THERE, 0, more, person);
    // Cut off behind the word, nothing follows it.
    arena_reset(&arena);
    struct echo *echo = echo_collect(heard, 5, &arena);
    struct signs cut;
    echo_look(echo, heard, 5);
    assert_int_equal(echo_features(echo, heard, 3, 2, cut.at), SIGNS);
    assert_sign(&cut, PAIR_AFTER_OWN, 0, none, 0);
}

static void test_shape_and_lexicon(void **state)
{
    (void)state;
    struct heard heard = heard_as(9, LABEL_PLACE, 1, false);
    heard.kind = 5;
    heard.lexicon = 17;
    struct signs signs = signs_of(&heard, 1, 0);
    uint32_t own = verdict(LABEL_PLACE, 3, 0);
    assert_sign(&signs, THERE_KIND, 0, 5, 0);
    assert_sign(&signs, THERE_LEXICON, 0, 17, 0);
    assert_sign(&signs, TYPE_SHAPE, 0, 17, 5);
    assert_sign(&signs, OWN_SHAPE, own, 17, 5);
}

// As many different words and pairs as it may be given: each still finds its own.
static void test_many_words(void **state)
{
    (void)state;
    enum { MANY = 4000 };
    struct heard *heard = calloc(MANY, sizeof *heard);
    arena_reset(&arena);
    for (size_t i = 0; i < MANY; i++)
        heard[i] = heard_as(feature_mix(i, 1), LABEL_PERSON, 1, i % 3 != 0);
    struct echo *echo = echo_collect(heard, MANY, &arena);
    assert_non_null(echo);
    echo_look(echo, heard, MANY);
    for (size_t i = 0; i < MANY; i += 3) {
        struct signs signs;
        (void)echo_features(echo, heard, MANY, i, signs.at);
        assert_sign(&signs, OWN_THERE, verdict(LABEL_PERSON, 3, 0), 0, 0);
        assert_sign(&signs, PAIRS_THERE, 0, 0, 0);
    }
    free(heard);
}

static void test_full_arena(void **state)
{
    (void)state;
    const struct heard heard = heard_as(1, LABEL_PERSON, 1, false);
    for (size_t limit = 0; limit <= 8192; limit += 512) {
        struct arena small;
        arena_init(&small, limit);
        struct echo *echo = echo_collect(&heard, 1, &small);
        assert_int_equal(echo == NULL, small.overflowed);
        arena_fini(&small);
    }
    struct arena none;
    arena_init(&none, 16);
    assert_null(echo_collect(NULL, 0, &none));
    arena_fini(&none);
    arena_reset(&arena);
    assert_non_null(echo_collect(NULL, 0, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone_standing_word_has_no_echo),
        cmocka_unit_test(test_steps_of_sureness),
        cmocka_unit_test(test_others_speak_for_the_word),
        cmocka_unit_test(test_word_is_no_echo_of_itself),
        cmocka_unit_test(test_beginning_and_going_on_are_one_type),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_shape_and_lexicon),
        cmocka_unit_test(test_many_words),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
