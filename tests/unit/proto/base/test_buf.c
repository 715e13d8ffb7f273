#include "proto/base/buf.h"

#include "tests/unit/cmocka_all.h"

static void test_what_is_put_is_read(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_put_u8(&buf, 0xfe);
    buf_put_u16(&buf, 0xfedc);
    buf_put_u32(&buf, 0xfedcba98);
    buf_put_u64(&buf, 0xfedcba9876543210);
    buf_put_text(&buf, "abc");
    assert_int_equal(buf.len, 18);
    assert_int_equal((unsigned char)buf.ptr[1], 0xdc);
    struct cursor cursor = cursor_from(buf_slice(&buf));
    assert_int_equal(cursor_u8(&cursor), 0xfe);
    assert_int_equal(cursor_u16(&cursor), 0xfedc);
    assert_int_equal(cursor_u32(&cursor), 0xfedcba98);
    assert_true(cursor_u64(&cursor) == 0xfedcba9876543210);
    assert_false(cursor_is_done(&cursor));
    assert_true(slice_is(cursor_bytes(&cursor, 3), "abc"));
    assert_true(cursor_is_done(&cursor));
    buf_fini(&buf);
}

static void test_reading_past_the_end_fails_for_good(void **state)
{
    (void)state;
    struct cursor cursor = cursor_from(slice_from_text("abc"));
    assert_int_equal(cursor_u32(&cursor), 0);
    assert_true(cursor.failed);
    assert_int_equal(cursor_u8(&cursor), 0);
    assert_int_equal(cursor_bytes(&cursor, 1).len, 0);
    assert_false(cursor_is_done(&cursor));
}

static void test_limit_is_remembered(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    buf_put_text(&buf, "0123456789");
    assert_false(buf.failed);
    buf_put_byte(&buf, 'x');
    assert_true(buf.failed);
    assert_int_equal(buf.len, 10);
    buf_reset(&buf);
    buf_put_text(&buf, "again");
    assert_false(buf.failed);
    buf_fini(&buf);
}

static void test_printf_and_decimal(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    buf_printf(&buf, "%s-%d", "x", 7);
    buf_put_byte(&buf, ' ');
    buf_put_decimal(&buf, UINT64_MAX);
    buf_put_byte(&buf, ' ');
    buf_put_decimal(&buf, 0);
    assert_true(slice_is(buf_slice(&buf), "x-7 18446744073709551615 0"));
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_is_read),
        cmocka_unit_test(test_reading_past_the_end_fails_for_good),
        cmocka_unit_test(test_limit_is_remembered),
        cmocka_unit_test(test_printf_and_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
