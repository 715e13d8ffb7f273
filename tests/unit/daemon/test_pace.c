#include "daemon/pace.h"

#include "tests/unit/cmocka_all.h"

static void test_pauses_double(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t now = 1000;
    assert_int_equal(pace_wait(&pace, now), 0);
    for (uint64_t expected = PACE_FIRST_MS; expected <= 16000; expected *= 2) {
        pace_failed(&pace, now);
        assert_int_equal(pace_wait(&pace, now), expected);
        assert_int_equal(pace_wait(&pace, now + expected - 1), 1);
        now += expected;
        assert_int_equal(pace_wait(&pace, now), 0);
    }
    pace_worked(&pace);
    pace_failed(&pace, now);
    assert_true(pace_wait(&pace, now) >= PACE_FIRST_MS);
}

static void test_those_that_fail_together_count_once(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (int i = 0; i < PACE_MOST - 1; i++)
        pace_failed(&pace, 5);
    assert_int_equal(pace_wait(&pace, 5), PACE_FIRST_MS);
    pace_failed(&pace, 5);
    assert_int_equal(pace_wait(&pace, 5), PACE_SPAN_MS);
}

// Whenever it may be, it starts, and it fails after `life_ms`; each `working`th gives a result
// first.
static unsigned most_starts_a_minute(uint64_t life_ms, unsigned working)
{
    struct pace pace = {0};
    uint64_t starts[1024] = {0};
    unsigned count = 0, most = 0;
    for (uint64_t now = 0; now < 3600 * 1000 && count < 1024; now += life_ms) {
        now += pace_wait(&pace, now);
        starts[count++] = now;
        if (working && count % working == 0)
            pace_worked(&pace);
        else
            pace_failed(&pace, now + life_ms);
    }
    for (unsigned from = 0, to = 0; to < count; to++) {
        while (starts[to] - starts[from] >= PACE_SPAN_MS)
            from++;
        most = to - from + 1 > most ? to - from + 1 : most;
    }
    return most;
}

static void test_never_more_than_five_a_minute(void **state)
{
    (void)state;
    for (uint64_t life_ms = 1; life_ms < 30000; life_ms = life_ms * 3 + 1)
        assert_in_range(most_starts_a_minute(life_ms, 0), 1, PACE_MOST);
    // Half of them work: only those that fail are counted.
    assert_in_range(most_starts_a_minute(1, 2), PACE_MOST, 2 * PACE_MOST + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_double),
        cmocka_unit_test(test_those_that_fail_together_count_once),
        cmocka_unit_test(test_never_more_than_five_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
