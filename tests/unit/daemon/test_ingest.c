#include "daemon/ingest.h"

#include "proto/base/log.h"
#include "proto/wire/ack.h"
#include "tests/unit/daemon/client.h"
#include "tests/unit/daemon/parts.h"

// --- articles and acknowledgements --------------------------------------------------------------

static void put_article(struct buf *out, const char *uri, struct slice body)
{
    struct article article = {.uri = slice_from_text(uri), .body = body};
    article_encode(out, &article);
    assert_false(out->failed);
}

static void put_text(struct buf *out, const char *uri, const char *body)
{
    put_article(out, uri, slice_from_text(body));
}

static void push(struct client *c, uint64_t id, const struct buf *records)
{
    client_send_bytes(c, FRAME_PUSH, id, buf_slice(records));
}

enum { ACKS_BYTES = 256 * 600 };

// The acknowledgements of the next reply. Their messages live until the next call.
static size_t receive_acks(struct client *c, uint64_t id, struct ack *acks, size_t most)
{
    static char payload[ACKS_BYTES];
    size_t len, count = 0;
    struct frame frame = client_receive_bytes(c, payload, sizeof payload, &len);
    if (frame.kind != (FRAME_PUSH | FRAME_REPLY))
        fail_msg("kind 0x%02x: %s", frame.kind, payload);
    assert_int_equal(frame.id, id);
    struct cursor cursor = cursor_from(slice_from(payload, len));
    while (cursor_left(&cursor)) {
        assert_true(count < most);
        assert_int_equal(ack_decode(&cursor, &acks[count++]), 0);
    }
    return count;
}

// --- the fixture --------------------------------------------------------------------------------

static int set_up(void **state)
{
    struct parts *parts = calloc(1, sizeof *parts);
    assert_non_null(parts);
    parts_open(parts);
    parts_set(parts, "ingest.article_max=100000");
    parts_make_ingest(parts);
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_BUILT, "test");
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_RECOVERED, "test");
    *state = parts;
    return 0;
}

static int tear_down(void **state)
{
    parts_close(*state);
    free(*state);
    return 0;
}

static const struct ingest_stats *stats_of(struct parts *parts)
{
    return ingest_get_stats(parts->telexd.ingest);
}

static void beside(struct parts *parts, void (*work)(void *arg))
{
    test_run_beside(&parts->loop, work, parts);
}

static struct client client_of(struct parts *parts)
{
    return client_connect(parts->telexd.config->ingest_endpoint, ZMQ_DEALER);
}

// --- tests --------------------------------------------------------------------------------------

static void push_the_vector(void *arg)
{
    struct client c = client_of(arg);
    struct buf records;
    struct ack ack;
    buf_init(&records, 4096);
    struct article article = {.uri = slice_from_text("urn:x:1"),
                              .title = slice_from_text("Hi"),
                              .language = slice_from_text("en"),
                              .body = slice_from_text("Angela Merkel")};
    article_encode(&records, &article);
    for (int duplicate = 0; duplicate < 2; duplicate++) {
        push(&c, 1, &records);
        assert_int_equal(receive_acks(&c, 1, &ack, 1), 1);
        assert_int_equal(ack.code, WIRE_OK);
        assert_int_equal(ack.duplicate, duplicate);
        assert_int_equal(ack.offset, 1);
        assert_int_equal(ack.hash.high, 0xe22f015fdeee1e7e);
        assert_int_equal(ack.hash.low, 0xcdbe1a73086e4381);
    }
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_the_protocols_vector(void **state)
{
    struct parts *parts = *state;
    beside(parts, push_the_vector);
    assert_int_equal(stats_of(parts)->accepted, 1);
    assert_int_equal(stats_of(parts)->duplicates, 1);
    assert_int_equal(stats_of(parts)->queued_articles, 0);
    assert_int_equal(stats_of(parts)->queued_bytes, 0);
    assert_int_equal(parts_count(parts).articles, 1);
}

// Good and bad neighbours in one request: each its own verdict, in order.
static void push_mixed(void *arg)
{
    struct client c = client_of(arg);
    struct buf records;
    struct ack acks[8];
    static char large[100001];
    memset(large, 'x', sizeof large);
    buf_init(&records, 1 << 20);
    put_text(&records, "urn:m:1", "good");
    put_text(&records, "urn:m:2",
             "b\xff"
             "d");
    put_text(&records, "", "no uri");
    put_article(&records, "urn:m:4", slice_from("nul\0nul", 7));
    put_article(&records, "urn:m:5", slice_from(large, sizeof large));
    put_text(&records, "urn:m:6", "");
    put_text(&records, "urn:m:1", "good");
    put_text(&records, "urn:m:8", "good too");
    push(&c, 9, &records);
    assert_int_equal(receive_acks(&c, 9, acks, 8), 8);
    const struct {
        enum wire_code code;
        const char *word;
    } wanted[] = {{WIRE_OK, ""},
                  {WIRE_BAD_UTF8, "byte 1 (0xff)"},
                  {WIRE_BAD_ARTICLE, "uri"},
                  {WIRE_BAD_ARTICLE, "NUL"},
                  {WIRE_TOO_LARGE, "100001"},
                  {WIRE_BAD_ARTICLE, "title"},
                  {WIRE_OK, ""},
                  {WIRE_OK, ""}};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(acks[i].code, wanted[i].code);
        assert_non_null(memmem(acks[i].message.ptr, acks[i].message.len, wanted[i].word,
                               strlen(wanted[i].word)));
        assert_int_equal(acks[i].offset > 0, acks[i].code == WIRE_OK);
    }
    assert_true(acks[6].duplicate);
    assert_int_equal(acks[6].offset, acks[0].offset);
    assert_int_equal(acks[7].offset, acks[0].offset + 1);
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_a_bad_article_does_not_touch_its_neighbours(void **state)
{
    struct parts *parts = *state;
    beside(parts, push_mixed);
    assert_int_equal(parts_count(parts).articles, 2);
    assert_int_equal(stats_of(parts)->refused[WIRE_BAD_ARTICLE], 3);
    assert_int_equal(stats_of(parts)->refused[WIRE_BAD_UTF8], 1);
}

static void push_nonsense(void *arg)
{
    struct client c = client_of(arg);
    struct buf records;
    struct ack ack;
    buf_init(&records, 1 << 20);
    push(&c, 1, &records);
    client_expect_error(&c, 1, "bad_request", "empty");
    put_text(&records, "urn:n:1", "whole");
    buf_put_byte(&records, 'x');
    push(&c, 2, &records);
    client_expect_error(&c, 2, "bad_request", "record 2, at byte 28");
    buf_reset(&records);
    for (int i = 0; i < 257; i++)
        put_text(&records, "urn:n:1", "whole");
    push(&c, 3, &records);
    client_expect_error(&c, 3, "too_large", "256");
    client_send(&c, FRAME_OPEN, 4, "{}");
    client_expect_error(&c, 4, "unknown_request", "PUSH");
    client_send(&c, 0x7f, 5, "{}");
    client_expect_error(&c, 5, "unknown_request", "PUSH");
    buf_reset(&records);
    put_text(&records, "", "no uri"); // nothing to commit: answered at once
    push(&c, 6, &records);
    assert_int_equal(receive_acks(&c, 6, &ack, 1), 1);
    assert_int_equal(ack.code, WIRE_BAD_ARTICLE);
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_what_cannot_be_cut_is_refused_whole(void **state)
{
    struct parts *parts = *state;
    beside(parts, push_nonsense);
    assert_int_equal(parts_count(parts).articles, 0);
}

static void push_json(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_PUSH_JSON,
                               "{\"uri\":\"urn:j:1\",\"title\":\"T\",\"body\":\"B\",\"x\":[1]}");
    assert_int_equal(client_number(reply, "offset"), 1);
    assert_int_equal(strlen(client_text(reply, "hash")), 32);
    assert_true(json_is_false(json_object_get(reply, "duplicate")));
    json_decref(reply);
    reply = client_ask(&c, FRAME_PUSH_JSON,
                       "{\"uri\":\"urn:j:2\",\"headline\":\"N\",\"body_text\":\"Body\"}");
    assert_int_equal(client_number(reply, "offset"), 2);
    json_decref(reply);
    client_ask_refused(&c, FRAME_PUSH_JSON, "{\"title\":\"T\"}", "bad_article", "uri");
    client_ask_refused(&c, FRAME_PUSH_JSON, "{\"uri\":", "bad_json", "");
    client_ask_refused(&c, FRAME_PUSH_JSON, "", "bad_json", "");
    client_ask_refused(&c, FRAME_PUSH_JSON, "{\"uri\":\"a\",\"uri\":\"b\",\"body\":\"c\"}",
                       "bad_json", "duplicate");
    client_disconnect(&c);
}

static void test_json_articles(void **state)
{
    struct parts *parts = *state;
    beside(parts, push_json);
    assert_int_equal(parts_count(parts).articles, 2);
}

static void say_hello(void *arg)
{
    struct parts *parts = arg;
    struct client c = client_of(parts);
    json_t *reply = client_ask(&c, FRAME_HELLO, "{\"client\":\"a \\\"test\\\"\"}");
    assert_int_equal(client_number(reply, "protocol"), 1);
    assert_string_equal(client_text(reply, "endpoint"), "ingest");
    assert_string_equal(client_text(reply, "store"), store_uuid(parts->telexd.store));
    assert_int_equal(strlen(client_text(reply, "store")), 36);
    assert_int_equal(client_number(json_object_get(reply, "limits"), "body"), 100000);
    json_decref(reply);
    json_decref(client_ask(&c, FRAME_HELLO, ""));
    client_ask_refused(&c, FRAME_HELLO, "[]", "bad_request", "object");
    client_ask_refused(&c, FRAME_HELLO, "{\"client\":1}", "bad_request", "client");
    client_disconnect(&c);
}

static void test_hello(void **state)
{
    beside(*state, say_hello);
}

// A pipeline of many requests: none lost, replies in the order of the requests, and reading rests
// while too much waits.
enum { REQUESTS = 3000 };

static void push_many(void *arg)
{
    struct client c = client_of(arg);
    struct buf records;
    static char body[4000];
    memset(body, 'b', sizeof body);
    buf_init(&records, 1 << 20);
    for (unsigned i = 0; i < REQUESTS; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:many:%u", i);
        buf_reset(&records);
        put_article(&records, uri, slice_from(body, sizeof body));
        push(&c, i, &records);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct ack ack;
        assert_int_equal(receive_acks(&c, i, &ack, 1), 1);
        assert_int_equal(ack.code, WIRE_OK);
        assert_int_equal(ack.offset, i + 1);
    }
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_reading_rests_while_too_much_waits(void **state)
{
    struct parts *parts = *state;
    parts->telexd.config->ingest_queue_articles = 100;
    beside(parts, push_many);
    assert_true(stats_of(parts)->pauses > 0);
    assert_int_equal(stats_of(parts)->accepted, REQUESTS);
    assert_int_equal(stats_of(parts)->queued_bytes, 0);
    assert_int_equal(parts_count(parts).articles, REQUESTS);
}

static void push_while_draining(void *arg)
{
    struct client c = client_of(arg);
    struct buf records;
    buf_init(&records, 4096);
    put_text(&records, "urn:d:1", "late");
    push(&c, 1, &records);
    client_expect_error(&c, 1, "stopping", "shutting down");
    client_ask_refused(&c, FRAME_PUSH_JSON, "{\"uri\":\"a\",\"body\":\"b\"}", "stopping", "");
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_draining_refuses(void **state)
{
    struct parts *parts = *state;
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_STOP, "test");
    beside(parts, push_while_draining);
    assert_int_equal(parts_count(parts).articles, 0);
}

// The peer has gone before its commit came back: what was stored stays stored.
static void push_and_go(void *arg)
{
    struct parts *parts = arg;
    struct client c = client_of(parts);
    int patience = 10000;
    zmq_setsockopt(c.socket, ZMQ_LINGER, &patience, sizeof patience);
    struct buf records;
    buf_init(&records, 4096);
    put_text(&records, "urn:gone:1", "body");
    push(&c, 1, &records);
    buf_fini(&records);
    client_disconnect(&c);
}

static void test_a_peer_that_has_gone(void **state)
{
    struct parts *parts = *state;
    beside(parts, push_and_go);
    PARTS_WAIT(parts, stats_of(parts)->accepted == 1);
    assert_int_equal(parts_count(parts).articles, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_the_protocols_vector),
        TEST(test_a_bad_article_does_not_touch_its_neighbours),
        TEST(test_what_cannot_be_cut_is_refused_whole),
        TEST(test_json_articles),
        TEST(test_hello),
        TEST(test_reading_rests_while_too_much_waits),
        TEST(test_draining_refuses),
        TEST(test_a_peer_that_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
