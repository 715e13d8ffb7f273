#include "workers/tagger/own_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/lexicon_format.h"

struct complaints {
    size_t count;
    size_t line;    // of the last
    char text[512]; // of the last
};

static void complain_cb(size_t line, const char *text, void *arg)
{
    struct complaints *complaints = arg;
    assert_true(line > complaints->line);
    complaints->count++;
    complaints->line = line;
    snprintf(complaints->text, sizeof complaints->text, "%s", text);
}

static struct own_list read_all(const char *content, struct complaints *complaints)
{
    struct own_list list;
    *complaints = (struct complaints){.count = 0};
    assert_int_equal(own_list_read(&list, slice_from_text(content), complain_cb, complaints), 0);
    assert_int_equal(list.bad, complaints->count);
    return list;
}

static struct own_list read_good(const char *content)
{
    struct complaints complaints;
    struct own_list list = read_all(content, &complaints);
    if (complaints.count)
        fail_msg("line %zu: %s", complaints.line, complaints.text);
    return list;
}

static void assert_slice(struct slice slice, const char *text)
{
    if (!slice_is(slice, text))
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, slice.ptr, text);
}

static void test_reads_columns(void **state)
{
    (void)state;
    struct own_list list =
        read_good("\xef\xbb\xbf# names of ours\r\n"
                  "\r\n"
                  "Q42\tperson\tDouglas Adams | D. N. Adams\r\n"
                  " acme:17 \torganisation\t\tKowalpol\tKowalpol GmbH\tKowalpol Ltd\n"
                  "\tplace\tKowalowo");
    assert_int_equal(own_list_count(&list), 3);
    const struct own_entity *adams = own_list_entity(&list, 0);
    assert_slice(adams->id, "Q42");
    assert_slice(adams->name, "Douglas Adams");
    assert_int_equal(adams->type, TAG_PERSON);
    assert_int_equal(adams->line, 3);
    assert_int_equal(adams->name_count, 2);
    assert_slice(own_list_name(&list, 1)->text, "D. N. Adams");
    const struct own_entity *firm = own_list_entity(&list, 1);
    assert_slice(firm->id, "acme:17");
    assert_slice(firm->name, "Kowalpol Ltd"); // English first
    assert_slice(firm->columns[OWN_DE], "Kowalpol GmbH");
    assert_slice(own_list_entity(&list, 2)->id, "local:l-kovalovo");
    own_list_fini(&list);
}

static void test_languages_of_names(void **state)
{
    (void)state;
    enum { PL = 1 << LEXICON_PL, DE = 1 << LEXICON_DE, EN = 1 << LEXICON_EN };
    struct own_list list = read_good("a:1\tplace\tKowalowo\t\tKowalau\n"
                                     "a:2\tplace\t\tNowowo\n"
                                     "a:3\tplace\t\tStarowo\tStarau\n");
    const uint8_t languages[] = {0, DE, PL | DE | EN, PL | EN, DE | EN};
    assert_int_equal(own_list_name_count(&list), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(own_list_name(&list, i)->languages, languages[i]);
    own_list_fini(&list);
}

static void test_surnames_and_repetitions(void **state)
{
    (void)state;
    struct own_list list = read_good("\tperson\tJan Iksiński|Iksiński|IKSIŃSKI|Jan\tIksiński\n"
                                     "\torganisation\tBank Polny|Polny\n");
    assert_int_equal(own_list_name_count(&list), 5);
    const bool surname[] = {false, true, false, false, false};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(own_list_name(&list, i)->surname, surname[i]);
    own_list_fini(&list);
}

static void test_names_are_composed(void **state)
{
    (void)state;
    struct own_list list = read_good("\tplace\tZu\xcc\x88rich\n"
                                     "\tplace\t\xd0\xb8\xcc\x86\xd0\xbe\xd1\x82\n");
    assert_slice(own_list_name(&list, 0)->text, "Z\xc3\xbcrich");
    assert_slice(own_list_name(&list, 1)->text, "\xd0\xb9\xd0\xbe\xd1\x82");
    own_list_fini(&list);
}

static void test_refuses_bad_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } bad[] = {
        {"Q1 place Kowalowo", "a tab stands between"},
        {"Q1\tplace", "2 columns"},
        {"Q1\tplace\ta\tb\tc\td\te", "more than 6 columns"},
        {"Q1\tPlace\tKowalowo", "type \"Place\" is none of person"},
        {"\t\tKowalowo", "type \"\" is none of"},
        {"q1\tplace\tKowalowo", "neither a Wikidata id"},
        {"Q01\tplace\tKowalowo", "neither a Wikidata id"},
        {"Q1x\tplace\tKowalowo", "neither a Wikidata id"},
        {"Acme:1\tplace\tKowalowo", "neither a Wikidata id"},
        {"acme:\tplace\tKowalowo", "neither a Wikidata id"},
        {":1\tplace\tKowalowo", "neither a Wikidata id"},
        {"acme:a b\tplace\tKowalowo", "neither a Wikidata id"},
        {"Q1\tplace\t\t\t\t", "no name"},
        {"Q1\tplace\t|Kowalowo", "a | too many"},
        {"Q1\tplace\tKowalowo|", "a | too many"},
        {"Q1\tplace\tKowalowo||Nowowo", "a | too many"},
        {"Q1\tplace\t-", "has no letter"},
        {"Q1\tplace\tŁ", "is one letter"},
        {"Q1\tplace\ta b c d e f g h i j k l m", "more than 12 words"},
        {"Q1\tplace\tKowa\x01lowo", "a control character (1)"},
        {"Q1\tplace\tKowa\xfflowo", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char content[256];
        struct complaints complaints;
        snprintf(content, sizeof content, "\n%s\na:1\tplace\tDobrowo\n", bad[i].line);
        struct own_list list = read_all(content, &complaints);
        if (complaints.count != 1 || complaints.line != 2 || !strstr(complaints.text, bad[i].why))
            fail_msg("%s: %zu: %s", bad[i].line, complaints.line, complaints.text);
        assert_int_equal(own_list_count(&list), 1);
        assert_int_equal(own_list_name_count(&list), 1);
        own_list_fini(&list);
    }
}

static void test_refuses_what_is_there_already(void **state)
{
    (void)state;
    struct complaints complaints;
    struct own_list list = read_all("a:1\tplace\tKowalowo\n"
                                    "a:1\tplace\tNowowo\n",
                                    &complaints);
    assert_non_null(strstr(complaints.text, "id a:1 is that of line 1"));
    own_list_fini(&list);
    list = read_all("a:1\tplace\tKowalowo|Nowowo\na:2\tplace\t\tStarowo|NOWOWO\n", &complaints);
    assert_non_null(strstr(complaints.text, "\"NOWOWO\" is a name of a:1 already (line 1)"));
    own_list_fini(&list);
    list = read_all("\tperson\tSergey Lavrov\n\tperson\tSiergiej Ławrow\n", &complaints);
    assert_non_null(strstr(complaints.text, "an id of its own"));
    own_list_fini(&list);
    // Of a refused line nothing stays; one name may be two entities' in two languages.
    list = read_all("a:1\tplace\tKowalowo\na:1\tplace\tNowowo\na:2\tplace\tNowowo\n"
                    "a:3\tplace\t\tZell\tSelm\na:4\tplace\t\tSelm\tZell\tZellam\n",
                    &complaints);
    assert_int_equal(complaints.line, 2);
    assert_int_equal(own_list_count(&list), 4);
    own_list_fini(&list);
}

static void test_many_lines(void **state)
{
    (void)state;
    enum { LINES = 3000 };
    struct buf content;
    buf_init(&content, 1 << 20);
    for (int i = 0; i < LINES; i++)
        buf_printf(&content, "a:%d\tplace\tKowalowo %d|Nowowo %d\n", i, i, i);
    buf_printf(&content, "a:%d\tplace\tStarowo\nb:1\tplace\tkowalowo 2999\n", LINES / 2);
    struct complaints complaints = {.count = 0};
    struct own_list list;
    assert_int_equal(own_list_read(&list, buf_slice(&content), complain_cb, &complaints), 0);
    assert_int_equal(own_list_count(&list), LINES);
    assert_int_equal(complaints.count, 2);
    assert_non_null(strstr(complaints.text, "(line 3000)"));
    own_list_fini(&list);
    buf_fini(&content);
}

static void test_too_long_a_line(void **state)
{
    (void)state;
    struct buf content;
    buf_init(&content, 1 << 20);
    buf_put_text(&content, "a:1\tplace\t");
    while (content.len <= OWN_LINE_BYTES_MAX)
        buf_put_text(&content, "Kowalowo|");
    struct complaints complaints = {.count = 0};
    struct own_list list;
    assert_int_equal(own_list_read(&list, buf_slice(&content), complain_cb, &complaints), 0);
    assert_non_null(strstr(complaints.text, "longer than 65536 bytes"));
    own_list_fini(&list);
    buf_fini(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_columns),
        cmocka_unit_test(test_languages_of_names),
        cmocka_unit_test(test_surnames_and_repetitions),
        cmocka_unit_test(test_names_are_composed),
        cmocka_unit_test(test_refuses_bad_lines),
        cmocka_unit_test(test_refuses_what_is_there_already),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_too_long_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
