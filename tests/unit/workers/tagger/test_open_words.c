#include "workers/tagger/open_words.h"

#include <string.h>

#include "tests/unit/cmocka_all.h"

enum { WORDS_MAX = 16 };

// Words of one sentence in English, from a pattern: A is a word with a capital, B one that the
// language hardly ever has in names, 1 a number, a a small word that names have, b one that they
// do not, and M a small word that the lexicon matched.
struct sample {
    struct word at[WORDS_MAX];
    struct mark marks[WORDS_MAX];
    struct words words;
};

static const struct lexicon_word common = {
    .counts = {[LEXICON_EN] = {[COUNT_LOWER] = 100}, [LEXICON_PL] = {[COUNT_LOWER] = 100}}};

static void sample_make(struct sample *sample, const char *pattern)
{
    *sample = (struct sample){.words = {.at = sample->at, .count = strlen(pattern)}};
    for (size_t i = 0; i < sample->words.count; i++) {
        struct word *word = &sample->at[i];
        char kind = pattern[i];
        word->language = LEXICON_EN;
        word->flags = kind == 'A' || kind == 'B' ? WORD_IS_CAPITAL
                      : kind == '1'              ? WORD_IS_NUMBER
                                                 : 0;
        word->info = kind == 'B' || kind == 'b' ? &common : NULL;
        sample->marks[i].place = kind == 'M' ? MARK_SINGLE : MARK_NONE;
    }
}

// `open` has an x for each open word and a - for each other.
static void assert_open(const struct sample *sample, const char *open)
{
    const struct marked field = {.words = &sample->words, .marks = sample->marks};
    bool got[WORDS_MAX];
    size_t total = 0;
    assert_int_equal(strlen(open), sample->words.count);
    size_t count = open_words_mark(&field, got);
    for (size_t i = 0; i < sample->words.count; i++) {
        if (got[i] != (open[i] == 'x'))
            fail_msg("word %zu of %s", i, open);
        total += got[i];
    }
    assert_int_equal(count, total);
}

static void test_words_by_their_surroundings(void **state)
{
    (void)state;
    static const struct {
        const char *words, *open;
    } cases[] = {
        {"", ""},
        {"aaaa", "----"},
        {"A", "x"},
        {"aAa", "-x-"},
        // Small words are a bridge between two, but not what is in no name.
        {"AaaA", "xxxx"},
        {"AaaaA", "xxxxx"},
        {"AaaaaA", "x----x"},
        {"AbaA", "x-xx"},
        {"aMa", "---"},
        {"AaaMaaA", "xxxxxxx"},
        // Common words with a capital need another word near.
        {"BaaB", "----"},
        {"BA", "xx"},
        {"BaA", "x-x"},
        {"BaaA", "---x"},
        {"ABB", "xxx"},
        {"ABBB", "xxx-"},
        {"1aaaA", "----x"},
        {"1A1", "xxx"},
        {"a1a", "---"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample sample;
        sample_make(&sample, cases[i].words);
        assert_open(&sample, cases[i].open);
    }
}

static void test_sentences_do_not_touch(void **state)
{
    (void)state;
    struct sample sample;
    sample_make(&sample, "AaABaA");
    for (size_t i = 3; i < 6; i++)
        sample.at[i].sentence = 1;
    sample.at[1].sentence = sample.at[2].sentence = 0;
    assert_open(&sample, "xxxx-x");
    sample.at[2].sentence = 1;
    assert_open(&sample, "x-xxxx");
    sample_make(&sample, "AB");
    sample.at[1].sentence = 1;
    assert_open(&sample, "x-");
}

// Polish names alone go on in small letters to their end.
static void test_small_words_behind(void **state)
{
    (void)state;
    struct sample sample;
    sample_make(&sample, "Aaab");
    assert_open(&sample, "x---");
    for (size_t i = 0; i < 4; i++)
        sample.at[i].language = LEXICON_PL;
    assert_open(&sample, "xx--");
    sample.at[1].info = &common;
    assert_open(&sample, "x---");
    sample.at[1].other_language = true; // nothing is known of its words
    assert_open(&sample, "x---");
}

// Common is what a language has much more often outside of names than in them.
static void test_how_common(void **state)
{
    (void)state;
    struct sample sample;
    struct lexicon_word info = {.counts = {[LEXICON_EN] = {[COUNT_LOWER] = 100}}};
    sample_make(&sample, "AaA");
    sample.at[1].info = &info;
    assert_open(&sample, "x-x");
    info.counts[LEXICON_EN][COUNT_ORGANISATION] = 30;
    assert_open(&sample, "x-x");
    info.counts[LEXICON_EN][COUNT_ORGANISATION] = 40;
    assert_open(&sample, "xxx");
    info.counts[LEXICON_EN][COUNT_ORGANISATION] = 0;
    sample.at[1].cues = WORD_OF;
    assert_open(&sample, "xxx");
    sample.at[1].cues = 0;
    info.counts[LEXICON_EN][COUNT_LOWER] = 9; // too seldom to say
    assert_open(&sample, "xxx");
    info.counts[LEXICON_EN][COUNT_CAPITAL] = 90;
    assert_open(&sample, "x-x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_by_their_surroundings),
        cmocka_unit_test(test_sentences_do_not_touch),
        cmocka_unit_test(test_small_words_behind),
        cmocka_unit_test(test_how_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
