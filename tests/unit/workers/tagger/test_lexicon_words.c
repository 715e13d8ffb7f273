#include "workers/tagger/lexicon_words.h"

#include "tests/unit/cmocka_all.h"

static void assert_split(const char *name, size_t count, const char *text)
{
    struct lexicon_words words;
    assert_true(lexicon_words_split(&words, slice_from_text(name)));
    assert_int_equal(words.count, count);
    assert_true(slice_is(slice_from(words.text, words.text_len), text));
}

static void test_words_fold_as_tokens_do(void **state)
{
    (void)state;
    assert_split("Siergiej Ławrow", 2, "siergiej lawrow");
    assert_split("Kosiniak-Kamysz", 2, "kosiniak kamysz");
    assert_split("O'Leary", 1, "oleary");
    assert_split("СССР", 1, "sssr");
    assert_split("CDU/CSU", 2, "cdu csu");
    assert_split("Korea Płn.", 2, "korea pln");
}

static void test_dots_inside_words(void **state)
{
    (void)state;
    assert_split("U.S.", 1, "u s");
    assert_split("E.ON", 1, "e on");
    assert_split("Onet.pl", 1, "onet pl");
    assert_split("St. Petersburg", 2, "st petersburg");
}

static void test_nothing_and_too_much(void **state)
{
    (void)state;
    struct lexicon_words words;
    char long_name[1024];
    memset(long_name, 'a', sizeof long_name);
    assert_false(lexicon_words_split(&words, slice_from_text("")));
    assert_false(lexicon_words_split(&words, slice_from_text(" - . ")));
    assert_false(lexicon_words_split(&words, slice_from(long_name, sizeof long_name)));
    assert_false(lexicon_words_split(&words, slice_from_text("a b c d e f g h i j k l m n")));
}

static void test_capitals(void **state)
{
    (void)state;
    static const uint32_t upper[] = {'A', 0x141, 0x15a, 0x17b, 0xdc, 0x10c, 0x41b, 0x104};
    static const uint32_t lower[] = {'a', 0x142, 0x15b, 0x17c, 0xfc, 0x10d, 0x43b, 0x105, '1'};
    for (size_t i = 0; i < sizeof upper / sizeof *upper; i++)
        assert_true(lexicon_words_is_upper(upper[i]));
    for (size_t i = 0; i < sizeof lower / sizeof *lower; i++)
        assert_false(lexicon_words_is_upper(lower[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_fold_as_tokens_do),
        cmocka_unit_test(test_dots_inside_words),
        cmocka_unit_test(test_nothing_and_too_much),
        cmocka_unit_test(test_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
