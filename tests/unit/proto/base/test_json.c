#include "proto/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"

static void assert_refused(struct slice text, const char *because)
{
    struct err err = {0};
    json_t *root = json_parse(text, &err);
    assert_null(root);
    if (!strstr(err_text(&err), because))
        fail_msg("\"%s\" does not say \"%s\"", err_text(&err), because);
}

static void test_strictness(void **state)
{
    (void)state;
    assert_refused(slice_from_text("{\"a\":1,\"a\":2}"), "duplicate");
    assert_refused(slice_from_text("{\"a\":\"\\u0000\"}"), "\\u0000");
    assert_refused(slice_from_text("{\"a\":\"\xff\"}"), "UTF-8");
    assert_refused(slice_from_text("{\"a\":1} x"), "end of file");
    assert_refused(slice_from("[1\0]", 5), "NUL at byte 2");
    assert_refused(slice_from_text(""), "column");
    assert_refused(slice_from(NULL, 0), "column");
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = 30; depth <= 2000; depth += 3) {
        char *text = malloc((size_t)depth * 2 + 1);
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct err err = {0};
        json_t *root = json_parse(slice_from(text, (size_t)depth * 2), &err);
        assert_true((root != NULL) == (depth <= JSON_MAX_DEPTH));
        json_decref(root);
        free(text);
    }
    json_t *root = json_parse(
        slice_from_text("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}"), NULL);
    assert_non_null(root);
    json_decref(root);
}

static void test_strings_survive(void **state)
{
    (void)state;
    char text[0x180];
    size_t len = 0;
    for (char c = 1; c < 0x7f; c++)
        text[len++] = c;
    memcpy(text + len, "Łódź \xf0\x9f\x98\x80", 12);
    len += 12;
    struct buf out;
    buf_init(&out, 10000);
    json_put_string(&out, slice_from(text, len));
    json_t *value = json_loadb(out.ptr, out.len, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), len);
    assert_memory_equal(json_string_value(value), text, len);
    json_decref(value);
    buf_reset(&out);
    json_put_string(&out, slice_from(NULL, 0));
    assert_true(slice_is(buf_slice(&out), "\"\""));
    buf_fini(&out);
}

static void test_values_are_compact_and_reals_short(void **state)
{
    (void)state;
    json_t *root = json_parse(slice_from_text("{ \"b\" : 0.1, \"a\" : [1, null] }"), NULL);
    struct buf out;
    buf_init(&out, 100);
    json_put_value(&out, root);
    assert_true(slice_is(buf_slice(&out), "{\"b\":0.1,\"a\":[1,null]}"));
    assert_true(slice_is(json_get_slice(root, "b"), ""));
    buf_fini(&out);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strictness),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_strings_survive),
        cmocka_unit_test(test_values_are_compact_and_reals_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
