#include "proto/forms/feed_date.h"

#include "tests/unit/cmocka_all.h"

static void assert_dates(const char *const (*pairs)[2], size_t count)
{
    struct arena arena;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < count; i++) {
        struct slice got = feed_date_read(slice_from_text(pairs[i][0]), &arena);
        if (!slice_is(got, pairs[i][1]))
            fail_msg("\"%s\" gives \"%.*s\", expected \"%s\"", pairs[i][0], (int)got.len,
                     got.len ? got.ptr : "", pairs[i][1]);
    }
    arena_fini(&arena);
}

static void reads_rfc822(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Tue, 04 Feb 2020 18:05:00 GMT", "2020-02-04T18:05:00Z"},
        {"04 Feb 2020 18:05 +0100", "2020-02-04T17:05:00Z"},
        {"Tue,4 Feb 20 1:05:09 EST", "2020-02-04T06:05:09Z"},
        {"Tue, 31 Dec 1999 23:59:60 GMT", "2000-01-01T00:00:00Z"},
        {"Thu, 01 Jan 2004 00:30:00 MESZ", "2003-12-31T22:30:00Z"},
        {"1 January 2004", "2004-01-01T00:00:00Z"},
        {"Thu, 01 Jan 94 10:00:00 -0330", "1994-01-01T13:30:00Z"},
        {"\n  Thu, 01 Jan 2004 19:48:21 +02:00 ", "2004-01-01T17:48:21Z"},
    };
    assert_dates(pairs, sizeof pairs / sizeof *pairs);
}

static void keeps_other_dates(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"2020-02-04T18:05:00+01:00", "2020-02-04T18:05:00+01:00"},
        {"2020-02-04", "2020-02-04"},
        {"yesterday, about noon", "yesterday, about noon"},
        {"Tue, 31 Feb 2020 18:05:00 GMT x y z a b c", "Tue, 31 Feb 2020 18:05:00 GMT x y z a b c"},
        {"32 Feb 2020", "32 Feb 2020"},
        {"a\nb", ""},
        {"", ""},
        {"01234567890123456789012345678901234567890123456789012345678901234", ""},
    };
    assert_dates(pairs, sizeof pairs / sizeof *pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rfc822),
        cmocka_unit_test(keeps_other_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
