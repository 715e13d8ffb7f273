#include "proto/base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"

static void test_texts(void **state)
{
    (void)state;
    struct err err = {0};
    assert_string_equal(err_text(&err), "unknown error");
    assert_int_equal(err_set(&err, "line %d", 7), -1);
    assert_int_equal(err_prefix(&err, "%s", "a.conf"), -1);
    assert_string_equal(err_text(&err), "a.conf: line 7");
    assert_int_equal(err_set_errno(&err, ENOENT, "open %s", "x"), -ENOENT);
    assert_string_equal(err_text(&err), "open x: No such file or directory");
}

static void test_long_texts_are_cut_and_null_is_accepted(void **state)
{
    (void)state;
    struct err err = {0};
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, "%s", text);
    err_prefix(&err, "%s", text);
    err_set_errno(&err, EIO, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(err_set(NULL, "x"), -1);
    assert_int_equal(err_set_errno(NULL, EIO, "x"), -EIO);
    assert_int_equal(err_prefix(NULL, "x"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_texts_are_cut_and_null_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
