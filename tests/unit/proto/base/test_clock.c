#include "proto/base/clock.h"

#include "tests/unit/cmocka_all.h"

static void assert_parses(const char *text, int64_t expected)
{
    int64_t ms = -1;
    if (!clock_parse(slice_from_text(text), &ms))
        fail_msg("%s was not read", text);
    assert_int_equal(ms, expected);
}

static void test_known_times(void **state)
{
    (void)state;
    assert_parses("1970-01-01T00:00:00Z", 0);
    assert_parses("2000-02-29", 951782400000);
    assert_parses("2026-11-22T01:36:00Z", 1795311360000);
    assert_parses("2026-11-22T02:36:00+01:00", 1795311360000);
    assert_parses("2026-11-22T02:36:00+0100", 1795311360000);
    assert_parses("2026-11-21 20:36:00.5-05:00", 1795311360500);
    assert_parses("2026-11-22T01:36Z", 1795311360000);
    assert_parses("1969-12-31T23:59:59.999Z", -1);
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-13-01",
                                      "2026-00-10",
                                      "2026-11-22T",
                                      "2026-11-22x",
                                      "22.11.2026",
                                      "2026-11-22T25:00:00Z",
                                      "2026-11-22T01:36:00Zx",
                                      "42"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms;
        if (clock_parse(slice_from_text(bad[i]), &ms))
            fail_msg("%s was read", bad[i]);
    }
}

static void test_format_and_parse_agree(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t ms = (int64_t)(seed >> 16) % 253402300799999;
        char text[CLOCK_TEXT_BYTES];
        clock_format(i % 2 ? ms : -ms / 10, text);
        assert_parses(text, i % 2 ? ms : -ms / 10);
    }
    char text[CLOCK_TEXT_BYTES];
    clock_format(1795311360042, text);
    assert_string_equal(text, "2026-11-22T01:36:00.042Z");
    clock_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_times),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_format_and_parse_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
