#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/client/client.h"
#include "proto/wire/events.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/proto/client/mock.h"

enum { WAIT_MS = 5000 };

struct fixture {
    struct mock mock;
    struct telex_client *client;
    struct telex_error error;
    struct buf payload;
    struct mock_request opened; // whom to answer
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mock_open(&f->mock);
    const struct telex_endpoints at = {.stream = f->mock.endpoint};
    assert_int_equal(telex_client_open(&f->client, &at, &f->error), 0);
    buf_init(&f->payload, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    telex_client_close(f->client);
    mock_close(&f->mock);
    buf_fini(&f->payload);
    free(f);
    return 0;
}

// Lets the client work until it has sent a request.
static void expect_request(struct fixture *f, struct mock_request *request, enum frame_kind kind)
{
    struct telex_event event;
    while (!mock_poll(&f->mock, 0)) {
        int got = telex_follow_next(f->client, &event, 10, &f->error);
        if (got != 0)
            fail_msg("%d: %s", got, f->error.message);
    }
    mock_receive(&f->mock, request);
    assert_int_equal(request->frame.kind, kind);
}

static void expect_open(struct fixture *f, const char *json)
{
    expect_request(f, &f->opened, FRAME_OPEN);
    struct slice payload = mock_payload(&f->opened);
    if (!slice_is(payload, json))
        fail_msg("%.*s instead of %s", (int)payload.len, payload.ptr, json);
    mock_done(&f->opened);
}

static void say(struct fixture *f, uint8_t kind, struct slice payload)
{
    mock_send(&f->mock, &f->opened, kind, f->opened.frame.id, payload);
}

static void say_opened(struct fixture *f, uint64_t next)
{
    char json[64];
    snprintf(json, sizeof json, "{\"next\":%llu,\"head\":977}", (unsigned long long)next);
    say(f, FRAME_OPEN | FRAME_REPLY, slice_from_text(json));
}

// Events `first` to `last`, every `step`th; last < first: none.
static void say_events(struct fixture *f, uint64_t first, uint64_t last, uint64_t step,
                       uint64_t next, bool live)
{
    struct events_head head = {.next = next, .live = live};
    buf_reset(&f->payload);
    events_head_encode(&f->payload, &head);
    for (uint64_t i = first; i <= last; i += step, head.count++) {
        char json[64];
        snprintf(json, sizeof json, "{\"number\":%llu}", (unsigned long long)i);
        const struct event_record record = {i, slice_from_text(json)};
        event_record_encode(&f->payload, &record);
    }
    events_head_patch(&f->payload, 0, &head);
    say(f, FRAME_EVENTS, buf_slice(&f->payload));
}

static void expect_event(struct fixture *f, uint64_t sequence)
{
    struct telex_event event;
    int got = telex_follow_next(f->client, &event, WAIT_MS, &f->error);
    if (got != 1)
        fail_msg("event %lu: %d %s", (unsigned long)sequence, got, f->error.message);
    assert_int_equal(event.sequence, sequence);
    char json[64];
    snprintf(json, sizeof json, "{\"number\":%llu}", (unsigned long long)sequence);
    assert_true(slice_is(slice_from(event.json.ptr, event.json.len), json));
}

static void expect_live(struct fixture *f)
{
    struct telex_event event;
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), 0);
    assert_true(telex_follow_is_live(f->client));
}

// A CREDIT or SEEN that the client has sent by now.
static void expect_number(struct fixture *f, enum frame_kind kind, uint64_t number, size_t bytes)
{
    struct mock_request request;
    mock_receive(&f->mock, &request);
    assert_int_equal(request.frame.kind, kind);
    assert_int_equal(request.frame.id, f->opened.frame.id);
    struct cursor cursor = cursor_from(mock_payload(&request));
    uint64_t got = bytes == 8 ? cursor_u64(&cursor) : cursor_u32(&cursor);
    assert_true(cursor_is_done(&cursor));
    assert_int_equal(got, number);
    mock_done(&request);
}

static void start(struct fixture *f, const struct telex_follow_options *options)
{
    assert_int_equal(telex_follow(f->client, options, &f->error), 0);
}

static void the_whole_filter_is_sent(void **state)
{
    struct fixture *f = *state;
    const struct telex_follow_options options = {
        .from = "2026-11-22",
        .cursor = "desk-3",
        .entities = (const char *[]){"Q7747", "Q58217", NULL},
        .types = (const char *[]){"person", NULL},
        .languages = (const char *[]){NULL},
        .sources = (const char *[]){"A \"B\"", NULL},
        .text = true,
        .credit = 7,
    };
    start(f, &options);
    expect_open(f, "{\"credit\":7,\"from\":\"2026-11-22\",\"cursor\":\"desk-3\",\"text\":true,"
                   "\"filter\":{\"entities\":[\"Q7747\",\"Q58217\"],\"types\":[\"person\"],"
                   "\"sources\":[\"A \\\"B\\\"\"]}}");
    assert_int_equal(telex_follow(f->client, &options, &f->error), -1);
}

static void replay_joins_live(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "first"});
    expect_open(f, "{\"credit\":1024,\"from\":\"first\",\"filter\":{}}");
    say_opened(f, 1);
    say_events(f, 1, 3, 1, 4, false);
    say_events(f, 5, 7, 2, 9, false);
    say_events(f, 1, 0, 1, 9, true);
    expect_event(f, 1);
    expect_event(f, 2);
    expect_event(f, 3);
    expect_event(f, 5);
    expect_event(f, 7);
    assert_false(telex_follow_is_live(f->client));
    expect_live(f);
    say_events(f, 9, 9, 1, 10, true);
    expect_event(f, 9);
    assert_true(telex_follow_is_live(f->client));
}

static void credit_is_given_at_half(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "00017", .credit = 10});
    expect_open(f, "{\"credit\":10,\"from\":17,\"filter\":{}}");
    say_opened(f, 17);
    say_events(f, 17, 26, 1, 27, false);
    for (uint64_t i = 17; i < 21; i++)
        expect_event(f, i);
    assert_int_equal(f->client->follow.consumed, 4);
    expect_event(f, 21);
    expect_event(f, 22);
    expect_number(f, FRAME_CREDIT, 5, 4);
    say_events(f, 27, 31, 1, 32, true);
    for (uint64_t i = 23; i <= 31; i++)
        expect_event(f, i);
}

static void a_credit_of_one_goes_on(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "first", .credit = 1});
    expect_open(f, "{\"credit\":1,\"from\":\"first\",\"filter\":{}}");
    say_opened(f, 1);
    for (uint64_t i = 1; i <= 3; i++) {
        say_events(f, i, i, 1, i + 1, true);
        expect_event(f, i);
        expect_number(f, FRAME_CREDIT, 1, 4);
    }
}

static void reconnection_leaves_no_gap(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "first"});
    expect_open(f, "{\"credit\":1024,\"from\":\"first\",\"filter\":{}}");
    say_opened(f, 1);
    say_events(f, 1, 5, 1, 6, true);
    say_events(f, 6, 8, 1, 9, true);
    expect_event(f, 1);
    expect_event(f, 2);
    mock_restart(&f->mock);
    // What had arrived is handed out; what had not is asked for again.
    expect_event(f, 3);
    expect_event(f, 4);
    expect_event(f, 5);
    uint64_t next = f->client->follow.position;
    struct telex_event event;
    while (!mock_poll(&f->mock, 0)) {
        int got = telex_follow_next(f->client, &event, 10, &f->error);
        assert_true(got >= 0);
        if (got)
            assert_int_equal(event.sequence, next++);
    }
    char json[64];
    snprintf(json, sizeof json, "{\"credit\":1024,\"from\":%lu,\"filter\":{}}",
             (unsigned long)next);
    expect_open(f, json);
    assert_false(telex_follow_is_live(f->client));
    say_opened(f, next);
    say_events(f, next, next + 2, 1, next + 3, true);
    for (int i = 0; i < 3; i++)
        expect_event(f, next++);
}

static void a_cursor_behind_repeats_nothing(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.cursor = "desk"});
    expect_open(f, "{\"credit\":1024,\"cursor\":\"desk\",\"filter\":{}}");
    say_opened(f, 4);
    say_events(f, 4, 6, 1, 7, true);
    expect_event(f, 4);
    expect_event(f, 5);
    assert_int_equal(telex_follow_seen(f->client, false, &f->error), 0);
    expect_number(f, FRAME_SEEN, 6, 8);
    mock_restart(&f->mock);
    expect_event(f, 6);
    expect_request(f, &f->opened, FRAME_OPEN); // the cursor was not confirmed: it may be at 4
    mock_done(&f->opened);
    say_opened(f, 4);
    say_events(f, 4, 9, 1, 10, true);
    expect_event(f, 7);
    expect_number(f, FRAME_SEEN, 6, 8);
    expect_event(f, 8);
    expect_event(f, 9);
}

static void seen_waits_until_durable(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.cursor = "desk", .from = "first"});
    expect_open(f, "{\"credit\":1024,\"from\":\"first\",\"cursor\":\"desk\",\"filter\":{}}");
    say_opened(f, 1);
    say_events(f, 1, 1, 1, 5, true);
    expect_event(f, 1);
    assert_int_equal(telex_follow_seen(f->client, false, &f->error), 0);
    expect_number(f, FRAME_SEEN, 5, 8);
    say_events(f, 5, 6, 1, 7, true); // on its way before the confirmation
    say(f, FRAME_SEEN | FRAME_REPLY, slice_from("\5\0\0\0\0\0\0\0", 8));
    assert_int_equal(telex_follow_seen(f->client, true, &f->error), 0);
    expect_event(f, 5);
    expect_event(f, 6);
    say(f, FRAME_SEEN | FRAME_REPLY, slice_from("\x7f\0\0\0\0\0\0\0", 8));
    struct telex_event event;
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_PROTOCOL);
}

static void say_lost(struct fixture *f, uint64_t first, uint64_t last)
{
    struct events_lost lost = {first, last};
    buf_reset(&f->payload);
    events_lost_encode(&f->payload, &lost);
    say(f, FRAME_LOST, buf_slice(&f->payload));
}

static void expect_lost(struct fixture *f, uint64_t first, uint64_t last)
{
    struct telex_event event;
    uint64_t told_first, told_last;
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_LOST);
    assert_true(f->error.retryable);
    assert_true(telex_follow_lost(f->client, &told_first, &told_last));
    assert_int_equal(told_first, first);
    assert_int_equal(told_last, last);
}

static void what_is_lost_is_told_once(void **state)
{
    struct fixture *f = *state;
    uint64_t first, last;
    start(f, &(struct telex_follow_options){.cursor = "desk"});
    assert_false(telex_follow_lost(f->client, &first, &last));
    expect_open(f, "{\"credit\":1024,\"cursor\":\"desk\",\"filter\":{}}");
    say_opened(f, 4);
    say_lost(f, 4, 9);
    say_events(f, 10, 11, 1, 12, false);
    say_lost(f, 12, 20);
    say_events(f, 21, 21, 1, 22, true);
    expect_lost(f, 4, 9);
    assert_string_equal(f->error.message,
                        "events 4 to 9 are lost: the daemon removed them before they were read");
    expect_event(f, 10);
    expect_event(f, 11);
    expect_lost(f, 12, 20);
    assert_int_equal(telex_follow_seen(f->client, false, &f->error), 0);
    expect_number(f, FRAME_SEEN, 21, 8);
    expect_event(f, 21);
    mock_restart(&f->mock);
    expect_request(f, &f->opened, FRAME_OPEN);
    mock_done(&f->opened);
    say_opened(f, 4); // the cursor was not moved
    say_lost(f, 4, 30);
    say_events(f, 31, 31, 1, 32, true);
    expect_lost(f, 22, 30); // of which it knew some
    expect_number(f, FRAME_SEEN, 21, 8);
    expect_event(f, 31);
    mock_restart(&f->mock);
    expect_request(f, &f->opened, FRAME_OPEN);
    mock_done(&f->opened);
    say_opened(f, 4);
    say_lost(f, 4, 30);
    say_events(f, 31, 32, 1, 33, true);
    expect_event(f, 32);
}

static void no_cursor_no_seen(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){0});
    assert_int_equal(telex_follow_seen(f->client, true, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_BAD_REQUEST);
}

static void say_error(struct fixture *f, enum wire_code code)
{
    buf_reset(&f->payload);
    wire_error_encode(&f->payload, code, "because");
    say(f, FRAME_ERROR, buf_slice(&f->payload));
}

static void a_final_error_ends_it(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.cursor = "desk"});
    expect_open(f, "{\"credit\":1024,\"cursor\":\"desk\",\"filter\":{}}");
    say_opened(f, 1);
    say_error(f, WIRE_CURSOR_TAKEN);
    struct telex_event event;
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_CURSOR_TAKEN);
    assert_string_equal(f->error.message, "because");
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_BAD_REQUEST);
    assert_int_equal(telex_follow_close(f->client, &f->error), 0);
    start(f, &(struct telex_follow_options){.from = "now"});
}

static void a_passing_error_reopens(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "first"});
    expect_open(f, "{\"credit\":1024,\"from\":\"first\",\"filter\":{}}");
    say_opened(f, 1);
    say_events(f, 1, 2, 1, 3, true);
    expect_event(f, 1);
    expect_event(f, 2);
    say_error(f, WIRE_STOPPING);
    struct telex_event event;
    assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_STOPPING);
    assert_true(f->error.retryable);
    expect_open(f, "{\"credit\":1024,\"from\":3,\"filter\":{}}");
}

static void silence_reopens(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "first"});
    expect_open(f, "{\"credit\":1024,\"from\":\"first\",\"filter\":{}}");
    say_opened(f, 5);
    say_events(f, 1, 0, 1, 6, true);
    expect_live(f);
    f->client->stream.heard_ms -= 30 * 1000;
    expect_open(f, "{\"credit\":1024,\"from\":6,\"filter\":{}}");
}

static void closing_is_confirmed(void **state)
{
    struct fixture *f = *state;
    start(f, &(struct telex_follow_options){.from = "now"});
    expect_open(f, "{\"credit\":1024,\"from\":\"now\",\"filter\":{}}");
    say_opened(f, 9);
    say_events(f, 1, 0, 1, 9, true);
    expect_live(f);
    say_events(f, 9, 9, 1, 10, true);
    say(f, FRAME_CLOSE | FRAME_REPLY, slice_from(NULL, 0));
    assert_int_equal(telex_follow_close(f->client, &f->error), 0);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    assert_int_equal(request.frame.kind, FRAME_CLOSE);
    mock_done(&request);
}

#define HEAD16(next, count) next "\0\0\0\0\0\0\0" count "\0\0\0\0\0\0\0"
#define ONE(sequence)       sequence "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0{}"

static const struct {
    const char *name;
    uint8_t kind;
    struct slice payload;
} malformed[] = {
    {"no head", FRAME_EVENTS, {"\1\0\0", 3}},
    {"missing event", FRAME_EVENTS, {HEAD16("\2", "\1"), 16}},
    {"left over", FRAME_EVENTS, {HEAD16("\2", "\0") "x", 17}},
    {"before its time", FRAME_EVENTS, {HEAD16("\7", "\1") ONE("\4"), 34}},
    {"beyond next", FRAME_EVENTS, {HEAD16("\7", "\1") ONE("\7"), 34}},
    {"twice", FRAME_EVENTS, {HEAD16("\x8", "\2") ONE("\6") ONE("\6"), 52}},
    {"next goes back", FRAME_EVENTS, {HEAD16("\2", "\0"), 16}},
    {"no credit", FRAME_EVENTS, {HEAD16("\x9", "\3") ONE("\5") ONE("\6") ONE("\7"), 70}},
    {"long event",
     FRAME_EVENTS,
     {HEAD16("\7", "\1") "\5\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0{}", 34}},
    {"opened again", FRAME_OPEN | FRAME_REPLY, {"{\"next\":1}", 10}},
    {"short seen", FRAME_SEEN | FRAME_REPLY, {"\0\0", 2}},
    {"seen too much", FRAME_SEEN | FRAME_REPLY, {"\x9\0\0\0\0\0\0\0", 8}},
    {"short lost", FRAME_LOST, {HEAD16("\5", "\6"), 15}},
    {"lost and more", FRAME_LOST, {HEAD16("\5", "\6") "x", 17}},
    {"lost from behind", FRAME_LOST, {HEAD16("\4", "\6"), 16}},
    {"lost nothing", FRAME_LOST, {HEAD16("\6", "\5"), 16}},
    {"other kind", 0x99, {"", 0}},
    {"error that is none", FRAME_ERROR, {"[]", 2}},
};

static void malformed_messages_are_told(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        start(f, &(struct telex_follow_options){.from = "5", .credit = 2});
        expect_open(f, "{\"credit\":2,\"from\":5,\"filter\":{}}");
        say_opened(f, 5);
        say(f, malformed[i].kind, malformed[i].payload);
        struct telex_event event;
        int got = telex_follow_next(f->client, &event, WAIT_MS, &f->error);
        if (got != -1 || f->error.code != TELEX_PROTOCOL)
            fail_msg("%s: %d %s", malformed[i].name, got, f->error.message);
        assert_int_equal(telex_follow_close(f->client, &f->error), 0);
    }
}

static void open_replies_are_checked(void **state)
{
    struct fixture *f = *state;
    static const char *const replies[] = {"", "[]", "{", "{\"next\":\"5\"}", "{\"next\":-1}"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        start(f, &(struct telex_follow_options){0});
        expect_open(f, "{\"credit\":1024,\"filter\":{}}");
        say(f, FRAME_OPEN | FRAME_REPLY, slice_from_text(replies[i]));
        struct telex_event event;
        assert_int_equal(telex_follow_next(f->client, &event, WAIT_MS, &f->error), -1);
        assert_int_equal(f->error.code, TELEX_PROTOCOL);
        assert_int_equal(telex_follow_close(f->client, &f->error), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_whole_filter_is_sent),   TEST(replay_joins_live),
        TEST(credit_is_given_at_half),    TEST(a_credit_of_one_goes_on),
        TEST(reconnection_leaves_no_gap), TEST(a_cursor_behind_repeats_nothing),
        TEST(seen_waits_until_durable),   TEST(what_is_lost_is_told_once),
        TEST(no_cursor_no_seen),          TEST(a_final_error_ends_it),
        TEST(a_passing_error_reopens),    TEST(silence_reopens),
        TEST(closing_is_confirmed),       TEST(malformed_messages_are_told),
        TEST(open_replies_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
