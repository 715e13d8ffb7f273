#include "workers/tagger/furniture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/furniture_rules.h"
#include "workers/tagger/text.h"

static void test_table_is_sorted_and_folded(void **state)
{
    (void)state;
    size_t count;
    const struct furniture_rule *rules = furniture_rules(&count);
    for (size_t i = 0; i < count; i++) {
        if (i)
            assert_true(strcmp(rules[i - 1].key, rules[i].key) < 0);
        assert_true(rules[i].kinds != 0);
        const char *text = rules[i].key[0] == '#' ? rules[i].key + 2 : rules[i].key;
        struct folded folded;
        assert_true(folded_make(&folded, slice_from_text(text)));
        assert_string_equal(folded.text, text);
    }
}

// A cheap test may be wrong only where it lets a text through.
static void test_cheap_tests_miss_no_rule(void **state)
{
    (void)state;
    size_t count;
    const struct furniture_rule *rules = furniture_rules(&count);
    for (size_t i = 0; i < count; i++) {
        struct slice key = slice_from_text(rules[i].key);
        assert_true(furniture_may_begin(key));
        assert_true(furniture_may_be_credit(key) || !(rules[i].kinds & FURNITURE_CREDIT));
    }
    assert_true(furniture_may_begin(slice_from_text("REKLAMA dnia")));
    assert_true(furniture_may_begin(slice_from_text("Źródło: PAP")));
    assert_true(furniture_may_be_credit(slice_from_text("FOTO")));
    assert_true(furniture_may_be_credit(slice_from_text("źródło")));
    assert_false(furniture_may_begin(slice_from_text("Kwiaty dla pani")));
    assert_false(furniture_may_be_credit(slice_from_text("Prezydent")));
}

static struct arena arena;

// What is left of a body.
static const char *kept(const char *body)
{
    static char left[4096];
    struct text text;
    arena_reset(&arena);
    assert_int_equal(
        text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from(NULL, 0), true, &arena), 0);
    assert_true(text.normalised.len < sizeof left);
    if (text.normalised.len)
        memcpy(left, text.normalised.ptr, text.normalised.len);
    left[text.normalised.len] = 0;
    return left;
}

static void test_furniture_goes(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Reklama",
        "REKLAMA",
        "- Anzeige -",
        "Anzeige",
        "Advertisement",
        "Kommentare",
        "Kommentare (17)",
        "3 Kommentare",
        "1 odpowiedź",
        "1 odpowieź",
        "2 odpowiedzi",
        "0 comments",
        "Leave a Reply",
        "Leave a Repy",
        "Zostaw odpowiedź",
        "Zostaw odpowiedz",
        "Chcesz przyłączyć się do dyskusji?",
        "Nie krępuj się!",
        ">>> Polecamy: Dlaczego rząd milczy w sprawie budżetu",
        ">> Polecamy: cokolwiek",
        "Czytaj także: Minister o nowych drogach",
        "Czytaj też: Minister o nowych drogach",
        "CZYTAJ TEŻ: Minister o nowych drogach",
        "Przeczytaj: Nowy budżet miasta bez poprawek",
        "Zobacz także: Zdjęcia z parady",
        "Lesen Sie auch: Was der Minister jetzt plant",
        "Lesen Sie auch",
        "Mehr zum Thema: Wie es weitergeht",
        "Das könnte Sie auch interessieren",
        "Read more: What the minister plans now",
        "READ ALSO: What the minister plans now",
        "See also: the budget in numbers",
        "[Disclaimer]",
        "[Disclaimer] The views are the author's own.",
        "Podoba Ci się ten artykuł? Wesprzyj nas!",
        "Subscribe to the Example Post",
        "Źródło:",
        "Quelle: Reuters",
        "Quellen: dpa, AFP",
        "Źródło: PAP",
        "Source: AP",
        "Fot. PAP/Jan Nowak",
        "Foto: dpa",
        "Photo: A. Smith/Reuters",
        "Tags: budget, roads, minister",
        "Reuters / PAP / Tvp.info/ kremlin.ru / Kresy.pl",
        "(PAP)",
        "mal/ pap/",
        "dpa/AFP",
        "© 2017 The Example Times",
        "Copyright 2017 Example Media",
        "All rights reserved.",
        "Alle Rechte vorbehalten",
        "Wszelkie prawa zastrzeżone",
        "Subscribe to our newsletter and never miss a story",
        "Jetzt Newsletter abonnieren!",
        "Zapisz się na newsletter",
        "Diese Website verwendet Cookies, um Ihnen den besten Service zu bieten.",
        "Ta strona używa plików cookie.",
        "We use cookies to improve your experience.",
        "Share on Facebook",
        "Udostępnij na Facebooku",
        "https://example.org/2017/news?id=4",
        "pic.twitter.com/aBcD1234",
        "Facebook\nTwitter\nWhatsApp",
        "Teilen\nDrucken",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char body[512];
        snprintf(body, sizeof body, "The talks went on.\n\n%s\n\nNobody left.", lines[i]);
        if (strcmp(kept(body), "The talks went on.\n\nNobody left.") != 0)
            fail_msg("kept: %s", lines[i]);
    }
}

static void test_stories_stay(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Reklama zdrożała w tym roku o pięć procent.",
        "Die Anzeige wurde am Montag erstattet.",
        "Kommentare aus Moskau gab es dazu nicht.",
        "Source of the fire was a faulty cable.",
        "Reuters reported the deal first.",
        "Die Quelle des Flusses liegt in Polen.",
        "Read the minister's lips.",
        "Follow US troops as they leave.",
        "Support us-led forces, he said.",
        "Die dpa meldete den Rücktritt.",
        "More than 300 people came.",
        "Angela Merkel",
        "NATO",
        "Was nun?",
        "Foto: Der Minister und sein Gast am Montag auf der neuen Brücke.",
        "Bild: Der Verleger nannte das Blatt am Montag unverzichtbar für alle.",
        "Copyright law divides the parties.",
        "Facebook",
        "Zobacz, jak rośnie miasto, mówił burmistrz.",
        "Das Bild der Stadt hat sich verändert: Hamburg wächst.",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char body[512];
        snprintf(body, sizeof body, "The talks went on.\n\n%s\n\nNobody left.", lines[i]);
        if (strcmp(kept(body), body) != 0)
            fail_msg("lost: %s", lines[i]);
    }
}

static void test_last_word_of_a_wrapped_paragraph_is_no_credit(void **state)
{
    (void)state;
    assert_string_equal(kept("The deal was first reported on Monday by the news agency\nReuters"),
                        "The deal was first reported on Monday by the news agency\nReuters");
}

static void test_leadins_lose_their_agency(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"WARSZAWA (PAP) - Premier przyjechał.", "WARSZAWA - Premier przyjechał."},
        {"Berlin (dpa) – Der Kanzler kam.", "Berlin – Der Kanzler kam."},
        {"Berlin/Hamburg (dpa/lno) - Der Kanzler kam.", "Berlin/Hamburg - Der Kanzler kam."},
        {"MOSCOW, Nov 3 (Reuters) - The envoy left.", "MOSCOW, Nov 3 - The envoy left."},
        {"(AFP) The envoy left.", "The envoy left."},
        {"(PAP) - Premier przyjechał.", "Premier przyjechał."},
        {"Reuters - The envoy left.", "The envoy left."},
        {"Berlin (SPD) - Die Partei tagte.", "Berlin (SPD) - Die Partei tagte."},
        {"The agency (dpa) was wrong.", "The agency (dpa) was wrong."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(kept(cases[i][0]), cases[i][1]);
}

static void test_sentence_goes_on_behind_furniture(void **state)
{
    (void)state;
    assert_string_equal(kept("Rozmowa dotyczyła przywódców\n\nReklama\n\nobu państw."),
                        "Rozmowa dotyczyła przywódców obu państw.");
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sorted_and_folded),
        cmocka_unit_test(test_cheap_tests_miss_no_rule),
        cmocka_unit_test(test_furniture_goes),
        cmocka_unit_test(test_stories_stay),
        cmocka_unit_test(test_last_word_of_a_wrapped_paragraph_is_no_credit),
        cmocka_unit_test(test_leadins_lose_their_agency),
        cmocka_unit_test(test_sentence_goes_on_behind_furniture),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
