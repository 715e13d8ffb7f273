#include "daemon/open_request.h"

#include <string.h>

#include "tests/unit/cmocka_all.h"

static void test_defaults(void **state)
{
    (void)state;
    static const char *const payloads[] = {"", "{}", "{\"from\":\"now\",\"unknown\":[1,2]}"};
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct open_request open;
        struct err err;
        assert_int_equal(open_request_read(&open, slice_from_text(payloads[i]), &err), WIRE_OK);
        assert_int_equal(open.from, OPEN_FROM_NOW);
        assert_int_equal(open.credit, 256);
        assert_string_equal(open.cursor, "");
        assert_false(open.text);
        assert_true(store_filter_is_empty(&open.filter));
        open_request_fini(&open);
    }
}

static void test_everything(void **state)
{
    (void)state;
    static const char payload[] =
        "{\"from\":42,\"cursor\":\"desk-3\",\"credit\":65536,\"text\":true,\"filter\":{"
        "\"entities\":[\"Q7747\",\"Q2\"],\"types\":[\"person\"],\"languages\":[\"pl\",\"de\"],"
        "\"sources\":[\"PAP\"]}}";
    struct open_request open;
    struct err err;
    assert_int_equal(open_request_read(&open, slice_from_text(payload), &err), WIRE_OK);
    assert_int_equal(open.from, OPEN_FROM_SEQUENCE);
    assert_int_equal(open.sequence, 42);
    assert_string_equal(open.cursor, "desk-3");
    assert_int_equal(open.credit, 65536);
    assert_true(open.text);
    assert_int_equal(open.filter.entity_count, 2);
    assert_true(slice_is(open.filter.entities[0], "Q7747"));
    assert_true(slice_is(open.filter.types[0], "person"));
    assert_int_equal(open.filter.language_count, 2);
    assert_true(slice_is(open.filter.sources[0], "PAP"));
    open_request_fini(&open);
}

static void test_where_from(void **state)
{
    (void)state;
    struct open_request open;
    struct err err;
    assert_int_equal(open_request_read(&open, slice_from_text("{\"from\":\"first\"}"), &err), 0);
    assert_int_equal(open.from, OPEN_FROM_FIRST);
    open_request_fini(&open);
    struct slice time = slice_from_text("{\"from\":\"1970-01-01T00:00:01Z\"}");
    assert_int_equal(open_request_read(&open, time, &err), WIRE_OK);
    assert_int_equal(open.from, OPEN_FROM_TIME);
    assert_int_equal(open.time_ms, 1000);
    open_request_fini(&open);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *member;
    } cases[] = {
        {"[]", "object"},
        {"{\"from\":0}", "from"},
        {"{\"from\":1.5}", "from"},
        {"{\"from\":\"yesterday\"}", "from"},
        {"{\"from\":null}", "from"},
        {"{\"cursor\":\"\"}", "cursor"},
        {"{\"cursor\":\"a b\"}", "cursor"},
        {"{\"cursor\":\"../x\"}", "cursor"},
        {"{\"cursor\":7}", "cursor"},
        {"{\"cursor\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
         "cursor"},
        {"{\"credit\":0}", "credit"},
        {"{\"credit\":65537}", "credit"},
        {"{\"credit\":\"9\"}", "credit"},
        {"{\"text\":1}", "text"},
        {"{\"filter\":[]}", "filter"},
        {"{\"filter\":{\"entities\":\"Q1\"}}", "filter.entities"},
        {"{\"filter\":{\"entities\":[\"\"]}}", "filter.entities"},
        {"{\"filter\":{\"entities\":[5]}}", "filter.entities"},
        {"{\"filter\":{\"types\":[\"planet\"]}}", "filter.types"},
        {"{\"filter\":{\"languages\":[\"pl-PL\"]}}", "filter.languages"},
        {"{\"filter\":{\"sources\":[\"\"]}}", "filter.sources"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct open_request open;
        struct err err = {0};
        assert_int_equal(open_request_read(&open, slice_from_text(cases[i].payload), &err),
                         WIRE_BAD_REQUEST);
        assert_non_null(strstr(err.text, cases[i].member));
    }
    struct open_request open;
    assert_int_equal(open_request_read(&open, slice_from_text("{\"from\":1,\"from\":2}"), NULL),
                     WIRE_BAD_JSON);
}

static void test_lists_have_a_bound(void **state)
{
    (void)state;
    for (int count = WIRE_FILTER_VALUES; count <= WIRE_FILTER_VALUES + 1; count++) {
        struct buf payload;
        buf_init(&payload, 65536);
        buf_put_text(&payload, "{\"filter\":{\"sources\":[");
        for (int i = 0; i < count; i++)
            buf_printf(&payload, "%s\"%0255d\"", i ? "," : "", i);
        buf_put_text(&payload, "]}}");
        struct open_request open;
        struct err err;
        bool fits = count <= WIRE_FILTER_VALUES;
        assert_int_equal(open_request_read(&open, buf_slice(&payload), &err),
                         fits ? WIRE_OK : WIRE_BAD_REQUEST);
        if (fits)
            open_request_fini(&open);
        buf_fini(&payload);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),           cmocka_unit_test(test_everything),
        cmocka_unit_test(test_where_from),         cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_lists_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
