#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <telex/client.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/proto/client/mock.h"

enum { WAIT_MS = 5000 };

struct fixture {
    struct mock mock;
    struct telex_client *client;
    struct telex_error error;
    pthread_t thread;
    // What the daemon's thread answers to the one request it waits for.
    uint8_t kind;
    int64_t id_off; // the answer's id less the request's
    const char *payload;
    const char *before; // sent with the previous id first; NULL: nothing
    bool die;           // instead of an answer
    char asked[256];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mock_open(&f->mock);
    const struct telex_endpoints at = {.control = f->mock.endpoint};
    assert_int_equal(telex_client_open(&f->client, &at, &f->error), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    telex_client_close(f->client);
    mock_close(&f->mock);
    free(f);
    return 0;
}

static void *serve(void *context)
{
    struct fixture *f = context;
    struct mock_request request;
    mock_receive(&f->mock, &request);
    struct slice payload = mock_payload(&request);
    if (payload.len < sizeof f->asked)
        memcpy(f->asked, payload.ptr, payload.len);
    uint64_t id = request.frame.id;
    if (f->before)
        mock_send(&f->mock, &request, f->kind, id - 1, slice_from_text(f->before));
    if (f->die)
        mock_restart(&f->mock);
    else
        mock_send(&f->mock, &request, f->kind, id + (uint64_t)f->id_off,
                  slice_from_text(f->payload));
    mock_done(&request);
    return NULL;
}

static int ask(struct fixture *f, const char *request, const char *json, char **answer,
               int timeout_ms)
{
    memset(f->asked, 0, sizeof f->asked);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
    int result = telex_ask(f->client, request, json, answer, NULL, timeout_ms, &f->error);
    pthread_join(f->thread, NULL);
    return result;
}

static void an_answer_is_handed_over(void **state)
{
    struct fixture *f = *state;
    f->kind = FRAME_GET | FRAME_REPLY;
    f->payload = "{\"offset\":1}";
    char *answer = NULL;
    assert_int_equal(ask(f, "get", "{\"offset\":1}", &answer, WAIT_MS), 0);
    assert_string_equal(answer, f->payload);
    assert_string_equal(f->asked, "{\"offset\":1}");
    free(answer);
    f->kind = FRAME_DEAD_LIST | FRAME_REPLY;
    f->before = "{\"of\":\"the last question\"}";
    assert_int_equal(ask(f, "dead_list", NULL, &answer, -1), 0);
    assert_string_equal(answer, f->payload);
    assert_string_equal(f->asked, "{}");
    free(answer);
}

static void an_error_is_told(void **state)
{
    struct fixture *f = *state;
    f->kind = FRAME_ERROR;
    f->payload = "{\"code\":\"not_found\",\"message\":\"no such article\",\"retryable\":false}";
    char *answer = NULL;
    assert_int_equal(ask(f, "GET", NULL, &answer, WAIT_MS), -1);
    assert_int_equal(f->error.code, TELEX_NOT_FOUND);
    assert_string_equal(f->error.message, "no such article");
    f->payload = "{\"code\":\"from_the_future\",\"message\":\"?\",\"retryable\":true}";
    assert_int_equal(ask(f, "GET", NULL, &answer, WAIT_MS), -1);
    assert_int_equal(f->error.code, TELEX_INTERNAL);
    assert_true(f->error.retryable);
    f->payload = "\xff\xfe";
    assert_int_equal(ask(f, "GET", NULL, &answer, WAIT_MS), -1);
    assert_int_equal(f->error.code, TELEX_PROTOCOL);
}

static void another_kind_is_refused(void **state)
{
    struct fixture *f = *state;
    f->kind = FRAME_FIND | FRAME_REPLY;
    f->payload = "{}";
    char *answer = NULL;
    assert_int_equal(ask(f, "stats", NULL, &answer, WAIT_MS), -1);
    assert_int_equal(f->error.code, TELEX_PROTOCOL);
}

static void no_answer_is_a_timeout(void **state)
{
    struct fixture *f = *state;
    f->kind = FRAME_STATS | FRAME_REPLY;
    f->payload = "{}";
    f->id_off = 5;
    char *answer = NULL;
    assert_int_equal(ask(f, "stats", NULL, &answer, 50), -1);
    assert_int_equal(f->error.code, TELEX_TIMEOUT);
    assert_true(f->error.retryable);
}

static void a_lost_connection_is_told(void **state)
{
    struct fixture *f = *state;
    f->die = true;
    char *answer = NULL;
    assert_int_equal(ask(f, "verify", NULL, &answer, -1), -1);
    assert_int_equal(f->error.code, TELEX_TIMEOUT);
    assert_non_null(strstr(f->error.message, "lost"));
    f->die = false;
    f->kind = FRAME_VERIFY | FRAME_REPLY;
    f->payload = "{}";
    assert_int_equal(ask(f, "verify", NULL, &answer, WAIT_MS), 0);
    free(answer);
}

static void nobody_there(void **state)
{
    (void)state;
    struct telex_client *client;
    struct telex_error error;
    const struct telex_endpoints at = {.runtime_dir = "/nonexistent"};
    assert_int_equal(telex_client_open(&client, &at, &error), 0);
    assert_string_equal(telex_client_endpoint(client, "control"),
                        "ipc:///nonexistent/control.sock");
    assert_null(telex_client_endpoint(client, "else"));
    char *answer = NULL;
    assert_int_equal(telex_ask(client, "stats", NULL, &answer, NULL, 20, &error), -1);
    assert_int_equal(error.code, TELEX_TIMEOUT);
    assert_int_equal(telex_ask(client, "push", NULL, &answer, NULL, 20, &error), -1);
    assert_int_equal(error.code, TELEX_UNKNOWN_REQUEST);
    telex_client_close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_handed_over),  TEST(an_error_is_told),
        TEST(another_kind_is_refused),   TEST(no_answer_is_a_timeout),
        TEST(a_lost_connection_is_told), cmocka_unit_test(nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
