#include "workers/tagger/language.h"

#include "tests/unit/cmocka_all.h"

static struct language identify(const char *title, const char *body, const char *claimed)
{
    return language_identify(slice_from_text(title), slice_from_text(body),
                             slice_from_text(claimed));
}

static void test_sentences_of_many_languages(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"pl", "Prezydent spotkał się w środę z premierem, aby rozmawiać o nowym budżecie."},
        {"de",
         "Der Präsident traf sich am Mittwoch mit dem Kanzler, um über den Haushalt zu reden."},
        {"en", "The president met the prime minister on Wednesday to talk about the new budget."},
        {"cs", "Prezident se ve středu sešel s premiérem, aby hovořili o novém rozpočtu."},
        {"sk", "Prezident sa v stredu stretol s predsedom vlády, aby hovorili o novom rozpočte."},
        {"ru", "Президент встретился в среду с премьер-министром, чтобы обсудить новый бюджет."},
        {"uk", "Президент зустрівся в середу з прем'єр-міністром, щоб обговорити новий бюджет."},
        {"nl", "De president ontmoette woensdag de premier om over de nieuwe begroting te praten."},
        {"fr",
         "Le président a rencontré mercredi le premier ministre pour parler du nouveau budget."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct language found = identify("", cases[i][1], "");
        assert_string_equal(found.tag, cases[i][0]);
        assert_true(found.confidence > 0.8 && found.confidence <= 1);
    }
}

static void test_short_polish_and_german(void **state)
{
    (void)state;
    assert_string_equal(identify("", "Nie będzie żadnych zmian.", "").tag, "pl");
    assert_string_equal(identify("", "Gespräche und Geschäfte in Asien.", "").tag, "de");
}

static void test_claims(void **state)
{
    (void)state;
    const char *german = "Der Präsident traf sich am Mittwoch mit dem Kanzler und sprach über den "
                         "Haushalt, der im nächsten Jahr durch die neue Steuer wachsen wird.";
    assert_string_equal(identify("", german, "de-AT").tag, "de");
    assert_string_equal(identify("", german, "DE").tag, "de");
    assert_true(identify("", german, "de").confidence > 0.95);
    assert_string_equal(identify("", german, "en").tag, "de"); // the feed is wrong
    assert_string_equal(identify("", german, "nonsense!").tag, "de");
    assert_string_equal(identify("Merkel", "", "pl").tag, "pl"); // too short to tell
    assert_string_equal(identify("", "", "pl").tag, "pl");
}

static void test_paragraphs(void **state)
{
    (void)state;
    static const struct {
        const char *article, *paragraph, *tag; // NULL: no other language
    } cases[] = {
        {"pl", "The president said on Wednesday that he would not sign the new budget.", "en"},
        {"de", "Prezydent powiedział w środę, że nie podpisze nowego budżetu przed końcem roku.",
         "pl"},
        {"en", "Der Präsident sagte am Mittwoch, dass er den neuen Haushalt nicht unterschreibt.",
         "de"},
        {"fr", "The president said on Wednesday that he would not sign the new budget.", "en"},
        {"pl", "Prezydent powiedział w środę, że nie podpisze nowego budżetu przed końcem roku.",
         NULL},
        {"pl", "New York Times, The Guardian, House of Cards, Game of Thrones", NULL},
        {"de", "John Smith, Jane Doe, Max Roe, University of Oxford, King's College", NULL},
        {"pl", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct language found;
        bool differs = language_differs(slice_from_text(cases[i].paragraph),
                                        slice_from_text(cases[i].article), &found);
        assert_int_equal(differs, cases[i].tag != NULL);
        if (differs)
            assert_string_equal(found.tag, cases[i].tag);
    }
}

static void test_nothing_to_tell_by(void **state)
{
    (void)state;
    assert_string_equal(identify("", "", "").tag, "und");
    assert_string_equal(identify("", "123 456 !!!", "").tag, "und");
    assert_true(identify("", "", "").confidence == 0);
}

// A cut through a letter at the sample's end must not matter.
static void test_every_length(void **state)
{
    (void)state;
    static char body[1400];
    for (size_t i = 0; i + 2 < sizeof body; i += 2)
        memcpy(body + i, "\xc5\xbc", 2);
    for (size_t len = 0; len + 2 < sizeof body; len += 2)
        (void)language_identify(slice_from(body, len), slice_from(body, len), slice_from(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences_of_many_languages),
        cmocka_unit_test(test_short_polish_and_german),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_paragraphs),
        cmocka_unit_test(test_nothing_to_tell_by),
        cmocka_unit_test(test_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
