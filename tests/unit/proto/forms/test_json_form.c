#include "proto/forms/forms.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"

struct fixture {
    struct arena arena;
    struct article article;
    struct err err;
};

static int setup_cb(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, 8 * 1024 * 1024);
    *state = &fixture;
    return 0;
}

static int teardown_cb(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->arena);
    return 0;
}

// Stands in for the HTML converter: says what it was given.
static int upper_cb(struct slice html, struct arena *arena, struct slice *text, struct err *err)
{
    (void)err;
    char said[256];
    int len = snprintf(said, sizeof said, "text of %.*s", (int)html.len, html.ptr);
    *text = arena_copy(arena, slice_from(said, (size_t)len));
    return 0;
}

static enum wire_code read_bytes(struct fixture *f, struct slice json, forms_html_cb html)
{
    arena_reset(&f->arena);
    f->err.text[0] = '\0';
    return forms_read_json(json, WIRE_BODY_MAX, html, &f->arena, &f->article, &f->err);
}

static void assert_read(struct fixture *f, const char *json)
{
    if (read_bytes(f, slice_from_text(json), upper_cb) != WIRE_OK)
        fail_msg("refused: %s: %s", json, f->err.text);
    assert_int_equal(article_check(&f->article, WIRE_BODY_MAX, &f->err), WIRE_OK);
}

static void assert_text(struct slice got, const char *expected)
{
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)got.len, got.len ? got.ptr : "");
    assert_string_equal(text, expected);
}

static void assert_refused(struct fixture *f, const char *json, enum wire_code code,
                           const char *reason)
{
    enum wire_code got = read_bytes(f, slice_from_text(json), NULL);
    if (got != code)
        fail_msg("%s: code %s instead of %s (%s)", json, wire_code_name((uint8_t)got),
                 wire_code_name((uint8_t)code), f->err.text);
    if (!strstr(f->err.text, reason))
        fail_msg("%s: \"%s\" does not say \"%s\"", json, f->err.text, reason);
}

static void reads_plain(void **state)
{
    struct fixture *f = *state;
    assert_read(f, "{\"uri\":\"urn:1\",\"title\":\"T\",\"body\":\"B\\nb\",\"language\":\"pl\","
                   "\"published\":\"2026-11-22T01:36:00Z\",\"source\":\"PAP\"}");
    assert_text(f->article.uri, "urn:1");
    assert_text(f->article.title, "T");
    assert_text(f->article.body, "B\nb");
    assert_text(f->article.language, "pl");
    assert_text(f->article.published, "2026-11-22T01:36:00Z");
    assert_text(f->article.source, "PAP");
    assert_text(f->article.extra, "");
}

static void keeps_unknown_fields(void **state)
{
    struct fixture *f = *state;
    assert_read(f,
                "{\"z\": [1, 0.1, {\"a\": null}], \"uri\":\"u\", \"body\":\"B\", \"language\":null,"
                " \"headline\":\"not ours here\"}");
    assert_text(f->article.extra, "{\"z\":[1,0.1,{\"a\":null}],\"headline\":\"not ours here\"}");
    assert_text(f->article.title, "");
}

static void reads_what_it_writes(void **state)
{
    struct fixture *f = *state;
    static const char *const inputs[] = {
        "{\"uri\":\"u\",\"title\":\"T\",\"body\":\"B\",\"x\":1}",
        ("{\"uri\":\"u\",\"headline\":\"H\",\"title\":\"T\",\"body_text\":\"B\",\"urgency\":3,"
         "\"body_xhtml\":\"<p>B</p>\",\"versioncreated\":\"2020-01-01T00:00:00Z\"}"),
        "{\"id\":\"u\",\"url\":\"https://x.example/\",\"content_text\":\"B\",\"tags\":[\"a\"]}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct buf first, second;
        buf_init(&first, 65536);
        buf_init(&second, 65536);
        assert_read(f, inputs[i]);
        article_put_json(&first, &f->article);
        buf_put_byte(&first, '\0');
        assert_read(f, first.ptr);
        article_put_json(&second, &f->article);
        buf_put_byte(&second, '\0');
        assert_string_equal(first.ptr, second.ptr);
        buf_fini(&first);
        buf_fini(&second);
    }
}

static void reads_ninjs_1(void **state)
{
    struct fixture *f = *state;
    assert_read(f,
                "{\"uri\":\"tag:a,2020:1\",\"type\":\"text\",\"headline\":\"H\",\"title\":\"slug\","
                "\"body_xhtml\":\"<p>x</p>\",\"body_text\":\"plain\",\"language\":\"de\","
                "\"firstcreated\":\"2020-01-01T00:00:00Z\",\"byline\":\"N. N.\","
                "\"versioncreated\":\"2020-01-02T00:00:00Z\",\"copyrightholder\":\"dpa\"}");
    assert_text(f->article.title, "H");
    assert_text(f->article.body, "plain");
    assert_text(f->article.published, "2020-01-02T00:00:00Z");
    assert_text(f->article.source, "dpa");
    assert_text(f->article.extra,
                "{\"type\":\"text\",\"ninjs_title\":\"slug\",\"body_xhtml\":\"<p>x</p>\","
                "\"firstcreated\":\"2020-01-01T00:00:00Z\",\"byline\":\"N. N.\","
                "\"copyrightholder\":\"dpa\"}");
}

static void reads_ninjs_2_and_3(void **state)
{
    struct fixture *f = *state;
    assert_read(f, "{\"uri\":\"u\",\"headlines\":[{\"role\":\"short\",\"value\":\"s\"},"
                   "{\"role\":\"main\",\"value\":\"M\"}],\"bodies\":[{\"role\":\"html5\","
                   "\"contenttype\":\"text/html\",\"value\":\"<p>x</p>\"},{\"role\":\"text\","
                   "\"contenttype\":\"text/plain\",\"value\":\"plain\"}],"
                   "\"infosources\":[{\"name\":\"AP\",\"uri\":\"http://ap.example\"}],"
                   "\"versioncreated\":\"2020-01-02T00:00:00Z\"}");
    assert_text(f->article.title, "M");
    assert_text(f->article.body, "plain");
    assert_text(f->article.source, "AP");
    assert_text(f->article.extra,
                "{\"headlines\":[{\"role\":\"short\",\"value\":\"s\"}],\"bodies\":[{\"role\":"
                "\"html5\",\"contenttype\":\"text/html\",\"value\":\"<p>x</p>\"}],\"infosources\":"
                "[{\"name\":\"AP\",\"uri\":\"http://ap.example\"}]}");
    assert_read(f, "{\"uri\":\"u\",\"headlines\":[{\"value\":\"M\"}],\"bodies\":[{\"contentType\":"
                   "\"application/xhtml+xml\",\"value\":\"<p>x</p>\"}],"
                   "\"versionCreated\":\"2020-01-03T00:00:00Z\"}");
    assert_text(f->article.body, "text of <p>x</p>");
    assert_text(f->article.published, "2020-01-03T00:00:00Z");
    assert_text(f->article.extra, "");
}

static void reads_caption_of_picture(void **state)
{
    struct fixture *f = *state;
    assert_read(f, "{\"uri\":\"u\",\"type\":\"picture\",\"headlines\":[{\"value\":\"M\"}],"
                   "\"descriptions\":[{\"role\":\"creditline\",\"value\":\"AP\"},"
                   "{\"role\":\"caption\",\"value\":\"What is seen\"}]}");
    assert_text(f->article.body, "What is seen");
    assert_read(f, "{\"uri\":\"u\",\"type\":\"picture\",\"description_text\":\"Seen\"}");
    assert_text(f->article.body, "Seen");
}

static void reads_json_feed_item(void **state)
{
    struct fixture *f = *state;
    assert_read(f, "{\"id\":17,\"url\":\"https://x.example/17\",\"title\":\"T\",\"content_html\":"
                   "\"<p>h</p>\",\"content_text\":\"plain\","
                   "\"date_published\":\"2026-11-22T01:36:00+01:00\"}");
    assert_text(f->article.uri, "17");
    assert_text(f->article.body, "plain");
    assert_text(f->article.published, "2026-11-22T01:36:00+01:00");
    assert_text(f->article.extra,
                "{\"url\":\"https://x.example/17\",\"content_html\":\"<p>h</p>\"}");
    assert_read(f, "{\"url\":\"https://x.example/18\",\"content_html\":\"<p>h</p>\"}");
    assert_text(f->article.uri, "https://x.example/18");
    assert_text(f->article.body, "text of <p>h</p>");
}

// Long bodies take another way through the code; what comes out must be the same.
static void reads_long_bodies_alike(void **state)
{
    struct fixture *f = *state;
    static const char *const forms[] = {"{\"uri\":\"u\",\"body\":\"%s\",\"x\":1}",
                                        "{\"body\":\"%s\",\"uri\":\"u\"}",
                                        "{\"uri\":\"u\",\"headline\":\"H\",\"body_text\":\"%s\"}",
                                        "{\"id\":\"u\",\"url\":\"v\",\"content_text\":\"%s\"}"};
    static const char text[] = "\\\"a\\\\ \\/ \\n\\u0142 \\ud83d\\ude00 \xc5\x82",
                      decoded[] = "\"a\\ / \n\xc5\x82 \xf0\x9f\x98\x80 \xc5\x82";
    char body[1024], json[2048], expected[1024];
    for (size_t i = 0; i < 10; i++) {
        memcpy(body + i * (sizeof text - 1), text, sizeof text);
        memcpy(expected + i * (sizeof decoded - 1), decoded, sizeof decoded);
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(json, sizeof json, forms[i], body);
        assert_read(f, json);
        assert_text(f->article.body, expected);
        assert_text(f->article.uri, "u");
    }
}

static void refuses_long_bodies_alike(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"\\u0000", "\\ud83d", "\\udc00", "\\x",
                                      "\\u12g4", "\n",      "\x01"};
    char body[600] = "", json[2048];
    memset(body, 'a', 500);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(json, sizeof json, "{\"uri\":\"u\",\"body\":\"%s%s\"}", body, bad[i]);
        assert_refused(f, json, WIRE_BAD_JSON, "not JSON");
    }
    snprintf(json, sizeof json, "{\"uri\":\"u\",\"body\":\"%s\",}", body);
    assert_refused(f, json, WIRE_BAD_JSON, "column 522");
    snprintf(json, sizeof json, "{\"uri\":\"u\",\"body\":\"%s\",\"b\\u006fdy\":\"\"}", body);
    assert_refused(f, json, WIRE_BAD_JSON, "uplicate");
    snprintf(json, sizeof json, "{\"body\":\"%s\"}", body);
    assert_refused(f, json, WIRE_BAD_ARTICLE, "uri is missing");
}

// What is not used stays whole in extra.
static void keeps_long_texts(void **state)
{
    struct fixture *f = *state;
    char text[600] = "", json[2048];
    memset(text, 'a', 500);
    snprintf(
        json, sizeof json,
        "{\"uri\":\"u\",\"bodies\":[{\"role\":\"main\",\"value\":\"B\"}],\"body_text\":\"%s\"}",
        text);
    assert_read(f, json);
    assert_text(f->article.body, "B");
    assert_true(f->article.extra.len > 500);
}

static void refuses_with_a_remedy(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "", WIRE_BAD_JSON, "not JSON");
    assert_refused(f, "{\"uri\":\"u\",", WIRE_BAD_JSON, "column");
    assert_refused(f, "{\n\"uri\":\"u\",\n]", WIRE_BAD_JSON, "line 3");
    assert_refused(f, "[]", WIRE_BAD_ARTICLE, "an article is an object");
    assert_refused(f, "{}", WIRE_BAD_ARTICLE, "uri is missing");
    assert_refused(f, "{\"title\":\"T\",\"body\":\"B\"}", WIRE_BAD_ARTICLE, "uri is missing");
    assert_refused(f, "{\"uri\":\"\",\"body\":\"B\"}", WIRE_BAD_ARTICLE, "uri is missing");
    assert_refused(f, "{\"uri\":\"u\"}", WIRE_BAD_ARTICLE, "neither title nor body");
    assert_refused(f, "{\"uri\":7,\"body\":\"B\"}", WIRE_BAD_ARTICLE, "uri is a number");
    assert_refused(f, "{\"uri\":\"u\",\"body\":[]}", WIRE_BAD_ARTICLE, "body is an array");
    assert_refused(f, "{\"uri\":\"u\",\"title\":{},\"body\":\"b\"}", WIRE_BAD_ARTICLE,
                   "title is an object");
    assert_refused(f, "{\"uri\":\"u\",\"bodies\":\"b\"}", WIRE_BAD_ARTICLE, "bodies must be");
    assert_refused(f, "{\"uri\":\"u\",\"body_text\":3}", WIRE_BAD_ARTICLE, "body_text must be");
    assert_refused(f, "{\"uri\":\"u\",\"uri\":\"v\",\"body\":\"B\"}", WIRE_BAD_JSON, "uplicate");
    assert_refused(f, "{\"uri\":\"u\",\"body\":\"a\\u0000b\"}", WIRE_BAD_JSON, "u0000 is not text");
    assert_refused(f, "{\"uri\":\"u\",\"body\":\"a\\ud800b\"}", WIRE_BAD_JSON, "invalid Unicode");
    assert_refused(f, "{\"uri\":\"u\",\"body\":\"\xc5\"}", WIRE_BAD_UTF8, "byte 19");
    assert_refused(f, "{\"uri\":\"a\\nb\",\"body\":\"B\"}", WIRE_BAD_ARTICLE, "uri has a control");
    assert_refused(f, "{\"uri\":\"u\",\"body_xhtml\":\"<p/>\"}", WIRE_BAD_ARTICLE, "telex push");
    assert_refused(f, "{\"id\":\"u\",\"content_html\":\"<p/>\"}", WIRE_BAD_ARTICLE, "telex push");
    assert_refused(f, "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[]}",
                   WIRE_BAD_ARTICLE, "telex push");
    assert_refused(f, "{\"content_text\":\"x\"}", WIRE_BAD_ARTICLE, "id is missing");
}

static void refuses_nul_bytes(void **state)
{
    struct fixture *f = *state;
    static const char json[] = "{\"uri\":\"u\",\"body\":\"a\0b\"}";
    assert_int_equal(read_bytes(f, slice_from(json, sizeof json - 1), NULL), WIRE_BAD_JSON);
}

static void refuses_depth_and_bombs(void **state)
{
    struct fixture *f = *state;
    struct buf json;
    buf_init(&json, 1 << 22);
    buf_put_text(&json, "{\"uri\":\"u\",\"body\":\"b\",\"x\":");
    for (int i = 0; i < 2000; i++)
        buf_put_byte(&json, '[');
    assert_int_equal(read_bytes(f, buf_slice(&json), NULL), WIRE_BAD_JSON);
    assert_non_null(strstr(f->err.text, "nested"));
    buf_reset(&json);
    buf_put_text(&json, "{\"uri\":\"u\",\"body\":\"b\",\"x\":[");
    for (int i = 0; i < FORMS_VALUES_MAX; i++)
        buf_put_text(&json, "{},");
    buf_put_text(&json, "{}]}");
    assert_int_equal(read_bytes(f, buf_slice(&json), NULL), WIRE_TOO_LARGE);
    buf_fini(&json);
}

static void refuses_long_fields(void **state)
{
    struct fixture *f = *state;
    struct buf json;
    buf_init(&json, 1 << 22);
    buf_put_text(&json, "{\"uri\":\"u\",\"body\":\"");
    for (int i = 0; i <= WIRE_BODY_MAX; i++)
        buf_put_byte(&json, 'a');
    buf_put_text(&json, "\"}");
    assert_int_equal(read_bytes(f, buf_slice(&json), NULL), WIRE_TOO_LARGE);
    assert_non_null(strstr(f->err.text, "body is 1048577 bytes"));
    buf_reset(&json);
    buf_put_text(&json, "{\"uri\":\"u\",\"body\":\"b\",\"image\":\"");
    for (int i = 0; i <= WIRE_EXTRA_MAX; i++)
        buf_put_byte(&json, 'a');
    buf_put_text(&json, "\"}");
    assert_int_equal(read_bytes(f, buf_slice(&json), NULL), WIRE_TOO_LARGE);
    assert_non_null(strstr(f->err.text, "encoded"));
    buf_fini(&json);
}

static void survives_a_small_arena(void **state)
{
    struct fixture *f = *state;
    struct arena small;
    arena_init(&small, 32);
    struct slice json =
        slice_from_text("{\"uri\":\"u\",\"title\":\"a title\",\"body\":\"a body\"}");
    assert_int_equal(forms_read_json(json, 100, NULL, &small, &f->article, &f->err),
                     WIRE_TOO_LARGE);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain),
        cmocka_unit_test(keeps_unknown_fields),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(reads_ninjs_1),
        cmocka_unit_test(reads_ninjs_2_and_3),
        cmocka_unit_test(reads_caption_of_picture),
        cmocka_unit_test(reads_json_feed_item),
        cmocka_unit_test(reads_long_bodies_alike),
        cmocka_unit_test(refuses_long_bodies_alike),
        cmocka_unit_test(keeps_long_texts),
        cmocka_unit_test(refuses_with_a_remedy),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(refuses_depth_and_bombs),
        cmocka_unit_test(refuses_long_fields),
        cmocka_unit_test(survives_a_small_arena),
    };
    return cmocka_run_group_tests(tests, setup_cb, teardown_cb);
}
