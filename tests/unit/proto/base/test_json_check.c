#include "proto/base/json_check.h"

#include "proto/base/json.h"
#include "tests/unit/cmocka_all.h"

static void test_objects(void **state)
{
    (void)state;
    static const char *const good[] = {"{}", "{\"a\":1}", "{\"a\":[1,{\"b\":[]}],\"c\":null}",
                                       "{ \"a\" : -0.5e+3 }",
                                       "{\"\\ud83d\\ude00\":\"\\u0142\\n\"}"};
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{}x",
                                      " {}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\":01}",
                                      "{\"a\":1.}",
                                      "{\"a\":+1}",
                                      "{\"a\":[1,]}",
                                      "{\"a\":[}]",
                                      "{\"a\":\"",
                                      "{\"a\":tru}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":\"\\ud83d\"}",
                                      "{\"a\":\"\\ude00\"}",
                                      "{1:2}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!json_is_object_text(slice_from_text(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (json_is_object_text(slice_from_text(bad[i])))
            fail_msg("accepted: %s", bad[i]);
}

static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = 1; depth < 200; depth++) {
        struct buf text;
        buf_init(&text, 10000);
        for (size_t i = 0; i < depth; i++)
            buf_put_text(&text, i + 1 < depth ? "{\"a\":" : "{");
        for (size_t i = 0; i < depth; i++)
            buf_put_byte(&text, '}');
        assert_int_equal(json_is_object_text(buf_slice(&text)), depth <= JSON_MAX_DEPTH);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_objects),
                                       cmocka_unit_test(test_depth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
