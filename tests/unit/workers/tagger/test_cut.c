#include "workers/tagger/cut.h"

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

// Letters of the labels: begins p, o, l; goes on P, O, L; none ".".
static const char letters[] = ".pPoOlL";

static uint8_t label_of(char letter)
{
    const char *found = strchr(letters, letter);
    assert_true(letter && found);
    return (uint8_t)(found - letters);
}

static void assert_cut(const char *language, const char *body, const char *before,
                       const char *after)
{
    arena_reset(&fixture.arena);
    struct words *words = fixture_words(&fixture, language, body);
    struct spans known = fixture_spans(&fixture, words);
    if (words->count != strlen(before))
        fail_msg("%zu words: %s", words->count, body);
    struct labelled labels[16];
    char got[16] = "";
    for (size_t i = 0; i < words->count; i++)
        labels[i] = (struct labelled){.label = label_of(before[i]), .sure = 0.5f};
    cut_names(fixture.lexicon, words, &known, labels);
    for (size_t i = 0; i < words->count; i++) {
        got[i] = letters[labels[i].label];
        assert_true(labels[i].sure == 0.5f);
    }
    if (strcmp(got, after) != 0)
        fail_msg("%s: %s instead of %s", body, got, after);
}

static void test_person_behind_another_name(void **state)
{
    (void)state;
    assert_cut("pl", "szef Rady Federacji Konstantin Kosaczow odmówił", ".oOOO.", ".oOpP.");
    assert_cut("pl", "z Rosji Konstantin Kosaczow odmówił", ".lLL.", ".lpP.");
    assert_cut("en", "the European Union John Zorbin said", ".oOOO.", ".oOpP.");
}

static void test_genitive_before_a_polish_person(void **state)
{
    (void)state;
    assert_cut("pl", "prezydent Rosji Stewo Zbrzycki odmówił", ".pPP.", ".lpP.");
    assert_cut("pl", "prezydent Rosji Stewo Zbrzycki odmówił", ".lLL.", ".lpP.");
    assert_cut("pl", "szef NATO Stewo Zbrzycki odmówił", ".oOO.", ".opP.");
    // In the nominative it is rather one name; acronyms and longer ends are no persons' names.
    assert_cut("pl", "spółka Rosja Stewo Zbrzycki odmówiła", ".oOO.", ".oOO.");
    assert_cut("pl", "prezes Rosji Stewo ZBRZ odmówił", ".oOO.", ".oOO.");
    assert_cut("pl", "klub Rosji Stewo Zbrzycki Zorbin odmówił", ".oOOO.", ".oOOO.");
    assert_cut("en", "the Russia Stewo Zbrzycki said", ".lLL.", ".lLL.");
}

static void test_inflected_names_inside_another_stay(void **state)
{
    (void)state;
    assert_cut("pl", "w Muzeum Fryderyka Chopina w Warszawie", ".oOO..", ".oOO..");
    assert_cut("en", "the John Zorbin Foundation said", ".oOO.", ".oOO.");
    assert_cut("en", "the Foo John Zorbin Foundation said", ".oOOO.", ".oOOO."); // Foo: not known
}

static void test_two_persons(void **state)
{
    (void)state;
    assert_cut("en", "when Donald Trump Vladimir Putin said", ".pPPP.", ".pPPP.");
    assert_cut("en", "when John Fitzgerald Zorbin said", ".pPP.", ".pPP.");
}

static void test_joined_by_a_hyphen(void **state)
{
    (void)state;
    assert_cut("de", "das Trump-Putin-Treffen kommt", ".pP..", ".pp..");
    assert_cut("de", "ein Trump-Zorbin kommt", ".pP.", ".pP.");
}

static void test_ordinary_german_noun(void **state)
{
    (void)state;
    assert_cut("de", "die US-Behörde prüft", ".oO.", ".o..");
    assert_cut("de", "die US-Regierung prüft", ".lL.", ".l..");
    assert_cut("de", "sagten Trumps Berater gestern", ".pP.", ".p..");
    assert_cut("de", "die US-Luftfahrtbehörde FAA prüft", ".oOO.", ".o.o.");
    assert_cut("de", "sagte Zorbins Enkelin Miriam Zorbin gestern", ".pPPP.", ".p.pP.");
    assert_cut("de", "es waren Trumps Verdienste gestern", "..oO.", "..oO.");
    assert_cut("de", "sagte Klaus Richter gestern", ".pP.", ".pP."); // no genitive
    // Other languages have no such nouns.
    assert_cut("en", "the US-Behörde said", ".oO.", ".oO.");
}

static void test_nothing_to_cut(void **state)
{
    (void)state;
    assert_cut("en", "it rained all day", "....", "....");
    assert_cut("en", "in Paris and in London", ".l..l", ".l..l");
    assert_cut("en", "Paris", "l", "l");
    assert_cut("en", "", "", "");
    assert_cut("en", "the European Union", ".oO", ".oO");
    assert_cut("pl", "Angela Merkel Angela Merkel", "pPpP", "pPpP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_person_behind_another_name),
        cmocka_unit_test(test_genitive_before_a_polish_person),
        cmocka_unit_test(test_inflected_names_inside_another_stay),
        cmocka_unit_test(test_two_persons),
        cmocka_unit_test(test_joined_by_a_hyphen),
        cmocka_unit_test(test_ordinary_german_noun),
        cmocka_unit_test(test_nothing_to_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
