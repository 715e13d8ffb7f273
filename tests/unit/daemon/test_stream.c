// The stream endpoint with a real store, seen from a raw ZeroMQ client.
#include "daemon/stream.h"

#include <stdlib.h>

#include "tests/unit/daemon/wire_client.h"

static const struct parts_event polish = {"pl", "Q1\tperson\tA Person"};
static const struct parts_event german = {"de", NULL};

struct fixture {
    struct parts parts;
    struct client client;
};

static int set_up(void **state)
{
    struct fixture *f = *state = calloc(1, sizeof *f);
    parts_open(&f->parts);
    parts_make_stream(&f->parts);
    client_open(&f->client, &f->parts, 0);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    client_close(&f->client);
    parts_close(&f->parts);
    free(f);
    return 0;
}

static void open_ok(struct client *client, uint64_t id, const char *json)
{
    client_ask(client, FRAME_OPEN, id, json);
    if (client->reply.kind != (FRAME_OPEN | FRAME_REPLY))
        fail_msg("OPEN: %s", client->payload);
}

static void expect_error(struct client *client, uint64_t id, const char *code)
{
    assert_int_equal(client->reply.kind, FRAME_ERROR);
    assert_int_equal(client->reply.id, id);
    char expected[64];
    snprintf(expected, sizeof expected, "\"code\":\"%s\"", code);
    if (!strstr(client->payload, expected))
        fail_msg("not %s: %s", code, client->payload);
}

// The client has exactly the sequences first to last, in order, each once.
static void expect_run(const struct client *client, uint64_t first, uint64_t last)
{
    assert_int_equal(client->events, last + 1 - first);
    for (size_t i = 0; i < client->events; i++)
        assert_int_equal(client->sequences[i], first + i);
}

static struct stream_stats stats_of(struct fixture *f)
{
    struct stream_stats stats;
    stream_get_stats(f->parts.telexd.stream, &stats);
    return stats;
}

static void test_replays_then_goes_on_live(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &polish, 30);
    open_ok(client, 7, "{\"from\":\"first\"}");
    assert_string_equal(client->payload, "{\"next\":1,\"head\":30}");
    CLIENT_WAIT(client, client->events == 30);
    assert_true(client->live);
    parts_add_events(&f->parts, &german, 5);
    CLIENT_WAIT(client, client->events == 35);
    expect_run(client, 1, 35);
    assert_non_null(strstr(client->last_json, "\"sequence\":\"00000000000000000035\""));
    assert_null(strstr(client->last_json, "\"text\""));
}

// While workers tag, a subscriber that came late catches up and goes on: no gap, nothing twice.
static void test_joins_live_without_a_seam(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_set(&f->parts, "crew.tagger=" TELEX_FAKE_WORKER);
    parts_set(&f->parts, "crew.workers=2");
    parts_make_crew(&f->parts);
    parts_push(&f->parts, "fine", 2000);
    open_ok(client, 1, "{\"from\":\"first\",\"credit\":100}");
    size_t credited = 0, pushed = 2000;
    uv_timer_again(&f->parts.deadline);
    while (client->events < 5000 && !f->parts.late) {
        if (pushed < 5000 && client->events >= pushed - 1900)
            parts_push(&f->parts, "fine", 100), pushed += 100;
        client_step(client);
        if (client->events > credited + 50) {
            client_send_credit(client, 1, (uint32_t)(client->events - credited));
            credited = client->events;
        }
    }
    client_barrier(client);
    expect_run(client, 1, 5000);
    assert_int_equal(stats_of(f).delivered, 5000);
}

static void test_sends_no_more_than_credit(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &polish, 50);
    open_ok(client, 1, "{\"from\":\"first\",\"credit\":10}");
    CLIENT_WAIT(client, client->events == 10);
    client_barrier(client);
    expect_run(client, 1, 10);
    assert_int_equal(client->next, 11);
    assert_false(client->live);
    client_send_credit(client, 1, 15);
    CLIENT_WAIT(client, client->events == 25);
    client_barrier(client);
    expect_run(client, 1, 25);
    client_send_credit(client, 1, UINT32_MAX);
    CLIENT_WAIT(client, client->live);
    expect_run(client, 1, 50);
}

static void test_filters(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &german, 10);
    parts_add_events(&f->parts, &polish, 2);
    parts_add_events(&f->parts, &german, 10);
    open_ok(client, 1, "{\"from\":\"first\",\"filter\":{\"languages\":[\"pl\",\"en\"]}}");
    CLIENT_WAIT(client, client->live);
    expect_run(client, 11, 12);
    assert_int_equal(client->next, 23); // also past what the filter kept back
    open_ok(client, 2, "{\"from\":\"first\",\"filter\":{\"entities\":[\"Q2\"]}}");
    CLIENT_WAIT(client, client->positions == 1);
    assert_int_equal(client->events, 2);
    open_ok(client, 3, "{\"from\":12,\"filter\":{\"types\":[\"person\"],\"sources\":[\"PAP\"]}}");
    CLIENT_WAIT(client, client->events == 3);
    assert_int_equal(client->sequences[2], 12);
    parts_add_events(&f->parts, &german, 1);
    parts_add_events(&f->parts, &polish, 1);
    CLIENT_WAIT(client, client->events == 5); // of the first and the third
    client_barrier(client);
    assert_int_equal(client->sequences[3], 24);
    assert_int_equal(client->sequences[4], 24);
}

static void test_brings_the_text_when_asked(void **state)
{
    struct fixture *f = *state;
    parts_add_events(&f->parts, &polish, 3);
    open_ok(&f->client, 1, "{\"from\":\"first\",\"text\":true}");
    CLIENT_WAIT(&f->client, f->client.events == 3);
    assert_non_null(strstr(f->client.last_json, "\"text\":\"Some text\""));
}

static void test_starts_where_it_is_told(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &polish, 10);
    open_ok(client, 1, "{}");
    assert_string_equal(client->payload, "{\"next\":11,\"head\":10}");
    open_ok(client, 2, "{\"from\":\"2001-01-01\",\"credit\":1}");
    assert_string_equal(client->payload, "{\"next\":1,\"head\":10}");
    open_ok(client, 3, "{\"from\":\"2999-01-01T00:00:00Z\"}");
    assert_string_equal(client->payload, "{\"next\":11,\"head\":10}");
    CLIENT_WAIT(client, client->events == 1);
    client_ask(client, FRAME_CLOSE, 1, "");
    client_ask(client, FRAME_CLOSE, 3, "");
    open_ok(client, 4, "{\"from\":13}"); // an event that is to come
    parts_add_events(&f->parts, &polish, 4);
    CLIENT_WAIT(client, client->events == 3);
    assert_int_equal(client->sequences[1], 13);
    assert_int_equal(client->sequences[2], 14);
}

static void expect_seen(struct client *client, uint64_t next)
{
    assert_int_equal(client->reply.kind, FRAME_SEEN | FRAME_REPLY);
    struct cursor cursor = cursor_from(slice_from(client->payload, client->payload_len));
    assert_int_equal(cursor_u64(&cursor), next);
    assert_true(cursor_is_done(&cursor));
}

static void test_a_cursor_is_durable(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &polish, 20);
    open_ok(client, 1, "{\"from\":5,\"cursor\":\"desk\"}");
    assert_int_equal(parts_count(&f->parts).cursors, 1); // made before the reply
    CLIENT_WAIT(client, client->events == 16);
    unsigned long before = client->replies;
    for (uint64_t next = 6; next <= 12; next++)
        client_send_seen(client, 1, next);
    CLIENT_WAIT(client, client->replies == before + 7);
    expect_seen(client, 12);
    client_close(client);
    parts_restart(&f->parts);
    parts_make_stream(&f->parts);
    client_open(client, &f->parts, 0);
    open_ok(client, 1, "{\"from\":\"first\",\"cursor\":\"desk\"}");
    assert_string_equal(client->payload, "{\"next\":12,\"head\":20}");
    CLIENT_WAIT(client, client->events == 9);
    expect_run(client, 12, 20);
}

static void test_a_cursor_is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    static struct client other;
    client_open(&other, &f->parts, 0);
    parts_add_events(&f->parts, &polish, 10);
    open_ok(client, 1, "{\"from\":\"first\",\"cursor\":\"desk\",\"credit\":4}");
    CLIENT_WAIT(client, client->events == 4);
    client_send_seen(client, 1, 5);
    CLIENT_WAIT(client, client->replies == 2);
    expect_seen(client, 5);
    open_ok(&other, 8, "{\"cursor\":\"desk\"}");
    assert_string_equal(other.payload, "{\"next\":5,\"head\":10}");
    CLIENT_WAIT(client, client->replies == 3);
    expect_error(client, 1, "cursor_taken");
    CLIENT_WAIT(&other, other.events == 6);
    assert_int_equal(stats_of(f).subscriptions, 1);
    client_send_seen(client, 1, 6); // the older one has no say any more
    CLIENT_WAIT(client, client->replies == 4);
    expect_error(client, 1, "not_found");
    client_close(&other);
}

static void test_refuses_what_it_does_not_take(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    client_ask(client, FRAME_PUSH, 1, "x");
    expect_error(client, 1, "unknown_request");
    client_ask(client, FRAME_OPEN, 2, "{\"credit\":0}");
    expect_error(client, 2, "bad_request");
    client_ask(client, FRAME_OPEN, 3, "{");
    expect_error(client, 3, "bad_json");
    client_ask(client, FRAME_CREDIT, 4, "abcd");
    expect_error(client, 4, "not_found");
    client_ask(client, FRAME_CREDIT, 4, "abc");
    expect_error(client, 4, "bad_request");
    open_ok(client, 5, "{}");
    client_ask(client, FRAME_OPEN, 5, "{}");
    expect_error(client, 5, "bad_request");
    client_ask(client, FRAME_SEEN, 5, "12345678");
    expect_error(client, 5, "bad_request"); // no cursor
    open_ok(client, 6, "{\"cursor\":\"c\"}");
    client_ask(client, FRAME_SEEN, 6, "12345678");
    expect_error(client, 6, "bad_request"); // far beyond the newest
    client_ask(client, FRAME_CLOSE, 5, "");
    assert_int_equal(client->reply.kind, FRAME_CLOSE | FRAME_REPLY);
    client_ask(client, FRAME_CLOSE, 5, "");
    expect_error(client, 5, "not_found");
}

static void test_subscriptions_have_bounds(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    static struct client other;
    parts_set(&f->parts, "stream.subscriptions=65");
    for (uint64_t id = 1; id <= 64; id++)
        open_ok(client, id, "{}");
    client_ask(client, FRAME_OPEN, 65, "{}");
    expect_error(client, 65, "too_many");
    client_open(&other, &f->parts, 0);
    open_ok(&other, 1, "{}");
    client_ask(&other, FRAME_OPEN, 2, "{}");
    expect_error(&other, 2, "too_many");
    client_close(&other);
}

static void test_one_that_has_gone_is_forgotten(void **state)
{
    struct fixture *f = *state;
    static struct client other;
    client_open(&other, &f->parts, 0);
    open_ok(&other, 1, "{}");
    open_ok(&other, 2, "{\"cursor\":\"x\"}");
    open_ok(&f->client, 1, "{}");
    assert_int_equal(stats_of(f).subscriptions, 3);
    client_close(&other);
    uv_timer_again(&f->parts.deadline);
    while (stats_of(f).subscriptions > 1 && !f->parts.late) {
        parts_add_events(&f->parts, &polish, 1);
        client_step(&f->client);
    }
    assert_int_equal(stats_of(f).subscriptions, 1);
    open_ok(&f->client, 2, "{\"cursor\":\"x\"}");
}

// One that never reads, with all the credit there is, neither holds up another nor is sent more
// than its connection's buffers hold; and when it reads, it gets everything.
static void test_a_slow_reader_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct client *fast = &f->client;
    static struct client slow;
    enum { EVENTS = 15000 };
    client_open(&slow, &f->parts, 1);
    parts_set(&f->parts, "crew.tagger=" TELEX_FAKE_WORKER);
    parts_make_crew(&f->parts);
    parts_push(&f->parts, "fine", EVENTS);
    PARTS_WAIT(&f->parts, parts_count(&f->parts).events == EVENTS);
    open_ok(&slow, 1, "{\"from\":\"first\",\"credit\":65536}");
    open_ok(fast, 1, "{\"from\":\"first\",\"credit\":65536}");
    CLIENT_WAIT(fast, fast->events == EVENTS);
    expect_run(fast, 1, EVENTS);
    client_barrier(fast);
    size_t unread = stats_of(f).delivered - EVENTS;
    assert_true(unread <= (16 + 16) * WIRE_BATCH_EVENTS);
    assert_true(unread < EVENTS);
    CLIENT_WAIT(&slow, slow.events == EVENTS);
    expect_run(&slow, 1, EVENTS);
    client_close(&slow);
}

static void test_a_damaged_event_is_skipped(void **state)
{
    struct fixture *f = *state;
    struct client *client = &f->client;
    parts_add_events(&f->parts, &polish, 6);
    client_close(client);
    parts_restart(&f->parts);
    parts_flip(&f->parts, "\"sequence\":\"00000000000000000003\"");
    parts_make_stream(&f->parts);
    client_open(client, &f->parts, 0);
    open_ok(client, 1, "{\"from\":\"first\"}");
    CLIENT_WAIT(client, client->live);
    assert_int_equal(client->events, 5);
    assert_int_equal(client->sequences[1], 2);
    assert_int_equal(client->sequences[2], 4);
    assert_int_equal(stats_of(f).damaged, 1);
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(test_replays_then_goes_on_live),
        STREAM_TEST(test_joins_live_without_a_seam),
        STREAM_TEST(test_sends_no_more_than_credit),
        STREAM_TEST(test_filters),
        STREAM_TEST(test_brings_the_text_when_asked),
        STREAM_TEST(test_starts_where_it_is_told),
        STREAM_TEST(test_a_cursor_is_durable),
        STREAM_TEST(test_a_cursor_is_taken_over),
        STREAM_TEST(test_refuses_what_it_does_not_take),
        STREAM_TEST(test_subscriptions_have_bounds),
        STREAM_TEST(test_one_that_has_gone_is_forgotten),
        STREAM_TEST(test_a_slow_reader_costs_nothing),
        STREAM_TEST(test_a_damaged_event_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
