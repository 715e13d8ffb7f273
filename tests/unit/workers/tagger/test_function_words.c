#include "workers/tagger/function_words.h"

#include <string.h>

#include "tests/unit/cmocka_all.h"

static const char *const table[] = {
#define WORD(text, language) text,
#include "workers/tagger/function_words.def"
#undef WORD
};

static void test_table_is_sorted_and_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_true(strlen(table[i]) <= 8);
        if (i)
            assert_true(strcmp(table[i - 1], table[i]) < 0);
    }
}

static void test_every_word_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct function_words found = function_words_count(slice_from_text(table[i]));
        assert_int_equal(found.words, 1);
        assert_int_equal(found.polish + found.german + found.english, 1);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct function_words found =
        function_words_count(slice_from_text("Der Minister und się ś ü, the unknownverylongword."));
    assert_int_equal(found.words, 8);
    assert_int_equal(found.german, 2);
    assert_int_equal(found.polish, 1);
    assert_int_equal(found.english, 1);
    assert_int_equal(found.letters_polish, 2);
    assert_int_equal(found.letters_german, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sorted_and_short),
        cmocka_unit_test(test_every_word_is_found),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
