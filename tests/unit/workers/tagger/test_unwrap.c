#include "workers/tagger/unwrap.h"

#include "tests/unit/cmocka_all.h"
#include "workers/tagger/text.h"

static struct arena arena;

static void assert_text(const char *body, const char *wanted)
{
    struct text text;
    arena_reset(&arena);
    assert_int_equal(
        text_prepare(&text, TAG_BODY, slice_from_text(body), slice_from(NULL, 0), true, &arena), 0);
    if (!slice_is(text.normalised, wanted))
        fail_msg("got: %.*s", (int)text.normalised.len, text.normalised.ptr);
}

static void test_wrapped_paragraphs_are_joined(void **state)
{
    (void)state;
    assert_text(
        "Am Montag trafen sich in der alten Hafenstadt die\n"
        "Minister beider Länder, um über den Bau der neuen\n"
        "Brücke zu beraten. Am Ende stand ein Vertrag, den\n"
        "alle Seiten lobten.\n"
        "\n"
        "Die Brücke soll in drei Jahren fertig sein und die\n"
        "Fahrt um eine Stunde verkürzen.\n",
        "Am Montag trafen sich in der alten Hafenstadt die Minister beider Länder, um über den "
        "Bau der neuen Brücke zu beraten. Am Ende stand ein Vertrag, den alle Seiten "
        "lobten.\n\nDie Brücke soll in drei Jahren fertig sein und die Fahrt um eine Stunde "
        "verkürzen.");
}

static void test_first_line_may_be_short(void **state)
{
    (void)state;
    assert_text(
        "In a first meeting on Monday the two\n"
        "Ministers of Transport spoke about the bridge and about who\n"
        "should pay for it, while in the capital parliament debated a\n"
        "Budget that leaves little room for any new building anywhere.\n",
        "In a first meeting on Monday the two Ministers of Transport spoke about the bridge and "
        "about who should pay for it, while in the capital parliament debated a Budget that "
        "leaves little room for any new building anywhere.");
}

static void test_wide_lines_are_paragraphs(void **state)
{
    (void)state;
    const char *body = "The ministers met on Monday in the old port and spoke about the bridge for "
                       "longer than anyone "
                       "had thought that they would.\n"
                       "What comes next\n"
                       "Parliament has to agree before the first stone is laid, and nobody can say "
                       "today whether it "
                       "will do so before the summer.";
    assert_text(body, body);
}

static void test_lower_case_goes_on(void **state)
{
    (void)state;
    assert_text("Prezydent rozmawiał z\nministrem o moście.",
                "Prezydent rozmawiał z ministrem o moście.");
    assert_text("The list:\n- one thing\n- another thing",
                "The list:\n- one thing\n- another thing");
}

static void test_list_of_headlines_stays(void **state)
{
    (void)state;
    const char *body =
        "Minister opens the bridge\nRain stops the match\nNew mayor in the old port\n"
        "Bakers ask for more money";
    assert_text(body, body);
}

static void test_hyphens_at_line_ends(void **state)
{
    (void)state;
    assert_text(
        "Der Vertrag regelt die Zusammenarbeit im Bereich der Si-\n"
        "cherheit und den Handel zwischen den beiden Ländern. Der\n"
        "Text wurde am Montag im Rathaus der Hafenstadt von den US-\n"
        "Unterhändlern vorgestellt, die danach nach Nord-\n"
        "und Südkorea weiterreisten und dort wieder Gespräche mit\n"
        "der Regierung führten.",
        "Der Vertrag regelt die Zusammenarbeit im Bereich der Sicherheit und den Handel zwischen "
        "den beiden Ländern. Der Text wurde am Montag im Rathaus der Hafenstadt von den "
        "US-Unterhändlern vorgestellt, die danach nach Nord- und Südkorea weiterreisten und "
        "dort wieder Gespräche mit der Regierung führten.");
    assert_text("umowa polsko-\nniemiecka", "umowa polsko-niemiecka");
    assert_text("Zusammen\u00ad\narbeit", "Zusammenarbeit");
}

static void test_every_line_end(void **state)
{
    (void)state;
    assert_text("One.\r\n\r\nTwo.\rThree.\u2028Four.\u2029Five.\vSix.\fSeven.\xc2\x85"
                "Eight.",
                "One.\n\nTwo.\nThree.\nFour.\nFive.\nSix.\nSeven.\nEight.");
    assert_text("\n\n  One.  \n\n\n\n\t Two.\n\n", "One.\n\nTwo.");
    assert_text("", "");
    assert_text(" \n \n", "");
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
        cmocka_unit_test(test_wrapped_paragraphs_are_joined),
        cmocka_unit_test(test_first_line_may_be_short),
        cmocka_unit_test(test_wide_lines_are_paragraphs),
        cmocka_unit_test(test_lower_case_goes_on),
        cmocka_unit_test(test_list_of_headlines_stays),
        cmocka_unit_test(test_hyphens_at_line_ends),
        cmocka_unit_test(test_every_line_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
