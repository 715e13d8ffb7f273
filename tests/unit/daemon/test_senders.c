// Who sends, and how fast: the table and its token buckets.
#include "daemon/senders.h"

#include <stdio.h>

#include "daemon/roles.h"
#include "tests/unit/cmocka_all.h"

static void test_rates(void **state)
{
    (void)state;
    struct rate rate = {0};
    // A second's worth at once, then as time goes by.
    for (int i = 0; i < 10; i++)
        assert_true(rate_take(&rate, 10, 1, 5000));
    assert_false(rate_take(&rate, 10, 1, 5000));
    assert_false(rate_take(&rate, 10, 1, 5099));
    assert_true(rate_take(&rate, 10, 1, 5200));
    assert_true(rate_take(&rate, 10, 10, 60000));
    assert_false(rate_take(&rate, 10, 1, 60000));
    assert_true(rate_take(&rate, 0, 1000, 60000)); // no limit
}

static void test_more_than_a_second_holds(void **state)
{
    (void)state;
    struct rate rate = {0};
    assert_true(rate_take(&rate, 100, 256, 1000)); // when the bucket is full, and then it is empty
    assert_false(rate_take(&rate, 100, 1, 1000));
    assert_false(rate_take(&rate, 100, 1, 2000)); // 156 are owed
    assert_true(rate_take(&rate, 100, 1, 2600));
}

static void test_a_bounded_table(void **state)
{
    (void)state;
    struct senders *senders = senders_create();
    assert_non_null(senders);
    struct sender *kept = senders_get(senders, slice_from_text("key:kept"));
    assert_non_null(kept);
    kept->subscriptions = 1;
    for (int i = 0; i < 3 * SENDERS_MAX; i++) {
        char user[32];
        int len = snprintf(user, sizeof user, "uid:1000:%d", i);
        struct sender *sender = senders_get(senders, slice_from(user, (size_t)len));
        assert_non_null(sender);
        assert_string_equal(sender->user, user);
        assert_ptr_equal(senders_get(senders, slice_from(user, (size_t)len)), sender);
    }
    assert_int_equal(senders_count(senders), SENDERS_MAX);
    assert_ptr_equal(senders_get(senders, slice_from_text("key:kept")), kept);
    senders_destroy(senders);
}

static void test_all_hold_subscriptions(void **state)
{
    (void)state;
    struct senders *senders = senders_create();
    for (int i = 0; i < SENDERS_MAX; i++) {
        char user[32];
        int len = snprintf(user, sizeof user, "address:%d", i);
        senders_get(senders, slice_from(user, (size_t)len))->subscriptions = 1;
    }
    assert_null(senders_get(senders, slice_from_text("address:new")));
    senders_destroy(senders);
}

static void test_roles(void **state)
{
    (void)state;
    unsigned roles;
    struct err err = {""};
    assert_int_equal(roles_parse(&roles, slice_from_text("push"), &err), 0);
    assert_int_equal(roles, ROLE_PUSH);
    assert_int_equal(roles_parse(&roles, slice_from_text(" follow, control,push"), &err), 0);
    assert_int_equal(roles, ROLE_ALL);
    assert_int_equal(roles_parse(&roles, slice_from_text(""), &err), -1);
    assert_int_equal(roles_parse(&roles, slice_from_text(" ,"), &err), -1);
    assert_int_equal(roles_parse(&roles, slice_from_text("push, pull"), &err), -1);
    assert_non_null(strstr(err.text, "pull"));
    assert_string_equal(roles_name(ROLE_FOLLOW | ROLE_CONTROL), "follow or control");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),           cmocka_unit_test(test_more_than_a_second_holds),
        cmocka_unit_test(test_a_bounded_table), cmocka_unit_test(test_all_hold_subscriptions),
        cmocka_unit_test(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
