#include "workers/tagger/recall.h"

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

static unsigned recalled(const char *language, const char *body, const char *word)
{
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(&fixture, language, body);
    const struct recall *recall = recall_collect(&field, 1, &fixture.arena);
    assert_non_null(recall);
    return recall_of(recall, &field.words->at[fixture_find(field.words, word)]);
}

static void assert_signs(const char *language, const char *body, const char *word, unsigned wanted,
                         unsigned unwanted)
{
    unsigned got = recalled(language, body, word);
    if ((got & wanted) != wanted || got & unwanted)
        fail_msg("%s in \"%s\": %#x", word, body, got);
}

static void test_signs_of_surroundings(void **state)
{
    (void)state;
    assert_signs("en", "Zzyzzyx met us.", "Zzyzzyx", 0, 0xffff); // first of its sentence
    assert_signs("en", "we met Zzyzzyx there.", "Zzyzzyx", RECALL_CAPITAL,
                 RECALL_TITLED | RECALL_AGAIN | RECALL_JOINED);
    assert_signs("en", "we met President Zzyzzyx there.", "Zzyzzyx",
                 RECALL_CAPITAL | RECALL_TITLED | RECALL_JOINED, RECALL_SAYS);
    assert_signs("en", "we met John Zzyzzyx there.", "Zzyzzyx", RECALL_TITLED | RECALL_JOINED, 0);
    assert_signs("en", "we met John Zzyzzyx there.", "John", RECALL_GIVEN | RECALL_JOINED, 0);
    assert_signs("en", "then Zzyzzyx said no.", "Zzyzzyx", RECALL_SAYS, RECALL_IN);
    assert_signs("en", "it rained in Zzyzzyx again.", "Zzyzzyx", RECALL_IN, RECALL_SAYS);
    assert_signs("en", "they met Zzyzzyx Ltd there.", "Zzyzzyx", RECALL_GROUP, RECALL_IN);
}

static void test_one_place_explains_another(void **state)
{
    (void)state;
    const char *body =
        "Zzyzzyx came. The others met President Zzyzzyx there. Then Zzyzzyx said no.";
    assert_signs("en", body, "Zzyzzyx", RECALL_TITLED | RECALL_SAYS | RECALL_AGAIN | RECALL_CAPITAL,
                 RECALL_SMALL);
    assert_signs("en", "The Walk was long. We walk a lot.", "Walk", RECALL_SMALL, RECALL_AGAIN);
}

static void test_inflected_forms_are_one(void **state)
{
    (void)state;
    assert_signs("pl", "Spotkał prezesa Zbrzyckiego. Zbrzycki odmówił.", "Zbrzycki",
                 RECALL_TITLED | RECALL_AGAIN, 0);
    arena_reset(&fixture.arena);
    struct words *words = fixture_words(
        &fixture, "pl", "Kowalski Kowalskiego Kowalskim Zbrzycki Merkel Merkels Ola Ala");
    uint64_t stem = words->at[0].stem;
    assert_true(stem == words->at[1].stem || stem == words->at[2].stem);
    assert_true(stem != words->at[3].stem);
    assert_true(words->at[4].stem == words->at[5].stem);
    assert_true(words->at[6].stem != words->at[7].stem); // too short to cut
}

static void test_stem_is_never_nothing(void **state)
{
    (void)state;
    assert_true(words_stem(slice_from("", 0)) != 0);
    assert_true(words_stem(slice_from("a", 1)) != 0);
}

// Signs do not reach over the end of a sentence or over a comma.
static void test_bounds_of_surroundings(void **state)
{
    (void)state;
    assert_signs("en", "This was the president. Zzyzzyx came.", "Zzyzzyx", 0, RECALL_TITLED);
    assert_signs("en", "to the president, Zzyzzyx came.", "Zzyzzyx", RECALL_CAPITAL, RECALL_TITLED);
    assert_signs("en", "they met Zzyzzyx. Said nobody.", "Zzyzzyx", 0, RECALL_SAYS | RECALL_JOINED);
}

static void test_lexicon_names_of_several_words(void **state)
{
    (void)state;
    assert_signs("en", "we met Angela Merkel. Then Merkel left.", "Merkel",
                 RECALL_PERSON | RECALL_AGAIN, RECALL_PLACE | RECALL_ORGANISATION);
    assert_signs("en", "the European Union refused.", "Union", RECALL_ORGANISATION, RECALL_PERSON);
    assert_signs("en", "they went to New York again.", "York", RECALL_PLACE, RECALL_PERSON);
    assert_signs("en", "they went to Moscow again.", "Moscow", 0, RECALL_PLACE); // a single word
}

static void test_fields_explain_each_other(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked fields[2] = {fixture_read(&fixture, "en", "Zzyzzyx wins"),
                               fixture_read(&fixture, "en", "on Monday President Zzyzzyx won.")};
    const struct recall *one = recall_collect(fields, 1, &fixture.arena);
    const struct recall *both = recall_collect(fields, 2, &fixture.arena);
    assert_false(recall_of(one, &fields[0].words->at[0]) & RECALL_TITLED);
    assert_true(recall_of(both, &fields[0].words->at[0]) & RECALL_TITLED);
}

static void test_unknown_words_have_no_signs(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(&fixture, "en", "we met President Zzyzzyx there.");
    struct marked other = fixture_read(&fixture, "en", "Quuxley 2017 there");
    struct marked empty = fixture_read(&fixture, "en", "");
    const struct recall *recall = recall_collect(&field, 1, &fixture.arena);
    for (size_t i = 0; i < other.words->count; i++)
        assert_int_equal(recall_of(recall, &other.words->at[i]), 0);
    recall = recall_collect(&empty, 1, &fixture.arena);
    assert_int_equal(recall_of(recall, &other.words->at[0]), 0);
    recall = recall_collect(NULL, 0, &fixture.arena);
    assert_int_equal(recall_of(recall, &other.words->at[0]), 0);
}

static void test_full_arena(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(&fixture, "en", "we met President Zzyzzyx there.");
    for (size_t limit = 0; limit <= 1024; limit += 64) {
        struct arena small;
        arena_init(&small, limit);
        const struct recall *recall = recall_collect(&field, 1, &small);
        assert_int_equal(recall == NULL, small.overflowed);
        arena_fini(&small);
        struct arena other;
        arena_init(&other, limit / 32);
        struct spans none = {.count = 0};
        const struct mark *marks = marks_of_spans(fixture.lexicon, field.words, &none, &other);
        assert_int_equal(marks == NULL, other.overflowed);
        arena_fini(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signs_of_surroundings),
        cmocka_unit_test(test_one_place_explains_another),
        cmocka_unit_test(test_inflected_forms_are_one),
        cmocka_unit_test(test_stem_is_never_nothing),
        cmocka_unit_test(test_bounds_of_surroundings),
        cmocka_unit_test(test_lexicon_names_of_several_words),
        cmocka_unit_test(test_fields_explain_each_other),
        cmocka_unit_test(test_unknown_words_have_no_signs),
        cmocka_unit_test(test_full_arena),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
