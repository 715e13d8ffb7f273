#include "workers/tagger/features.h"

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

enum {
    BEGINS = 1 << LABEL_PERSON | 1 << LABEL_ORGANISATION | 1 << LABEL_PLACE,
    PERSON_MORE = 1 << LABEL_PERSON_MORE,
    PLACE_MORE = 1 << LABEL_PLACE_MORE,
};

static void test_forbidden_labels(void **state)
{
    (void)state;
    static const struct {
        uint16_t flags, cues;
        uint8_t gap;
        unsigned forbidden;
    } cases[] = {
        {WORD_IS_CAPITAL, 0, GAP_SPACE, 0},
        {WORD_IS_UPPER, 0, GAP_NONE, 0},
        {WORD_IS_CAPITAL, 0, GAP_HYPHEN, 0},
        {WORD_IS_CAPITAL, 0, GAP_POINT, 0},
        {WORD_IS_CAPITAL, 0, GAP_OTHER, PERSON_MORE | PLACE_MORE},
        {WORD_IS_CAPITAL, 0, GAP_SIGN, PERSON_MORE | PLACE_MORE},
        {WORD_IS_NUMBER, 0, GAP_SPACE, PERSON_MORE},
        {WORD_IS_OWN_SMALL, 0, GAP_SPACE, PERSON_MORE},
        {0, 0, GAP_SPACE, BEGINS | PERSON_MORE},
        {0, WORD_LINK, GAP_SPACE, BEGINS},
        {0, WORD_LINK, GAP_OTHER, BEGINS | PERSON_MORE | PLACE_MORE},
        {0, WORD_TITLE, GAP_SIGN, BEGINS | PERSON_MORE | PLACE_MORE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct word word = {.flags = cases[i].flags, .cues = cases[i].cues, .gap = cases[i].gap};
        const struct words words = {.at = &word, .count = 1};
        unsigned got = features_forbidden(&words, 0);
        if (got != cases[i].forbidden)
            fail_msg("case %zu: %#x instead of %#x", i, got, cases[i].forbidden);
        assert_false(got & 1u << LABEL_NONE);
    }
}

struct signs {
    uint64_t hashes[FEATURES_MAX];
    size_t count;
};

// Fresh, so that nothing of other words is held.
static struct signs signs_of(const struct marked *field, size_t index)
{
    const struct recall *recall = recall_collect(field, 1, &fixture.arena);
    assert_non_null(recall);
    struct features features;
    struct signs signs;
    features_init(&features, fixture.lexicon, field, recall);
    signs.count = features_at(&features, index, signs.hashes);
    assert_in_range(signs.count, FEATURES_OF_WORDS + 1, FEATURES_MAX);
    return signs;
}

static void assert_same(const struct signs *a, const struct signs *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->hashes, b->hashes, a->count * sizeof *a->hashes);
}

static size_t shared_signs(const struct signs *a, const struct signs *b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            shared += a->hashes[i] == b->hashes[j];
    return shared;
}

static const char *const texts[][2] = {
    {"pl",
     "Prezydent Andrzej Duda powiedział w Warszawie, że Jan van der Berg z ONZ przyjedzie. Duda "
     "nie odpowiedział. „Rzeczpospolita” pisze o UE/NATO, Prezydencie Dudzie i G20."},
    {"de",
     "Der Sprecher der Luftfahrtbehörde FAA, Hans-Peter Müller, sagte in Berlin: Müller kommt. "
     "Die Deutsche Bank AG bestritt das. Müllers Deutsche Bank AG sagte Müller."},
    {"en",
     "Mr Smith of the U.S. State Department said on Monday that John Smith, Jr. met Smith's UN "
     "envoy at London's King's Cross. Smith said Smith University of London Ltd said."},
    {"ru", "Сергей Лавров сказал в Москве. Лавров приехал."},
    {"cs", "Prezident Miloš Zeman řekl v Praze. A"},
    {"", "Foo Bar. 12 2017 XIV ! ? —"},
};

static void test_same_signs_in_any_order(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        arena_reset(&fixture.arena);
        struct marked field = fixture_read(&fixture, texts[t][0], texts[t][1]);
        const struct recall *recall = recall_collect(&field, 1, &fixture.arena);
        struct features features;
        features_init(&features, fixture.lexicon, &field, recall);
        size_t count = field.words->count;
        // Forwards, as texts are read; then leaping, back and forth.
        for (size_t step = 0; step < 3 * count; step++) {
            size_t index = step < count ? step : step * 7 % count;
            if (step >= 2 * count)
                index = 3 * count - 1 - step;
            struct signs alone = signs_of(&field, index), among;
            among.count = features_at(&features, index, among.hashes);
            assert_same(&alone, &among);
        }
    }
}

// A word of many recalled signs in all places: more there cannot be.
static void test_never_too_many(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(
        &fixture, "en",
        "President Donald Trump said. Trump Party, in Trump, the Trump said: a trump of Donald "
        "Trump. Mr Trump Organization said in Trump University Ltd of Trump City, Donald Trump Jr");
    size_t most = 0;
    for (size_t i = 0; i < field.words->count; i++) {
        struct signs signs = signs_of(&field, i);
        most = signs.count > most ? signs.count : most;
    }
    // Only the recalled signs vary in number.
    struct marked plain = fixture_read(&fixture, "en", "Zzyzzyx");
    assert_true(most >= signs_of(&plain, 0).count + 6);
}

static void test_sentences_do_not_see_each_other(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked one =
        fixture_read(&fixture, "en", "Nothing came. Bill Walker went home. It rained.");
    struct marked other = fixture_read(
        &fixture, "en", "Everybody left at once. Bill Walker went home. Snow fell there.");
    assert_int_not_equal(one.words->at[0].sentence, one.words->at[2].sentence);
    for (size_t i = 0; i < 4; i++) {
        static const char *const exact[] = {"Bill", "Walker", "went", "home"};
        struct signs a = signs_of(&one, fixture_find(one.words, exact[i]));
        struct signs b = signs_of(&other, fixture_find(other.words, exact[i]));
        assert_same(&a, &b);
    }
}

static void test_neighbours_count(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked one = fixture_read(&fixture, "en", "we met Bill Walker in town");
    struct marked other = fixture_read(&fixture, "en", "we met Bill Walker of town");
    struct marked nobody = fixture_read(&fixture, "en", "Walker");
    struct signs a = signs_of(&one, 3), b = signs_of(&other, 3), c = signs_of(&nobody, 0);
    assert_true(shared_signs(&a, &b) > shared_signs(&a, &c));
    assert_true(shared_signs(&a, &b) < a.count);
    // The third word away is out of reach.
    struct marked far = fixture_read(&fixture, "en", "we saw Bill Walker in town");
    struct marked near = fixture_read(&fixture, "en", "we met Bill Walker in town");
    struct signs d = signs_of(&far, 4), e = signs_of(&near, 4);
    assert_same(&d, &e);
}

// The same letters in another language: the signs of words differ, those of shapes do not.
static void test_languages_are_told_apart(void **state)
{
    (void)state;
    static const char *const languages[] = {"pl", "de", "en", "cs"};
    struct signs signs[4];
    arena_reset(&fixture.arena);
    for (size_t i = 0; i < 4; i++) {
        struct marked field = fixture_read(&fixture, languages[i], "Qwxyz Vbnmk");
        signs[i] = signs_of(&field, 0);
    }
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++) {
            struct signs a = signs[i], b = signs[j];
            a.count = b.count = FEATURES_OF_WORDS;
            assert_int_equal(shared_signs(&a, &b), 0);
            assert_memory_equal(signs[i].hashes + FEATURES_OF_WORDS,
                                signs[j].hashes + FEATURES_OF_WORDS,
                                (signs[i].count - FEATURES_OF_WORDS) * sizeof(uint64_t));
        }
    struct marked czech = fixture_read(&fixture, "cs", "Qwxyz Vbnmk");
    struct marked slovak = fixture_read(&fixture, "sk", "Qwxyz Vbnmk");
    struct signs a = signs_of(&czech, 0), b = signs_of(&slovak, 0);
    assert_same(&a, &b); // all others are one
}

static void test_one_letter(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(&fixture, "en", "J");
    (void)signs_of(&field, 0);
}

static void test_heard_before_the_first_reading(void **state)
{
    (void)state;
    arena_reset(&fixture.arena);
    struct marked field = fixture_read(&fixture, "pl", "Spotkał Władimira Putina w Moskwie.");
    const struct recall *recall = recall_collect(&field, 1, &fixture.arena);
    struct features features;
    features_init(&features, fixture.lexicon, &field, recall);
    for (size_t i = 0; i < field.words->count; i++) {
        struct heard heard = features_hear(&features, i);
        assert_true(heard.stem != 0);
        assert_int_equal(heard.lexicon != 0, field.marks[i].place != MARK_NONE);
        assert_false(heard.joined);
        for (unsigned y = 0; y < LABELS; y++)
            assert_true(heard.scores[y] == 0 && heard.likely[y] == 0);
    }
    size_t moscow = fixture_find(field.words, "Moskwie");
    assert_int_equal(field.marks[moscow].place, MARK_SINGLE);
    assert_int_equal(field.marks[fixture_find(field.words, "Władimira")].place, MARK_BEGIN);
    assert_int_equal(field.marks[fixture_find(field.words, "Putina")].place, MARK_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forbidden_labels),
        cmocka_unit_test(test_same_signs_in_any_order),
        cmocka_unit_test(test_never_too_many),
        cmocka_unit_test(test_sentences_do_not_see_each_other),
        cmocka_unit_test(test_neighbours_count),
        cmocka_unit_test(test_languages_are_told_apart),
        cmocka_unit_test(test_one_letter),
        cmocka_unit_test(test_heard_before_the_first_reading),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
