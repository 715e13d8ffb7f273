#include "workers/tagger/furniture_shape.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/dateline.h"
#include "workers/tagger/text.h"

#define PARAGRAPH                                                                                  \
    "The envoys met for another day, and nobody who came out of the room would say how the talks " \
    "had gone, or when they would end, or whether they would."
#define STORY PARAGRAPH "\n\n" PARAGRAPH "\n\n" PARAGRAPH

static struct arena arena;

static void assert_left(const char *body, const char *wanted)
{
    struct text text;
    arena_reset(&arena);
    assert_int_equal(
        text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from(NULL, 0), true, &arena), 0);
    if (!slice_is(text.normalised, wanted))
        fail_msg("left of\n%s\nis\n%.*s", body, (int)text.normalised.len, text.normalised.ptr);
}

static void test_menus_go(void **state)
{
    (void)state;
    assert_left("Home\nPolitics\nEurope\nBrexit\nPeople\nMoney\nWeather\nContact us\n\n" STORY,
                STORY);
    assert_left(STORY "\n\nPolitik\nWirtschaft\nHamburg\nBremen\nKiel\nSport\nKontakt\nImpressum",
                STORY);
    assert_left(PARAGRAPH "\n\n" PARAGRAPH
                          "\n\nKraj\nŚwiat\nKielce\nRadom\nSport\nKultura\nPogoda\n\n" PARAGRAPH,
                PARAGRAPH "\n\n" PARAGRAPH "\n\n" PARAGRAPH);
}

static void test_title_behind_a_menu_stays(void **state)
{
    (void)state;
    assert_left(
        "Home\nPolitics\nBrexit\nPeople\nMoney\nWeather\nSearch\n\nEnvoys meet again\n\n" STORY,
        "Envoys meet again\n\n" STORY);
}

static void test_linked_headlines_go(void **state)
{
    (void)state;
    assert_left(STORY "\n\nMehr zum Thema\nDer Minister reist nach Rom\nNeue Brücke in Kiel",
                STORY);
    assert_left(STORY "\n\nRead Next\n\nMinister goes to Rome, and then to Paris", STORY);
}

static void test_what_follows_the_form_for_comments_goes(void **state)
{
    (void)state;
    assert_left(STORY "\n\n2 comments\n\nJohn\nI do not agree with the envoys.\n\nLeave a "
                      "Reply\nName *\nE-mail *",
                STORY);
}

static void test_what_is_hardly_text_behind_the_story_goes(void **state)
{
    (void)state;
    assert_left(STORY "\n\nAdvertisement\n\nJane Smith\n\nFollow us\n\nTwitter\nFacebook\nEmail\n\n"
                      "She writes about envoys.\n\nMore news\n\nOne more thing\n\nContact us",
                STORY);
    // A last paragraph behind a box of links is the story's.
    assert_left(STORY "\n\nAdvertisement\n\n" PARAGRAPH
                      "\n\nTwitter\nFacebook\nEmail\n\nContact us",
                STORY "\n\n" PARAGRAPH);
}

static void test_teasers_behind_the_story_go(void **state)
{
    (void)state;
    assert_left(STORY "\n\n" STORY "\n\n" STORY
                      "\n\nAdvertisement\n\nMinister goes to Rome and Paris\n\n" PARAGRAPH
                      "\n\nNewsletter\n\nSign up\n\nShare\n\nFacebook\n\nTwitter\n\nContact us",
                STORY "\n\n" STORY "\n\n" STORY);
}

static void test_the_title_among_what_stands_below_it_stays(void **state)
{
    (void)state;
    assert_left("Home\n\nPolitics\n\nPeople\n\nMoney\n\nSport\n\nSearch\n\n"
                "Envoys meet again in Rome, without a result\n\nShare\n\nJohn\n\nSave\n\n" STORY,
                "Envoys meet again in Rome, without a result\n\n" STORY);
}

static void test_repetition_is_a_hint(void **state)
{
    (void)state;
    assert_left(STORY
                "\n\nZur Merkliste\n\nKiel\n\nZur Merkliste\n\nRostock\n\nZur Merkliste\n\nBonn",
                STORY);
    assert_left("Anna\n\n" PARAGRAPH "\n\nAnna\n\n" PARAGRAPH "\n\nAnna\n\n" PARAGRAPH,
                "Anna\n\n" PARAGRAPH "\n\nAnna\n\n" PARAGRAPH "\n\nAnna\n\n" PARAGRAPH);
}

static void test_addresses_and_dates_in_sentences_stay(void **state)
{
    (void)state;
    assert_left("The places are to be found under\nwww.example.org/places\nand nowhere else.",
                "The places are to be found under www.example.org/places and nowhere else.");
    assert_left("The law on tobacco is in force from the\n1. Januar 2023\non.",
                "The law on tobacco is in force from the\n1. Januar 2023 on.");
}

// Time is linear: a heading of links is looked at once.
static void test_many_headings(void **state)
{
    (void)state;
    enum { HEADINGS = 100000 };
    static char body[sizeof STORY + HEADINGS * 10 + 1] = STORY;
    size_t len = sizeof STORY - 1;
    for (int i = 0; i < HEADINGS; i++, len += 10)
        memcpy(body + len, "\nRead more", 10);
    body[len] = 0;
    assert_left(body, STORY);
}

static void test_lists_in_stories_stay(void **state)
{
    (void)state;
    static const char *const stories[] = {
        "Envoys meet again\n\n" STORY "\n\nWhat now?\n\n" PARAGRAPH,
        STORY "\n\nMain points\n\n" PARAGRAPH,
        STORY "\n\nThe winners:\n\nAnna Nowak\nJan Kowalski\nEwa Maj\nOla Lis\nIda Sowa\nIga "
              "Kos\nAda Wilk",
        STORY
        "\n\nAnna Nowak\nJan Kowalski\nEwa Maj\nOla Lis\nIda Sowa\nIga Kos\nAda Wilk\n\n" PARAGRAPH,
        "Bayern\n3:1\nBremen\n2:2\nSport\nHamburg",
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        assert_left(stories[i], stories[i]);
}

static void test_datelines(void **state)
{
    (void)state;
    static const char *const dates[] = {
        "13. Februar 2017",
        "03/11/2023",
        "Hamburg, 7. Juli 2017",
        "7.07.2017, 15:30",
        "Jun 18th 2018",
        "Updated 12 May 2020",
        "Stand: 26.04.2024, 20:44 Uhr",
        "5 września 2019 r.",
    };
    static const char *const none[] = {"2017", "3:1",          "May", "In May 2017 they met",
                                       "1 2",  "12 Millionen", ""};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (!dateline_is(slice_from_text(dates[i])))
            fail_msg("no date: %s", dates[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (dateline_is(slice_from_text(none[i])))
            fail_msg("a date: %s", none[i]);
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
        cmocka_unit_test(test_menus_go),
        cmocka_unit_test(test_title_behind_a_menu_stays),
        cmocka_unit_test(test_linked_headlines_go),
        cmocka_unit_test(test_what_follows_the_form_for_comments_goes),
        cmocka_unit_test(test_what_is_hardly_text_behind_the_story_goes),
        cmocka_unit_test(test_teasers_behind_the_story_go),
        cmocka_unit_test(test_the_title_among_what_stands_below_it_stays),
        cmocka_unit_test(test_repetition_is_a_hint),
        cmocka_unit_test(test_addresses_and_dates_in_sentences_stay),
        cmocka_unit_test(test_many_headings),
        cmocka_unit_test(test_lists_in_stories_stay),
        cmocka_unit_test(test_datelines),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
