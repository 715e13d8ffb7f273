#include "proto/wire/article.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire/ack.h"
#include "tests/unit/cmocka_all.h"

static const struct article whole = {
    .uri = {"urn:x:1", 7},
    .title = {"Hi", 2},
    .language = {"en", 2},
    .body = {"Angela Merkel", 13},
};

static void test_vector_of_the_protocol(void **state)
{
    (void)state;
    static const unsigned char expected[] =
        "\x07\0\x02\0\0\0\x02\0\0\0\0\0\x0d\0\0\0urn:x:1HienAngela Merkel";
    struct buf out;
    buf_init(&out, 1000);
    article_encode(&out, &whole);
    assert_int_equal(out.len, 40);
    assert_int_equal(article_size(&whole), 40);
    assert_memory_equal(out.ptr, expected, 40);
    char hex[HASH_HEX_BYTES];
    struct hash128 hash;
    assert_int_equal(article_hash_of(&whole, &hash), 0);
    hash128_format(hash, hex);
    assert_string_equal(hex, "e22f015fdeee1e7ecdbe1a73086e4381");
    buf_reset(&out);
    ack_encode(&out, &(struct ack){.offset = 1, .hash = hash});
    assert_memory_equal(
        out.ptr + 8,
        "\x01\0\0\0\0\0\0\0\x7e\x1e\xee\xde\x5f\x01\x2f\xe2\x81\x43\x6e\x08\x73\x1a\xbe\xcd", 24);
    buf_fini(&out);
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    article_encode(&out, &whole);
    for (size_t len = 0; len <= out.len; len++) {
        // A copy of exactly that length, so that a sanitizer sees any read behind it.
        char *copy = malloc(len ? len : 1);
        memcpy(copy, out.ptr, len);
        struct cursor cursor = cursor_from(slice_from(copy, len));
        struct article article;
        assert_int_equal(article_decode(&cursor, &article) == 0, len == out.len);
        free(copy);
    }
    buf_fini(&out);
}

static void assert_refused(struct article article, enum wire_code code, const char *because)
{
    struct err err = {0};
    assert_int_equal(article_check(&article, 100, &err), code);
    if (!strstr(err_text(&err), because))
        fail_msg("\"%s\" does not say \"%s\"", err_text(&err), because);
}

static void test_rules(void **state)
{
    (void)state;
    struct article article = whole;
    assert_int_equal(article_check(&article, 100, NULL), WIRE_OK);
    article.body = slice_from("abc\xff", 4);
    assert_refused(article, WIRE_BAD_UTF8, "body is not UTF-8 at byte 3 (0xff)");
    article.body = slice_from("abc\0d", 5);
    assert_refused(article, WIRE_BAD_ARTICLE, "body has a NUL byte at byte 3");
    char large[101];
    memset(large, 'x', sizeof large);
    article.body = slice_from(large, sizeof large);
    assert_refused(article, WIRE_TOO_LARGE, "body is 101 bytes, at most 100");
    article = whole;
    article.uri = slice_from("", 0);
    assert_refused(article, WIRE_BAD_ARTICLE, "uri is missing");
    article.uri = slice_from_text("a\nb");
    assert_refused(article, WIRE_BAD_ARTICLE, "uri has a control character at byte 1");
    article = (struct article){.uri = slice_from_text("urn:x")};
    assert_refused(article, WIRE_BAD_ARTICLE, "neither title nor body");
    article = whole;
    article.extra = slice_from_text("[1]");
    assert_refused(article, WIRE_BAD_ARTICLE, "not an object");
    article.extra = slice_from_text("{\"a\":1,\"a\":2}");
    assert_refused(article, WIRE_BAD_JSON, "extra is not JSON");
}

static void assert_json(const struct article *article, const char *expected)
{
    struct buf out;
    buf_init(&out, 1000);
    article_put_json(&out, article);
    buf_put_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buf_fini(&out);
}

static void test_plain_form(void **state)
{
    (void)state;
    assert_json(
        &whole,
        "{\"uri\":\"urn:x:1\",\"title\":\"Hi\",\"language\":\"en\",\"body\":\"Angela Merkel\"}");
    struct article article = {.uri = slice_from_text("u"),
                              .title = slice_from_text("t"),
                              .extra = slice_from_text("{ \"a\":[1] }")};
    assert_json(&article, "{\"uri\":\"u\",\"title\":\"t\",\"a\":[1] }");
    article.extra = slice_from_text("{}");
    assert_json(&article, "{\"uri\":\"u\",\"title\":\"t\"}");
}

static void test_acks_survive(void **state)
{
    (void)state;
    struct ack ack = {.code = WIRE_BAD_UTF8, .message = slice_from_text("body is not UTF-8")}, back;
    struct buf out;
    buf_init(&out, 1000);
    ack_encode(&out, &ack);
    ack_encode(&out, &(struct ack){.duplicate = true, .offset = 1ull << 40, .hash = {1, 2}});
    struct cursor cursor = cursor_from(buf_slice(&out));
    assert_int_equal(ack_decode(&cursor, &back), 0);
    assert_int_equal(back.code, WIRE_BAD_UTF8);
    assert_true(slice_is(back.message, "body is not UTF-8"));
    assert_int_equal(ack_decode(&cursor, &back), 0);
    assert_true(back.duplicate && back.offset == 1ull << 40 && back.hash.low == 2);
    assert_true(cursor_is_done(&cursor));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_of_the_protocol),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_plain_form),
        cmocka_unit_test(test_acks_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
