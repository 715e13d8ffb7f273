#include "proto/base/arena.h"

#include "tests/unit/cmocka_all.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t size = 1; size < 300; size++) {
        unsigned char *memory = arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_fini(&arena);
}

static void test_limit_is_a_state(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_non_null(arena_alloc(&arena, 900));
    assert_null(arena_alloc(&arena, 200));
    assert_true(arena.overflowed);
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 16));
    arena_reset(&arena);
    assert_false(arena.overflowed);
    assert_non_null(arena_alloc(&arena, 900));
    arena_fini(&arena);
}

static void test_blocks_larger_than_a_block(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 10 << 20);
    char *small = arena_alloc(&arena, 10);
    char *large = arena_alloc(&arena, 3 << 20);
    assert_non_null(small);
    assert_non_null(large);
    memset(large, 1, 3 << 20);
    assert_int_equal(small[0], 0);
    arena_reset(&arena);
    char *again = arena_alloc(&arena, 100);
    assert_int_equal(again[99], 0);
    arena_fini(&arena);
}

// What an article took is there for the next, zeroed again, and counts against the limit again.
static void test_memory_is_kept_between_articles(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int article = 0; article < 3; article++) {
        for (int i = 0; i < 10; i++) {
            unsigned char *memory = arena_alloc(&arena, 100000);
            assert_non_null(memory);
            for (size_t at = 0; at < 100000; at++)
                assert_int_equal(memory[at], 0);
            memset(memory, 0xff, 100000);
        }
        assert_null(arena_alloc(&arena, 100000));
        assert_true(arena.overflowed);
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    // Kept blocks that are too small are passed over.
    unsigned char *memory = arena_alloc(&arena, 500000);
    assert_non_null(memory);
    assert_int_equal(memory[499999], 0);
    arena_fini(&arena);
}

static void test_copy_ends_in_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100);
    struct slice copy = arena_copy(&arena, slice_from_text("Lavrov"));
    assert_string_equal(copy.ptr, "Lavrov");
    assert_int_equal(copy.len, 6);
    assert_string_equal(arena_copy(&arena, slice_from(NULL, 0)).ptr, "");
    assert_null(arena_copy(&arena, slice_from("x", 200)).ptr);
    arena_fini(&arena);
}

static void test_uncleared_memory_is_bounded_too(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    unsigned char *first = arena_alloc_uncleared(&arena, 100);
    unsigned char *second = arena_alloc_array_uncleared(&arena, 10, 30);
    assert_non_null(first);
    assert_true(second >= first + 100);
    memset(first, 1, 100);
    memset(second, 2, 300);
    unsigned char *cleared = arena_alloc(&arena, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(cleared[i], 0);
    assert_null(arena_alloc_array_uncleared(&arena, SIZE_MAX / 2, 16));
    assert_null(arena_alloc_uncleared(&arena, 900));
    assert_true(arena.overflowed);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_limit_is_a_state),
        cmocka_unit_test(test_blocks_larger_than_a_block),
        cmocka_unit_test(test_memory_is_kept_between_articles),
        cmocka_unit_test(test_copy_ends_in_nul),
        cmocka_unit_test(test_uncleared_memory_is_bounded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
