#include "workers/tagger/credits.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/text.h"

static struct arena arena;

static struct text prepare(const char *body)
{
    struct text text;
    arena_reset(&arena);
    assert_int_equal(
        text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from(NULL, 0), true, &arena), 0);
    return text;
}

// The credits of a text, a "|" between two.
static const char *credits_of(const char *body)
{
    static char joined[4096];
    struct text text = prepare(body);
    size_t len = 0;
    joined[0] = 0;
    for (size_t i = 0; i < text.credit_count; i++) {
        const struct credit *credit = &text.credits[i];
        len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%.*s", i ? "|" : "",
                                (int)(credit->end - credit->start), body + credit->start);
    }
    return joined;
}

static const char *names_of(const char *credit)
{
    static char joined[4096];
    struct slice names[10];
    size_t count = credit_names(slice_from_text(credit), names, 10), len = 0;
    joined[0] = 0;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%.*s", i ? "|" : "",
                                (int)names[i].len, names[i].ptr);
    return joined;
}

static void test_lines_that_are_credits(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Quelle: Reuters",
        "Source: <http://example.org/a/b?c=1>",
        "Reuters / PAP / Tvp.info/ kremlin.ru / Kresy.pl",
        "(PAP)",
        "fot. PAP/Jan Nowak",
        "Foto: dpa",
        "Bild: picture alliance / dpa",
        "Źródło: PAP",
        "AP Photo/Jane Smith",
        "(AP Photo/Jane Smith, File)",
        "AFP / JANE SMITH",
        "Jane Smith/AFP via Getty Images",
        "dpa/AFP",
        "mal/ pap/",
        "mit dpa",
        "Getty Images",
        "Jan Nowak (PAP)",
        "Reporting by Jane Smith in Berlin and John Doe; Editing by Max Roe",
        "(Reporting by Jane Smith; Editing by Max Roe)",
        "Autor: Jan Nowak",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char body[512];
        snprintf(body, sizeof body, "The talks went on.\n\n%s\n\nNobody left.", lines[i]);
        if (strcmp(credits_of(body), lines[i]) != 0)
            fail_msg("\"%s\" gave \"%s\"", lines[i], credits_of(body));
        assert_true(slice_is(prepare(body).normalised, "The talks went on.\n\nNobody left."));
    }
}

static void test_lines_that_are_none(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Reuters reported the deal first.",
        "Die dpa meldete den Rücktritt.",
        "Foto.com und Example",
        "Bild: Der Verleger nannte das Blatt am Montag unverzichtbar für alle.",
        "Angela Merkel / Wladimir Putin",
        "Source of the fire was a faulty cable.",
        "Merkel (CDU)",
        "Reklama",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char body[512];
        snprintf(body, sizeof body, "The talks went on.\n\n%s\n\nNobody left.", lines[i]);
        if (*credits_of(body))
            fail_msg("\"%s\" gave \"%s\"", lines[i], credits_of(body));
    }
}

static void test_in_a_line(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"WARSZAWA (PAP) - Premier przyjechał.", "(PAP)", "WARSZAWA - Premier przyjechał."},
        {"GROSSETO, Italy (AP) -- The trial began.", "(AP)", "GROSSETO, Italy -- The trial began."},
        {"Reuters - The envoy left.", "Reuters", "The envoy left."},
        {"(dpa/lno) Der Kanzler kam.", "(dpa/lno)", "Der Kanzler kam."},
        {"Premier przyjechał. (PAP)", "(PAP)", "Premier przyjechał."},
        {"„Koniec”, powiedział premier (PAP)", "(PAP)", "„Koniec”, powiedział premier"},
        {"Der Kanzler kam. dpa", "dpa", "Der Kanzler kam."},
        {"Der Kanzler am Montag in Berlin. Foto: dpa\n\nEr blieb.", "Foto: dpa",
         "Der Kanzler am Montag in Berlin.\n\nEr blieb."},
        {"Der Kanzler in Berlin (Foto: Jan Nowak/dpa)\n\nEr blieb.", "(Foto: Jan Nowak/dpa)",
         "Der Kanzler in Berlin\n\nEr blieb."},
        {"Jane Smith in Beijing. © AFP / JOHN DOE\n\nShe won.", "© AFP / JOHN DOE",
         "Jane Smith in Beijing.\n\nShe won."},
        {"She won.\n\nFoto © Jan Nowak\n\nAgain.", "Foto © Jan Nowak", "She won.\n\nAgain."},
        {"The envoy left. (AFP)\n\nNobody came.", "(AFP)", "The envoy left.\n\nNobody came."},
        {"The envoy of (AFP) left.\n\nNobody came.", "",
         "The envoy of (AFP) left.\n\nNobody came."},
        {"Źródło:\nPAP\n\nKoniec.", "Źródło:\nPAP", "Koniec."},
        {"By Jane Smith and John Doe\n\nThe envoy left.", "By Jane Smith and John Doe",
         "The envoy left."},
        {"Von Berlin nach Moskau\n\nDer Kanzler kam.", "",
         "Von Berlin nach Moskau\n\nDer Kanzler kam."},
        {"Premier przyjechał.\n\nkno/ mal/", "kno/ mal/", "Premier przyjechał."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(credits_of(cases[i][0]), cases[i][1]);
        struct slice left = prepare(cases[i][0]).normalised;
        if (!slice_is(left, cases[i][2]))
            fail_msg("left: \"%.*s\"", (int)left.len, left.ptr);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Quelle: Reuters", "Reuters"},
        {"Reuters / PAP / Tvp.info/ kremlin.ru / Kresy.pl",
         "Reuters|PAP|Tvp.info|kremlin.ru|Kresy.pl"},
        {"Source: <http://example.org/a/b?c=1>", "http://example.org/a/b?c=1"},
        {"(Foto: Jan Nowak/dpa)", "Jan Nowak|dpa"},
        {"fot. PAP/Jan Nowak", "PAP|Jan Nowak"},
        {"mal/ pap/", "pap"},
        {"Jane Smith/AFP via Getty Images", "Jane Smith|AFP|Getty Images"},
        {"Źródło:\nPAP", "PAP"},
        {"kno/ mal/", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(names_of(cases[i][0]), cases[i][1]);
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
        cmocka_unit_test(test_lines_that_are_credits),
        cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_in_a_line),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
