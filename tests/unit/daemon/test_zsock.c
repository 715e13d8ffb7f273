#include "daemon/zsock.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proto/base/log.h"
#include "tests/unit/daemon/client.h"
#include "tests/unit/daemon/support.h"

// An echo server on the loop, a raw client in another thread.
struct fixture {
    struct test_folder folder;
    uv_loop_t loop;
    struct zsock_context *zmq;
    struct zsock *zsock;
    char endpoint[128];
    unsigned received;
    unsigned pause_at; // pauses itself when so many were received
    uv_timer_t resume;
    bool closed;
};

static void resume_cb(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    zsock_resume(f->zsock);
}

static void echo_cb(struct zsock *zsock, struct zsock_message *message, void *arg)
{
    struct fixture *f = arg;
    struct zsock_reply_to to = zsock_reply_to(message);
    struct slice payload =
        slice_from(zmq_msg_data(message->payload), zmq_msg_size(message->payload));
    assert_int_equal(zsock_send_reply(zsock, &to, &message->frame, payload), 0);
    if (++f->received == f->pause_at) {
        zsock_pause(zsock);
        uv_timer_start(&f->resume, resume_cb, 20, 0);
    }
}

static int open_on(struct fixture *f, const char *endpoint, struct err *err)
{
    struct zsock_options options = {
        .name = "echo",
        .endpoint = endpoint,
        .type = ZMQ_ROUTER,
        .max_message = 1 << 20,
        .receive_hwm = 100,
        .send_hwm = 8, // less than the tests pipeline: replies must wait, not be lost
        .batch = 16};
    return zsock_open(&f->zsock, &f->loop, f->zmq, &options, echo_cb, f, err);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    test_folder_make(&f->folder);
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->resume);
    f->resume.data = f;
    f->zmq = zsock_context_open();
    snprintf(f->endpoint, sizeof f->endpoint, "ipc://%s/run/echo.sock", f->folder.path);
    struct err err = {""};
    if (open_on(f, f->endpoint, &err) != 0)
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static void closed_cb(void *arg)
{
    ((struct fixture *)arg)->closed = true;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    zsock_close(f->zsock, closed_cb, f);
    uv_close((uv_handle_t *)&f->resume, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(f->closed);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    zsock_context_close(f->zmq);
    test_folder_remove(&f->folder);
    free(f);
    return 0;
}

static void expect_echo(struct client *c, uint64_t id, const char *payload)
{
    char text[64];
    struct frame frame = client_receive(c, text, sizeof text);
    assert_int_equal(frame.kind, FRAME_HELLO | FRAME_REPLY);
    assert_int_equal(frame.id, id);
    assert_string_equal(text, payload);
}

// --- tests --------------------------------------------------------------------------------------

enum { ROUNDS = 5000 };

static void ping_pong(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_DEALER);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        client_send(&c, FRAME_HELLO, i, "ping");
        expect_echo(&c, i, "ping");
    }
    client_disconnect(&c);
}

// An edge that is lost would stall it until a heartbeat, and the deadline.
static void test_ping_pong_never_stalls(void **state)
{
    struct fixture *f = *state;
    test_run_beside(&f->loop, ping_pong, f);
    assert_int_equal(f->received, ROUNDS);
}

static void pipeline(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_DEALER);
    int many = 0;
    zmq_setsockopt(c.socket, ZMQ_RCVHWM, &many, sizeof many);
    for (uint64_t i = 0; i < ROUNDS; i++)
        client_send(&c, FRAME_HELLO, i, "p");
    for (uint64_t i = 0; i < ROUNDS; i++)
        expect_echo(&c, i, "p");
    client_disconnect(&c);
}

static void test_a_pipeline_is_answered_in_order(void **state)
{
    struct fixture *f = *state;
    test_run_beside(&f->loop, pipeline, f);
}

static void test_pause_and_resume_lose_nothing(void **state)
{
    struct fixture *f = *state;
    f->pause_at = 1000;
    test_run_beside(&f->loop, pipeline, f);
    assert_int_equal(f->received, ROUNDS);
}

static void request_reply(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_REQ);
    for (uint64_t i = 0; i < 10; i++) {
        client_send(&c, FRAME_HELLO, i, "req");
        expect_echo(&c, i, "req");
    }
    client_disconnect(&c);
}

static void test_a_req_socket_gets_its_delimiter_back(void **state)
{
    struct fixture *f = *state;
    test_run_beside(&f->loop, request_reply, f);
}

static void send_frames(struct client *c, const char *bytes, size_t len, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(zmq_send(c->socket, bytes, len, i + 1 < count ? ZMQ_SNDMORE : 0), len);
}

static void bad_frames(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_DEALER);
    uint8_t head[FRAME_BYTES];
    frame_encode(&(struct frame){.version = WIRE_VERSION, .kind = FRAME_HELLO, .id = 7}, head);
    send_frames(&c, "x", 1, 1);
    client_expect_error(&c, 0, "bad_frame", "frames");
    send_frames(&c, "x", 1, 2);
    client_expect_error(&c, 0, "bad_frame", "header");
    send_frames(&c, (char *)head, sizeof head, 1);
    client_expect_error(&c, 7, "bad_frame", "1 frames");
    send_frames(&c, (char *)head, sizeof head, 3);
    client_expect_error(&c, 7, "bad_frame", "3 frames");
    send_frames(&c, (char *)head, sizeof head, 1000);
    client_expect_error(&c, 7, "bad_frame", "more than");
    head[3] = 9;
    send_frames(&c, (char *)head, sizeof head, 2);
    client_expect_error(&c, 7, "bad_version", "version 9");
    head[3] = WIRE_VERSION;
    head[6] = 1;
    send_frames(&c, (char *)head, sizeof head, 2);
    client_expect_error(&c, 7, "bad_frame", "header");
    client_send(&c, FRAME_HELLO, 8, "still served");
    expect_echo(&c, 8, "still served");
    client_disconnect(&c);
}

static void test_bad_frames_are_answered(void **state)
{
    struct fixture *f = *state;
    test_run_beside(&f->loop, bad_frames, f);
    assert_int_equal(f->received, 1);
    assert_int_equal(zsock_refused(f->zsock), 7);
}

static void long_routing_id(void *arg)
{
    struct fixture *f = arg;
    struct client c = {.zmq = zmq_ctx_new()};
    c.socket = zmq_socket(c.zmq, ZMQ_DEALER);
    char id[100];
    memset(id, 'i', sizeof id);
    zmq_setsockopt(c.socket, ZMQ_ROUTING_ID, id, sizeof id);
    int none = 0;
    zmq_setsockopt(c.socket, ZMQ_LINGER, &none, sizeof none);
    zmq_connect(c.socket, f->endpoint);
    client_send(&c, FRAME_HELLO, 1, "x");
    client_expect_error(&c, 1, "bad_frame", "ROUTING_ID");
    client_disconnect(&c);
}

static void test_a_long_routing_id_is_refused(void **state)
{
    struct fixture *f = *state;
    test_run_beside(&f->loop, long_routing_id, f);
    assert_int_equal(f->received, 0);
}

static void recycle_cb(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    zsock_context_recycle(f->zmq);
}

// A client that is connected already comes back by itself.
static void ask_until_answered(struct client *c)
{
    int patience = 100;
    zmq_setsockopt(c->socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    uint8_t head[FRAME_BYTES];
    for (int i = 0; i < 100; i++) {
        client_send(c, FRAME_HELLO, 1, "again");
        if (zmq_recv(c->socket, head, sizeof head, 0) == sizeof head)
            return;
    }
    fail_msg("no answer after recycling");
}

static void recycled(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_DEALER);
    ask_until_answered(&c);
    uint8_t drop[64];
    while (zmq_recv(c.socket, drop, sizeof drop, 0) >= 0)
        ; // what is left of the answers
    ask_until_answered(&c);
    client_disconnect(&c);
    c = client_connect(f->endpoint, ZMQ_DEALER);
    ask_until_answered(&c);
    client_disconnect(&c);
}

static void run_recycled(struct fixture *f)
{
    for (int i = 0; i < 5; i++) {
        uv_timer_start(&f->resume, recycle_cb, 30, 0);
        test_run_beside(&f->loop, recycled, f);
    }
}

static void test_recycle_on_ipc(void **state)
{
    struct fixture *f = *state;
    run_recycled(f);
    struct stat st;
    assert_int_equal(stat(f->endpoint + 6, &st), 0);
}

static void reopen(struct fixture *f, const char *endpoint)
{
    struct err err = {""};
    zsock_close(f->zsock, NULL, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    if (open_on(f, endpoint, &err) != 0)
        fail_msg("%s", err.text);
    snprintf(f->endpoint, sizeof f->endpoint, "%s", zsock_endpoint(f->zsock));
}

static void test_recycle_on_tcp(void **state)
{
    struct fixture *f = *state;
    reopen(f, "tcp://127.0.0.1:*");
    assert_null(strchr(f->endpoint, '*'));
    run_recycled(f);
}

static void test_ipc_file_and_folder(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/run", f->folder.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(f->endpoint + 6, &st), 0);
    assert_int_equal(st.st_mode & 0117, 0);
    assert_int_equal(st.st_mode & 0600, 0600);
}

static void test_a_running_socket_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct zsock *own = f->zsock;
    struct err err = {""};
    assert_int_equal(open_on(f, f->endpoint, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "another process"));
    f->zsock = own;
    test_run_beside(&f->loop, request_reply, f);
}

static void test_places_that_cannot_be_used(void **state)
{
    struct fixture *f = *state;
    struct zsock *own = f->zsock;
    struct err err = {""};
    char endpoint[256];
    snprintf(endpoint, sizeof endpoint, "ipc:///tmp/%0110d", 0);
    assert_int_equal(open_on(f, endpoint, &err), -ENAMETOOLONG);
    assert_non_null(strstr(err.text, "107"));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/file", f->folder.path);
    fclose(fopen(endpoint + 6, "w"));
    assert_int_equal(open_on(f, endpoint, &err), -EEXIST);
    assert_int_not_equal(open_on(f, "ipc:///proc/none/x.sock", &err), 0);
    assert_null(f->zsock);
    f->zsock = own;
}

static void test_a_dead_socket_is_replaced(void **state)
{
    struct fixture *f = *state;
    zsock_close(f->zsock, NULL, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->endpoint + 6);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    struct err err = {""};
    if (open_on(f, f->endpoint, &err) != 0)
        fail_msg("%s", err.text);
    test_run_beside(&f->loop, request_reply, f);
}

// --- XPUB ---------------------------------------------------------------------------------------

static void publish_cb(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    if (!zsock_has_subscribers(f->zsock))
        return;
    zsock_publish(f->zsock, slice_from_text("other/1"), slice_from_text("no"));
    zsock_publish(f->zsock, slice_from_text("event/1"), slice_from_text("yes"));
}

static void subscribe(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->endpoint, ZMQ_SUB);
    zmq_setsockopt(c.socket, ZMQ_SUBSCRIBE, "event/", 6);
    char topic[32] = "", body[32] = "";
    assert_int_equal(zmq_recv(c.socket, topic, sizeof topic, 0), 7);
    assert_int_equal(zmq_recv(c.socket, body, sizeof body, 0), 3);
    assert_string_equal(topic, "event/1");
    assert_string_equal(body, "yes");
    client_disconnect(&c);
}

static void test_publish_to_subscribers(void **state)
{
    struct fixture *f = *state;
    struct err err;
    zsock_close(f->zsock, NULL, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    struct zsock_options options = {.name = "live",
                                    .endpoint = f->endpoint,
                                    .type = ZMQ_XPUB,
                                    .max_message = 1024,
                                    .receive_hwm = 10,
                                    .send_hwm = 10,
                                    .batch = 16};
    assert_int_equal(zsock_open(&f->zsock, &f->loop, f->zmq, &options, NULL, NULL, &err), 0);
    assert_false(zsock_has_subscribers(f->zsock));
    uv_timer_start(&f->resume, publish_cb, 1, 1);
    test_run_beside(&f->loop, subscribe, f);
    while (zsock_has_subscribers(f->zsock))
        uv_run(&f->loop, UV_RUN_ONCE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_ping_pong_never_stalls),
        TEST(test_a_pipeline_is_answered_in_order),
        TEST(test_pause_and_resume_lose_nothing),
        TEST(test_a_req_socket_gets_its_delimiter_back),
        TEST(test_bad_frames_are_answered),
        TEST(test_a_long_routing_id_is_refused),
        TEST(test_recycle_on_ipc),
        TEST(test_recycle_on_tcp),
        TEST(test_ipc_file_and_folder),
        TEST(test_a_running_socket_is_not_taken),
        TEST(test_places_that_cannot_be_used),
        TEST(test_a_dead_socket_is_replaced),
        TEST(test_publish_to_subscribers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
