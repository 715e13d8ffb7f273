#include "daemon/store/event_json.h"

#include <errno.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "tests/unit/cmocka_all.h"

static const struct hash128 HASH = {.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};

static void assert_text(const struct buf *out, const char *expected)
{
    assert_false(out->failed);
    assert_int_equal(out->len, strlen(expected));
    assert_memory_equal(out->ptr, expected, out->len);
    struct err err = {0};
    json_t *parsed = json_parse(buf_slice(out), &err);
    assert_non_null(parsed);
    json_decref(parsed);
}

static struct event_facts facts_of(const struct article *article)
{
    return (struct event_facts){.event_source = "/telex",
                                .sequence = 42,
                                .time_ms = 1763775360000,
                                .offset = 7,
                                .hash = HASH,
                                .article = article};
}

static void test_tagged_is_exact(void **state)
{
    (void)state;
    const struct article article = {.uri = slice_from_text("https://example.org/\"1\""),
                                    .title = slice_from_text("Ławrow\nw Berlinie"),
                                    .source = slice_from_text("pap"),
                                    .published = slice_from_text("2026-11-22"),
                                    .body = slice_from_text("x")};
    const struct event_facts facts = facts_of(&article);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    event_json_put_tagged(&out, &facts,
                          slice_from_text("{\"language\":{\"tag\":\"pl\"},\"entities\":[]}"));
    assert_text(&out, "{\"specversion\":\"1.0\",\"id\":\"0123456789abcdeffedcba9876543210\","
                      "\"source\":\"/telex\",\"type\":\"telex.article.tagged\","
                      "\"subject\":\"https://example.org/\\\"1\\\"\","
                      "\"time\":\"2025-11-22T01:36:00.000Z\",\"sequence\":\"00000000000000000042\","
                      "\"datacontenttype\":\"application/json\","
                      "\"data\":{\"uri\":\"https://example.org/\\\"1\\\"\",\"offset\":7,"
                      "\"title\":\"Ławrow\\nw Berlinie\",\"source\":\"pap\","
                      "\"published\":\"2026-11-22\","
                      "\"language\":{\"tag\":\"pl\"},\"entities\":[]}}");
    buf_fini(&out);
}

static void test_empty_fields_are_left_out(void **state)
{
    (void)state;
    const struct article article = {.uri = slice_from_text("urn:1"), .body = slice_from_text("x")};
    const struct event_facts facts = facts_of(&article);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    event_json_put_tagged(&out, &facts, slice_from_text("{}"));
    assert_text(&out, "{\"specversion\":\"1.0\",\"id\":\"0123456789abcdeffedcba9876543210\","
                      "\"source\":\"/telex\",\"type\":\"telex.article.tagged\","
                      "\"subject\":\"urn:1\","
                      "\"time\":\"2025-11-22T01:36:00.000Z\","
                      "\"sequence\":\"00000000000000000042\","
                      "\"datacontenttype\":\"application/json\","
                      "\"data\":{\"uri\":\"urn:1\",\"offset\":7}}");
    buf_fini(&out);
}

static void test_dead_is_exact(void **state)
{
    (void)state;
    const struct article article = {.uri = slice_from_text("urn:1"),
                                    .title = slice_from_text("T"),
                                    .body = slice_from_text("x")};
    const struct event_facts facts = facts_of(&article);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    event_json_put_dead(&out, &facts, slice_from_text("tagger"), 3,
                        slice_from_text("killed by signal 9\n"));
    assert_text(&out, "{\"specversion\":\"1.0\","
                      "\"id\":\"0123456789abcdeffedcba9876543210-dead-42\","
                      "\"source\":\"/telex\",\"type\":\"telex.article.dead\","
                      "\"subject\":\"urn:1\","
                      "\"time\":\"2025-11-22T01:36:00.000Z\","
                      "\"sequence\":\"00000000000000000042\","
                      "\"datacontenttype\":\"application/json\","
                      "\"data\":{\"uri\":\"urn:1\",\"offset\":7,\"title\":\"T\","
                      "\"reason\":{\"stage\":\"tagger\",\"attempts\":3,"
                      "\"last_words\":\"killed by signal 9\\n\"}}}");
    buf_fini(&out);
}

static void test_text_is_spliced_into_data(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, SIZE_MAX);
    assert_int_equal(event_json_put_with_text(&out, slice_from_text("{\"data\":{\"uri\":\"x\"}}"),
                                              slice_from_text("a \"b\"\n")),
                     0);
    assert_text(&out, "{\"data\":{\"uri\":\"x\",\"text\":\"a \\\"b\\\"\\n\"}}");
    assert_int_equal(event_json_put_with_text(&out, slice_from_text("}"), slice_from_text("x")),
                     -EBADMSG);
    buf_fini(&out);
}

static void test_last_words_become_utf8(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, SIZE_MAX);
    event_json_put_words(&out, slice_from("ok\xff\0z\xc5\x81\xc5", 8));
    assert_true(slice_is(buf_slice(&out), "ok\xef\xbf\xbd\xef\xbf\xbdz\xc5\x81\xef\xbf\xbd"));
    assert_true(utf8_is_valid(buf_slice(&out)));
    buf_reset(&out);
    event_json_put_words(&out, slice_from(NULL, 0));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tagged_is_exact),
        cmocka_unit_test(test_empty_fields_are_left_out),
        cmocka_unit_test(test_dead_is_exact),
        cmocka_unit_test(test_text_is_spliced_into_data),
        cmocka_unit_test(test_last_words_become_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
