#include "workers/tagger/marks.h"

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

static struct mark mark_at(const struct marked *field, const char *word)
{
    return field->marks[fixture_find(field->words, word)];
}

static void test_places_in_a_name(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(
        &fixture, "en", "we saw Moscow and the European Union of United Arab Emirates there");
    assert_int_equal(mark_at(&field, "saw").place, MARK_NONE);
    assert_int_equal(mark_at(&field, "Moscow").place, MARK_SINGLE);
    assert_int_equal(mark_at(&field, "Moscow").type, TAG_PLACE);
    assert_int_equal(mark_at(&field, "European").place, MARK_BEGIN);
    assert_int_equal(mark_at(&field, "Union").place, MARK_END);
    assert_int_equal(mark_at(&field, "Union").type, TAG_ORGANISATION);
    assert_int_equal(mark_at(&field, "United").place, MARK_BEGIN);
    assert_int_equal(mark_at(&field, "Arab").place, MARK_INSIDE);
    assert_int_equal(mark_at(&field, "Emirates").place, MARK_END);
    assert_int_equal(mark_at(&field, "there").place, MARK_NONE);
}

static void test_fame_of_the_entity(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct words *words = fixture_words(&fixture, "en", "Moscow, Paris, Wadowice, Angela Merkel");
    struct spans spans = fixture_spans(&fixture, words);
    const struct mark *marks = marks_of_spans(fixture.lexicon, words, &spans, &fixture.arena);
    assert_true(spans.count >= 3);
    for (size_t i = 0; i < spans.count; i++) {
        unsigned weight = lexicon_entity(fixture.lexicon, spans.at[i].entity)->weight;
        assert_in_range(weight, 0, 9);
        assert_int_equal(marks[spans.at[i].first].fame, (weight + 1) / 3);
        assert_int_equal(marks[spans.at[i].first].flags, (uint8_t)spans.at[i].flags);
    }
    assert_int_equal(marks[0].fame, 3); // a capital that all the world knows
}

static void test_dropped_names_leave_no_mark(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct words *words = fixture_words(&fixture, "en", "Moscow, Paris");
    struct spans spans = fixture_spans(&fixture, words);
    assert_int_equal(spans.count, 2);
    spans.at[0].flags |= SPAN_DROPPED;
    const struct mark *marks = marks_of_spans(fixture.lexicon, words, &spans, &fixture.arena);
    assert_int_equal(marks[0].place, MARK_NONE);
    assert_int_equal(marks[1].place, MARK_SINGLE);
}

static void test_no_words_and_no_memory(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct words *none = fixture_words(&fixture, "en", "");
    struct words *some = fixture_words(&fixture, "en", "Moscow, Paris");
    const struct spans spans = {.count = 0};
    assert_non_null(marks_of_spans(fixture.lexicon, none, &spans, &fixture.arena));
    struct arena full;
    arena_init(&full, 2 * sizeof(struct mark));
    assert_null(marks_of_spans(fixture.lexicon, some, &spans, &full));
    assert_true(full.overflowed);
    arena_fini(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_in_a_name),
        cmocka_unit_test(test_fame_of_the_entity),
        cmocka_unit_test(test_dropped_names_leave_no_mark),
        cmocka_unit_test(test_no_words_and_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
