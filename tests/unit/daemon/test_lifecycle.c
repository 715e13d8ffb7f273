#include "daemon/lifecycle.h"

#include <errno.h>

#include "proto/base/log.h"
#include "tests/unit/cmocka_all.h"

static int drained, stopped;

static void drain_cb(void *owner)
{
    (*(int *)owner)++;
}

static void stop_cb(void *owner)
{
    (void)owner;
    stopped++;
}

static lifecycle_action *const actions[LIFECYCLE_STATES] = {
    [LIFECYCLE_DRAINING] = drain_cb,
    [LIFECYCLE_STOPPING] = stop_cb,
};

static struct lifecycle begin(void)
{
    struct lifecycle lifecycle;
    drained = stopped = 0;
    lifecycle_init(&lifecycle, actions, &drained);
    return lifecycle;
}

static void test_a_whole_life(void **state)
{
    (void)state;
    struct lifecycle l = begin();
    lifecycle_post(&l, LIFECYCLE_BUILT, "test");
    assert_int_equal(l.state, LIFECYCLE_RECOVERING);
    lifecycle_post(&l, LIFECYCLE_RECOVERED, "test");
    assert_int_equal(l.state, LIFECYCLE_RUNNING);
    lifecycle_post(&l, LIFECYCLE_STOP, "test");
    assert_int_equal(l.state, LIFECYCLE_DRAINING);
    assert_int_equal(drained, 1);
    lifecycle_post(&l, LIFECYCLE_DRAINED, "test");
    assert_int_equal(l.state, LIFECYCLE_STOPPING);
    assert_int_equal(stopped, 1);
    assert_int_equal(l.exit_status, 0);
}

static void test_unexpected_events_change_nothing(void **state)
{
    (void)state;
    struct lifecycle l = begin();
    lifecycle_post(&l, LIFECYCLE_DRAINED, "test");
    lifecycle_post(&l, LIFECYCLE_RECOVERED, "test");
    assert_int_equal(l.state, LIFECYCLE_STARTING);
    lifecycle_post(&l, LIFECYCLE_STOP, "test");
    assert_int_equal(l.state, LIFECYCLE_STOPPING);
    for (int event = 0; event < LIFECYCLE_STORE_FAILED; event++)
        lifecycle_post(&l, (enum lifecycle_event)event, "test");
    assert_int_equal(l.state, LIFECYCLE_STOPPING);
    assert_int_equal(stopped, 1);
}

static void test_a_failed_store_stops_and_tells(void **state)
{
    (void)state;
    struct lifecycle l = begin();
    lifecycle_post(&l, LIFECYCLE_BUILT, "test");
    lifecycle_post(&l, LIFECYCLE_RECOVERED, "test");
    lifecycle_post(&l, LIFECYCLE_STORE_FAILED, "test");
    assert_int_equal(l.state, LIFECYCLE_STOPPING);
    assert_int_equal(l.exit_status, -EIO);
    l = begin();
    lifecycle_post(&l, LIFECYCLE_STOP, "test");
    lifecycle_post(&l, LIFECYCLE_STORE_FAILED, "test");
    assert_int_equal(l.exit_status, -EIO);
    assert_int_equal(stopped, 1);
}

static void test_names(void **state)
{
    (void)state;
    for (int s = 0; s < LIFECYCLE_STATES; s++)
        assert_non_null(lifecycle_state_name((enum lifecycle_state)s));
    for (int e = 0; e < LIFECYCLE_EVENTS; e++)
        assert_non_null(lifecycle_event_name((enum lifecycle_event)e));
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_life),
        cmocka_unit_test(test_unexpected_events_change_nothing),
        cmocka_unit_test(test_a_failed_store_stops_and_tells),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
