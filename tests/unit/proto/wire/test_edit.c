#include "proto/wire/edit.h"

#include <errno.h>

#include "tests/unit/cmocka_all.h"

static void test_edits_make_a_text(void **state)
{
    (void)state;
    struct buf edits, text;
    buf_init(&edits, 1000);
    buf_init(&text, 1000);
    struct slice body = slice_from_text("Reklama\nSergej\nLawrow sagte");
    edit_encode(&edits, &(struct edit){.from = 8, .copy = 6, .insert = slice_from_text(" ")});
    edit_encode(&edits, &(struct edit){.from = 15, .copy = 12});
    assert_int_equal(edit_apply(&text, buf_slice(&edits), body), 0);
    assert_true(slice_is(buf_slice(&text), "Sergej Lawrow sagte"));
    buf_fini(&edits);
    buf_fini(&text);
}

static void test_bad_edits_are_refused(void **state)
{
    (void)state;
    struct buf edits, text;
    buf_init(&edits, 1000);
    buf_init(&text, 1000);
    edit_encode(&edits, &(struct edit){.from = 3, .copy = 3});
    assert_int_equal(edit_apply(&text, buf_slice(&edits), slice_from_text("abcde")), -EBADMSG);
    assert_int_equal(
        edit_apply(&text, slice_from(edits.ptr, edits.len - 1), slice_from_text("abcdef")),
        -EBADMSG);
    assert_int_equal(edit_apply(&text, buf_slice(&edits), slice_from_text("")), -EBADMSG);
    struct buf tiny;
    buf_init(&tiny, 2);
    assert_int_equal(edit_apply(&tiny, buf_slice(&edits), slice_from_text("abcdef")), -ENOSPC);
    buf_fini(&tiny);
    buf_fini(&edits);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits_make_a_text),
        cmocka_unit_test(test_bad_edits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
