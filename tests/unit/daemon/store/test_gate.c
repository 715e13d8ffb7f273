#include "daemon/store/gate.h"

#include "tests/unit/cmocka_all.h"

static void test_closes_only_when_nobody_is_inside(void **state)
{
    (void)state;
    struct gate gate;
    assert_int_equal(gate_init(&gate), 0);
    gate_enter(&gate);
    gate_enter(&gate);
    gate_leave(&gate);
    assert_false(gate_close(&gate, 1));
    gate_enter(&gate); // nothing was closed
    gate_leave(&gate);
    gate_leave(&gate);
    assert_true(gate_close(&gate, 1));
    gate_open(&gate);
    gate_enter(&gate);
    gate_leave(&gate);
    gate_fini(&gate);
}

static void *leave_cb(void *gate)
{
    gate_leave(gate);
    return NULL;
}

static void test_waits_for_the_last_to_leave(void **state)
{
    (void)state;
    struct gate gate;
    pthread_t thread;
    assert_int_equal(gate_init(&gate), 0);
    gate_enter(&gate);
    assert_int_equal(pthread_create(&thread, NULL, leave_cb, &gate), 0);
    assert_true(gate_close(&gate, 30000));
    gate_open(&gate);
    pthread_join(thread, NULL);
    gate_fini(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closes_only_when_nobody_is_inside),
        cmocka_unit_test(test_waits_for_the_last_to_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
