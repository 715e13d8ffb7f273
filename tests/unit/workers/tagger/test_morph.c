#include "workers/tagger/morph.h"

#include "proto/base/buf.h"
#include "proto/base/fold.h"
#include "tests/unit/cmocka_all.h"

static struct lexicon *lexicon;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    struct err err = {.text = ""};
    arena_init(&arena, 1 << 20);
    if (lexicon_open(&lexicon, TELEX_TEST_LEXICON, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lexicon_close(lexicon);
    arena_fini(&arena);
    return 0;
}

static const struct lemma *lemmas_of(enum morph_language language, const char *word, size_t *count)
{
    struct buf folded;
    buf_init(&folded, 256);
    fold_name(&folded, slice_from_text(word));
    uint64_t hash = lexicon_hash_word(buf_slice(&folded));
    buf_fini(&folded);
    return morph_lemmas(lexicon, language, slice_from_text(word), hash, &arena, count);
}

static const struct lemma *find(enum morph_language language, const char *word, const char *wanted)
{
    size_t count = 0;
    const struct lemma *lemmas = lemmas_of(language, word, &count);
    assert_non_null(lemmas);
    for (size_t i = 0; i < count; i++)
        if (slice_is(lemmas[i].text, wanted))
            return &lemmas[i];
    return NULL;
}

static void test_table_knows_polish_names(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Siergiejem", "Siergiej"}, {"Moskwie", "Moskwa"},       {"Niemiec", "Niemcy"},
        {"Angelą", "Angela"},       {"Krzysztofa", "Krzysztof"}, {"Katowicach", "Katowice"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct lemma *lemma = find(MORPH_POLISH, pairs[i][0], pairs[i][1]);
        if (!lemma || !lemma->known)
            fail_msg("%s does not lead to %s", pairs[i][0], pairs[i][1]);
    }
}

// None of these names is in the table.
static void test_rules_reach_unknown_names(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Trumpem", "Trump"},        {"Trumpowi", "Trump"},       {"Trumpa", "Trump"},
        {"Zełenskiego", "Zełenski"}, {"Sybihą", "Sybiha"},        {"Lubminie", "Lubmin"},
        {"Blair'em", "Blair"},       {"Kennedy’ego", "Kennedy"},  {"Tillersona", "Tillerson"},
        {"Witkoffem", "Witkoff"},    {"Wadephulowi", "Wadephul"}, {"Bardelli", "Bardella"},
        {"Baerbockiem", "Baerbock"}, {"Tokajewem", "Tokajew"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!find(MORPH_POLISH, pairs[i][0], pairs[i][1]))
            fail_msg("%s does not lead to %s", pairs[i][0], pairs[i][1]);
    assert_true(find(MORPH_POLISH, "Watanabego", "Watanabe"));
    assert_true(find(MORPH_POLISH, "Zamfiriego", "Zamfiri"));
    assert_false(find(MORPH_POLISH, "Zamfiriego", "Zamfirii"));
}

static void test_other_slavic_languages(void **state)
{
    (void)state;
    static const struct {
        enum morph_language language;
        const char *form, *lemma;
    } pairs[] = {
        {MORPH_RUSSIAN, "Путиным", "Путин"},
        {MORPH_RUSSIAN, "Захаровой", "Захарова"},
        {MORPH_RUSSIAN, "Лавровский", "Лавровский"},
        {MORPH_RUSSIAN, "Зеленского", "Зеленский"},
        {MORPH_RUSSIAN, "Украиной", "Украина"},
        {MORPH_RUSSIAN, "Россией", "Россия"},
        {MORPH_RUSSIAN, "Нидерландах", "Нидерланды"},
        {MORPH_RUSSIAN, "Европейского", "Европейский"},
        {MORPH_UKRAINIAN, "Києва", "Київ"},
        {MORPH_UKRAINIAN, "Львові", "Львів"},
        {MORPH_UKRAINIAN, "Порошенком", "Порошенко"},
        {MORPH_UKRAINIAN, "Зеленському", "Зеленський"},
        {MORPH_UKRAINIAN, "Україною", "Україна"},
        {MORPH_CZECH, "Ruskem", "Rusko"},
        {MORPH_CZECH, "Británii", "Británie"},
        {MORPH_CZECH, "Merkelovou", "Merkelová"},
        {MORPH_CZECH, "Merkelové", "Merkel"},
        {MORPH_CZECH, "Trumpovi", "Trump"},
        {MORPH_CZECH, "Praze", "Praha"},
        {MORPH_CZECH, "Pavla", "Pavel"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!find(pairs[i].language, pairs[i].form, pairs[i].lemma))
            fail_msg("%s does not lead to %s", pairs[i].form, pairs[i].lemma);
}

static void test_cases_are_told(void **state)
{
    (void)state;
    const struct lemma *lemma = find(MORPH_POLISH, "Trumpem", "Trump");
    assert_non_null(lemma);
    assert_int_equal(lemma->cases, CASE_INSTRUMENTAL);
    assert_int_equal(lemma->gender, GENDER_MASCULINE);
    assert_false(lemma->known);
}

static void test_german(void **state)
{
    (void)state;
    assert_non_null(find(MORPH_GERMAN, "Putins", "Putin"));
    assert_non_null(find(MORPH_GERMAN, "Syriens", "Syrien"));
    assert_non_null(find(MORPH_GERMAN, "Hauses", "Haus"));
    assert_non_null(find(MORPH_GERMAN, "Weißen", "Weißes"));
    assert_non_null(find(MORPH_GERMAN, "Europäischen", "Europäische"));
    assert_null(find(MORPH_NONE, "Putins", "Putin"));
}

static void test_first_is_the_word_itself(void **state)
{
    (void)state;
    static const char *const words[] = {"A", "Ng", "Merkel", "Zażółć", "Trumpem"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t count = 0;
        const struct lemma *lemmas = lemmas_of(MORPH_POLISH, words[i], &count);
        assert_in_range(count, 1, MORPH_LEMMAS_MAX);
        assert_true(slice_is(lemmas[0].text, words[i]));
    }
}

// Found by halving: each table is sorted by the endings' last bytes.
static void test_rules_of_every_last_byte_are_found(void **state)
{
    (void)state;
    static const size_t counts[MORPH_LANGUAGES] = {
        [MORPH_POLISH] = 128, [MORPH_GERMAN] = 11,    [MORPH_CZECH] = 81,
        [MORPH_RUSSIAN] = 88, [MORPH_UKRAINIAN] = 83,
    };
    for (int language = 0; language < MORPH_LANGUAGES; language++) {
        size_t found = 0, count;
        for (int last = 0; last < 256; last++) {
            const struct morph_rule *rules =
                morph_rules((enum morph_language)language, (char)last, &count);
            for (size_t i = 0; i < count; i++)
                assert_int_equal((unsigned char)rules[i].ending[rules[i].ending_len - 1], last);
            found += count;
        }
        assert_int_equal(found, counts[language]);
    }
}

static void test_full_arena_is_said(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 8);
    size_t count = 1;
    assert_null(morph_lemmas(lexicon, MORPH_POLISH, slice_from_text("Trumpem"), 1, &small, &count));
    assert_int_equal(count, 0);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_knows_polish_names),
        cmocka_unit_test(test_rules_reach_unknown_names),
        cmocka_unit_test(test_rules_of_every_last_byte_are_found),
        cmocka_unit_test(test_other_slavic_languages),
        cmocka_unit_test(test_cases_are_told),
        cmocka_unit_test(test_german),
        cmocka_unit_test(test_first_is_the_word_itself),
        cmocka_unit_test(test_full_arena_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
