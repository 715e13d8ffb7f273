#include "daemon/slabs.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "tests/unit/cmocka_all.h"

static void test_buffers_are_used_again(void **state)
{
    (void)state;
    struct slabs *slabs = slabs_create(4096, 2);
    char *first = slabs_take(slabs), *second = slabs_take(slabs), *third = slabs_take(slabs);
    assert_true(first && second && third && first != second && second != third);
    memset(first, 1, 4096);
    slabs_give_cb(first, slabs);
    assert_ptr_equal(slabs_take(slabs), first);
    slabs_give_cb(first, slabs);
    slabs_give_cb(second, slabs);
    slabs_give_cb(third, slabs); // more than are kept: freed
    slabs_release(slabs);
    slabs_release(NULL);
}

static void test_what_is_lent_outlives_its_owner(void **state)
{
    (void)state;
    struct slabs *slabs = slabs_create(4096, 2);
    char *lent = slabs_take(slabs), *grown = slabs_take(slabs);
    grown = realloc(grown, 8192);
    slabs_lost(slabs);
    free(grown);
    slabs_release(slabs);
    memset(lent, 2, 4096);
    slabs_give_cb(lent, slabs);
}

struct ring {
    struct slabs *slabs;
    char *buffers[10000];
};

static void give_back(void *arg)
{
    struct ring *ring = arg;
    for (size_t i = 0; i < sizeof ring->buffers / sizeof *ring->buffers; i++)
        slabs_give_cb(ring->buffers[i], ring->slabs);
}

static void test_buffers_come_back_from_another_thread(void **state)
{
    (void)state;
    struct ring *ring = calloc(1, sizeof *ring);
    ring->slabs = slabs_create(64, 100);
    for (size_t i = 0; i < sizeof ring->buffers / sizeof *ring->buffers; i++)
        ring->buffers[i] = slabs_take(ring->slabs);
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, give_back, ring), 0);
    for (int i = 0; i < 10000; i++)
        slabs_give_cb(slabs_take(ring->slabs), ring->slabs);
    slabs_release(ring->slabs);
    uv_thread_join(&thread);
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffers_are_used_again),
        cmocka_unit_test(test_what_is_lent_outlives_its_owner),
        cmocka_unit_test(test_buffers_come_back_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
