#include "workers/tagger/typo_key.h"

#include "tests/unit/cmocka_all.h"

static struct lexicon *lexicon;

static int set_up(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    if (lexicon_open(&lexicon, TELEX_TEST_LEXICON, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lexicon_close(lexicon);
    return 0;
}

static struct slice found(const char *word, enum tag_type type)
{
    const struct lexicon_posting *posting =
        typo_key_find(lexicon, slice_from_text(word), type, LEXICON_DE);
    return posting ? lexicon_string(lexicon, posting->text) : slice_from_text("");
}

static void test_typing_errors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"hambrug", "Hamburg"},        {"hamburrg", "Hamburg"},  {"hambuegu", "Hamburg"},
        {"deutchland", "Deutschland"}, {"schwedne", "Schweden"}, {"frankreihc", "Frankreich"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!slice_is(found(pairs[i][0], TAG_PLACE), pairs[i][1]))
            fail_msg("%s is not %s", pairs[i][0], pairs[i][1]);
}

static void test_what_is_no_error(void **state)
{
    (void)state;
    static const char *const words[] = {"",         "rom",     "hamb",
                                        "homberge", "xamburg", "zzzzzzzzzzzzzzzzzzzzzz"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(found(words[i], TAG_PLACE).len, 0);
    assert_int_equal(found("hambrug", TAG_PERSON).len, 0);
}

static void test_variants(void **state)
{
    (void)state;
    uint64_t out[TYPO_VARIANTS];
    assert_int_equal(typo_key_variants(slice_from_text("berli"), out), 0);
    assert_int_equal(typo_key_variants(slice_from_text("berlin"), out), 7);
    assert_int_equal(typo_key_variants(slice_from_text("sixteen-letters-"), out), TYPO_VARIANTS);
    assert_int_equal(typo_key_variants(slice_from_text("seventeen-letters"), out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing_errors),
        cmocka_unit_test(test_what_is_no_error),
        cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
