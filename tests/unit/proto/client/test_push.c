#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "proto/client/client.h"
#include "proto/wire/ack.h"
#include "proto/wire/article.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/proto/client/mock.h"

enum { WAIT_MS = 5000 };

struct fixture {
    struct mock mock;
    struct telex_client *client;
    struct telex_error error;
    struct buf payload;
    uint64_t offset;  // given last
    char tokens[128]; // the token of article N is the place of the Nth
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mock_open(&f->mock);
    const struct telex_endpoints at = {.ingest = f->mock.endpoint};
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

static struct telex_bytes bytes(const char *text)
{
    return (struct telex_bytes){text, strlen(text)};
}

static int push(struct fixture *f, uintptr_t number)
{
    char uri[32];
    snprintf(uri, sizeof uri, "urn:x:%lu", (unsigned long)number);
    const struct telex_article article = {.uri = bytes(uri), .title = bytes("Hi")};
    return telex_push(f->client, &article, &f->tokens[number], &f->error);
}

static void flush(struct fixture *f)
{
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, 0, &f->error), 0);
}

// The articles of a PUSH, checked to be numbers first, first + 1, ...
static uint32_t count_articles(struct mock_request *request, unsigned long first)
{
    assert_int_equal(request->frame.kind, FRAME_PUSH);
    struct cursor cursor = cursor_from(mock_payload(request));
    uint32_t count = 0;
    while (!cursor_is_done(&cursor)) {
        struct article article;
        assert_int_equal(article_decode(&cursor, &article), 0);
        char uri[32];
        snprintf(uri, sizeof uri, "urn:x:%lu", first + count++);
        assert_true(slice_is(article.uri, uri));
    }
    return count;
}

static void acknowledge(struct fixture *f, struct mock_request *request, uint32_t count)
{
    buf_reset(&f->payload);
    for (uint32_t i = 0; i < count; i++) {
        const struct ack ack = {.offset = ++f->offset, .hash = {.low = f->offset}};
        ack_encode(&f->payload, &ack);
    }
    mock_send(&f->mock, request, FRAME_PUSH | FRAME_REPLY, request->frame.id,
              buf_slice(&f->payload));
    mock_done(request);
}

static void expect_ack(struct fixture *f, uintptr_t token, uint64_t offset)
{
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, WAIT_MS, &f->error), 1);
    assert_int_equal(ack.code, TELEX_OK);
    assert_ptr_equal(ack.token, &f->tokens[token]);
    assert_int_equal(ack.offset, offset);
    assert_int_equal(strlen(ack.hash), 32);
    assert_string_equal(ack.message, "");
}

static void articles_travel_in_batches(void **state)
{
    struct fixture *f = *state;
    for (uintptr_t i = 1; i <= 100; i++)
        assert_int_equal(push(f, i), 0);
    assert_int_equal(telex_push_pending(f->client), 100);
    flush(f);
    struct mock_request first, second;
    mock_receive(&f->mock, &first);
    mock_receive(&f->mock, &second);
    assert_int_equal(count_articles(&first, 1), 64);
    assert_int_equal(count_articles(&second, 65), 36);
    assert_true(first.frame.id != second.frame.id);
    acknowledge(f, &first, 64);
    acknowledge(f, &second, 36);
    for (uintptr_t i = 1; i <= 100; i++)
        expect_ack(f, i, i);
    assert_int_equal(telex_push_pending(f->client), 0);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, -1, &f->error), 0);
}

static void a_batch_is_bounded_in_bytes(void **state)
{
    struct fixture *f = *state;
    char *body = calloc(1, 100001);
    memset(body, 'a', 100000);
    const struct telex_article article = {.uri = bytes("urn:x:1"), .body = bytes(body)};
    for (int i = 0; i < 5; i++)
        assert_int_equal(telex_push(f->client, &article, NULL, &f->error), 0);
    flush(f);
    for (int i = 0; i < 3; i++) {
        struct mock_request request;
        mock_receive(&f->mock, &request);
        assert_true(mock_payload(&request).len <= (i < 2 ? 2u : 1u) * 100100);
        mock_done(&request);
    }
    free(body);
}

// The vectors of PROTOCOL.md, appendix C.
static void the_record_is_as_the_protocol_says(void **state)
{
    struct fixture *f = *state;
    const struct telex_article article = {.uri = bytes("urn:x:1"),
                                          .title = bytes("Hi"),
                                          .language = bytes("en"),
                                          .body = bytes("Angela Merkel")};
    assert_int_equal(telex_push(f->client, &article, f, &f->error), 0);
    flush(f);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    static const char record[] = "\x07\0\x02\0\0\0\x02\0\0\0\0\0\x0d\0\0\0urn:x:1HienAngela Merkel";
    assert_true(slice_equal(mock_payload(&request), slice_from(record, sizeof record - 1)));
    static const char reply[] = "\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x7e\x1e\xee\xde\x5f\x01\x2f\xe2"
                                "\x81\x43\x6e\x08\x73\x1a\xbe\xcd";
    mock_send(&f->mock, &request, FRAME_PUSH | FRAME_REPLY, request.frame.id,
              slice_from(reply, sizeof reply - 1));
    mock_done(&request);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, WAIT_MS, &f->error), 1);
    assert_string_equal(ack.hash, "e22f015fdeee1e7ecdbe1a73086e4381");
    assert_ptr_equal(ack.token, f);
    assert_int_equal(ack.offset, 1);
}

static void the_window_holds_back(void **state)
{
    struct fixture *f = *state;
    telex_push_set_window(f->client, 3, 1 << 20);
    for (uintptr_t i = 1; i <= 3; i++)
        assert_int_equal(push(f, i), 0);
    assert_int_equal(push(f, 4), 1);
    flush(f);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    acknowledge(f, &request, count_articles(&request, 1));
    expect_ack(f, 1, 1);
    assert_int_equal(push(f, 4), 0);
    assert_int_equal(push(f, 5), 1);
    telex_push_set_window(f->client, 100, 10);
    assert_int_equal(push(f, 5), 1);
}

static void what_is_unanswered_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct mock_request requests[3];
    for (uintptr_t i = 0; i < 3; i++) {
        push(f, i + 1);
        flush(f);
        mock_receive(&f->mock, &requests[i]);
    }
    acknowledge(f, &requests[0], 1);
    expect_ack(f, 1, 1);
    mock_done(&requests[1]);
    mock_done(&requests[2]);
    mock_restart(&f->mock);
    struct telex_ack ack;
    for (uintptr_t i = 2; i <= 3; i++) {
        while (!mock_poll(&f->mock, 10))
            assert_int_equal(telex_push_wait(f->client, &ack, 10, &f->error), 0);
        mock_receive(&f->mock, &requests[0]);
        assert_int_equal(count_articles(&requests[0], i), 1);
        acknowledge(f, &requests[0], 1);
        expect_ack(f, i, i);
    }
}

static void a_silent_daemon_is_asked_again(void **state)
{
    struct fixture *f = *state;
    f->client->push.patience_ms = 20;
    push(f, 1);
    flush(f);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    mock_done(&request);
    struct telex_ack ack;
    while (!mock_poll(&f->mock, 0))
        assert_int_equal(telex_push_wait(f->client, &ack, 10, &f->error), 0);
    assert_true(f->client->push.patience_ms >= 40);
    mock_receive(&f->mock, &request);
    acknowledge(f, &request, 1);
    f->client->push.patience_ms = 10000;
    expect_ack(f, 1, 1);
}

static void articles_are_refused_one_by_one(void **state)
{
    struct fixture *f = *state;
    push(f, 1);
    push(f, 2);
    flush(f);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    const struct ack acks[] = {
        {.code = WIRE_BAD_UTF8, .message = slice_from_text("body is not UTF-8 at byte 17")},
        {.code = WIRE_BUSY, .message = slice_from_text("queue is full")},
    };
    ack_encode(&f->payload, &acks[0]);
    ack_encode(&f->payload, &acks[1]);
    mock_send(&f->mock, &request, FRAME_PUSH | FRAME_REPLY, request.frame.id,
              buf_slice(&f->payload));
    mock_done(&request);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, WAIT_MS, &f->error), 1);
    assert_int_equal(ack.code, TELEX_BAD_UTF8);
    assert_false(ack.retryable);
    assert_string_equal(ack.message, "body is not UTF-8 at byte 17");
    assert_string_equal(ack.hash, "");
    assert_int_equal(telex_push_wait(f->client, &ack, WAIT_MS, &f->error), 1);
    assert_int_equal(ack.code, TELEX_BUSY);
    assert_true(ack.retryable);
}

static void a_whole_message_is_refused(void **state)
{
    struct fixture *f = *state;
    push(f, 1);
    push(f, 2);
    flush(f);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    wire_error_encode(&f->payload, WIRE_STORE_FULL, "the disk is full");
    mock_send(&f->mock, &request, FRAME_ERROR, request.frame.id, buf_slice(&f->payload));
    mock_done(&request);
    for (uintptr_t i = 1; i <= 2; i++) {
        struct telex_ack ack;
        assert_int_equal(telex_push_wait(f->client, &ack, WAIT_MS, &f->error), 1);
        assert_ptr_equal(ack.token, &f->tokens[i]);
        assert_int_equal(ack.code, TELEX_STORE_FULL);
        assert_true(ack.retryable);
        assert_string_equal(ack.message, "the disk is full");
    }
    assert_int_equal(telex_push_pending(f->client), 0);
}

static void replies_may_overtake(void **state)
{
    struct fixture *f = *state;
    struct mock_request first, second;
    push(f, 1);
    flush(f);
    push(f, 2);
    flush(f);
    mock_receive(&f->mock, &first);
    mock_receive(&f->mock, &second);
    acknowledge(f, &second, 1);
    acknowledge(f, &first, 1);
    expect_ack(f, 2, 1);
    expect_ack(f, 1, 2);
}

static void a_field_that_is_too_long_is_named(void **state)
{
    struct fixture *f = *state;
    char *uri = calloc(1, 3001);
    memset(uri, 'u', 3000);
    const struct telex_article article = {.uri = bytes(uri), .body = bytes("x")};
    assert_int_equal(telex_push(f->client, &article, NULL, &f->error), -1);
    assert_int_equal(f->error.code, TELEX_TOO_LARGE);
    assert_non_null(strstr(f->error.message, "uri"));
    assert_int_equal(telex_push_pending(f->client), 0);
    const struct telex_article huge = {.uri = bytes("u"), .body = {uri, 5 * 1024 * 1024}};
    assert_int_equal(telex_push(f->client, &huge, NULL, &f->error), -1);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, 0, &f->error), 0);
    free(uri);
}

#define HEAD(version, kind, id) "TLX" version kind "\0\0\0" id "\0\0\0\0\0\0\0"
#define FRAME(text)             slice_from(text, sizeof(text) - 1)

static const struct {
    const char *name;
    struct slice frames[3];
    size_t count;
} malformed[] = {
    {"one frame", {{HEAD("\1", "\x82", "\1"), 16}}, 1},
    {"three frames", {{HEAD("\1", "\x82", "\1"), 16}, {"a", 1}, {"b", 1}}, 3},
    {"no header", {{"hello", 5}, {"", 0}}, 2},
    {"other version", {{HEAD("\7", "\x82", "\1"), 16}, {"", 0}}, 2},
    {"unknown id", {{HEAD("\1", "\x82", "\7"), 16}, {"", 0}}, 2},
    {"wrong kind", {{HEAD("\1", "\x83", "\1"), 16}, {"", 0}}, 2},
    {"no acknowledgements", {{HEAD("\1", "\x82", "\1"), 16}, {"", 0}}, 2},
    {"half an acknowledgement", {{HEAD("\1", "\x82", "\1"), 16}, {"\0\0\0\0\0\0", 6}}, 2},
    {"message beyond the end",
     {{HEAD("\1", "\x82", "\1"), 16}, {"\1\0\xff\1zzzzzzzzzzzzzzzzzzzzzzzzzzzzz", 33}},
     2},
    {"too much",
     {{HEAD("\1", "\x82", "\1"), 16},
      {"0123456789012345678901234567890123456789012345678901234567890123", 64}},
     2},
    {"error that is no JSON", {{HEAD("\1", "\xff", "\1"), 16}, {"oops", 4}}, 2},
    {"error without code", {{HEAD("\1", "\xff", "\1"), 16}, {"{}", 2}}, 2},
};

static void malformed_replies_are_told(void **state)
{
    struct fixture *f = *state;
    push(f, 1);
    flush(f);
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct mock_request request;
        struct telex_ack ack;
        f->client->ingest.reopen_ms = f->client->ingest.backoff_ms = 0; // do not be patient
        while (!mock_poll(&f->mock, 0))
            assert_int_equal(telex_push_wait(f->client, &ack, 10, &f->error), 0);
        mock_receive(&f->mock, &request);
        assert_int_equal(request.frame.id, 1);
        mock_send_frames(&f->mock, &request, malformed[i].frames, malformed[i].count);
        mock_done(&request);
        int result = telex_push_wait(f->client, &ack, WAIT_MS, &f->error);
        if (result != -1 || f->error.code != TELEX_PROTOCOL)
            fail_msg("%s: %d %s", malformed[i].name, result, f->error.message);
        assert_int_equal(telex_push_pending(f->client), 1);
    }
}

static void a_descriptor_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait_fd(f->client, ends[0], &ack, 10, &f->error), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(telex_push_wait_fd(f->client, ends[0], &ack, WAIT_MS, &f->error), 2);
    push(f, 1);
    assert_int_equal(telex_push_wait_fd(f->client, ends[0], &ack, WAIT_MS, &f->error), 2);
    struct mock_request request;
    mock_receive(&f->mock, &request);
    acknowledge(f, &request, 1);
    while (telex_push_wait_fd(f->client, ends[0], &ack, WAIT_MS, &f->error) != 1)
        ;
    close(ends[0]);
    close(ends[1]);
}

static void on_alarm_cb(int number)
{
    (void)number;
}

static void a_signal_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    const struct sigaction action = {.sa_handler = on_alarm_cb};
    sigaction(SIGALRM, &action, NULL);
    push(f, 1);
    const struct itimerval soon = {.it_value = {.tv_usec = 20000},
                                   .it_interval = {.tv_usec = 20000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(f->client, &ack, -1, &f->error), 0);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

static void a_bad_endpoint_is_told(void **state)
{
    (void)state;
    struct telex_client *client;
    struct telex_error error;
    const struct telex_endpoints at = {.ingest = "carrier://pigeon"};
    assert_int_equal(telex_client_open(&client, &at, &error), 0);
    const struct telex_article article = {.uri = bytes("u"), .title = bytes("t")};
    assert_int_equal(telex_push(client, &article, NULL, &error), 0);
    struct telex_ack ack;
    assert_int_equal(telex_push_wait(client, &ack, WAIT_MS, &error), -1);
    assert_int_equal(error.code, TELEX_SYSTEM);
    assert_non_null(strstr(error.message, "carrier://pigeon"));
    telex_client_close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(articles_travel_in_batches),
        TEST(a_batch_is_bounded_in_bytes),
        TEST(the_record_is_as_the_protocol_says),
        TEST(the_window_holds_back),
        TEST(what_is_unanswered_is_sent_again),
        TEST(a_silent_daemon_is_asked_again),
        TEST(articles_are_refused_one_by_one),
        TEST(a_whole_message_is_refused),
        TEST(replies_may_overtake),
        TEST(a_field_that_is_too_long_is_named),
        TEST(malformed_replies_are_told),
        TEST(a_descriptor_ends_the_wait),
        TEST(a_signal_ends_the_wait),
        cmocka_unit_test(a_bad_endpoint_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
