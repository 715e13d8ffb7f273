#include "tests/unit/proto/client/mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

static void mock_bind(struct mock *mock)
{
    mock->context = zmq_ctx_new();
    mock->socket = zmq_socket(mock->context, ZMQ_ROUTER);
    int linger = 0, hwm = 0;
    zmq_setsockopt(mock->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(mock->socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    zmq_setsockopt(mock->socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
    assert_int_equal(zmq_bind(mock->socket, mock->endpoint), 0);
}

void mock_open(struct mock *mock)
{
    snprintf(mock->dir, sizeof mock->dir, "/tmp/telex-test-XXXXXX");
    assert_non_null(mkdtemp(mock->dir));
    snprintf(mock->endpoint, sizeof mock->endpoint, "ipc://%s/mock.sock", mock->dir);
    mock_bind(mock);
}

static void mock_stop(struct mock *mock)
{
    zmq_close(mock->socket);
    zmq_ctx_term(mock->context);
}

void mock_close(struct mock *mock)
{
    mock_stop(mock);
    unlink(mock->endpoint + strlen("ipc://"));
    rmdir(mock->dir);
}

void mock_restart(struct mock *mock)
{
    mock_stop(mock);
    mock_bind(mock);
}

int mock_poll(struct mock *mock, long timeout_ms)
{
    zmq_pollitem_t item = {.socket = mock->socket, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, timeout_ms) == 1;
}

void mock_receive(struct mock *mock, struct mock_request *request)
{
    assert_true(mock_poll(mock, 5000));
    char head[64];
    int len = zmq_recv(mock->socket, request->peer, sizeof request->peer, 0);
    assert_true(len > 0 && (size_t)len <= sizeof request->peer);
    request->peer_len = (size_t)len;
    len = zmq_recv(mock->socket, head, sizeof head, 0);
    assert_int_equal(len, FRAME_BYTES);
    assert_int_equal(frame_decode(slice_from(head, FRAME_BYTES), &request->frame), WIRE_OK);
    zmq_msg_init(&request->payload);
    assert_true(zmq_msg_recv(&request->payload, mock->socket, 0) >= 0);
    assert_false(zmq_msg_more(&request->payload));
}

void mock_done(struct mock_request *request)
{
    zmq_msg_close(&request->payload);
}

struct slice mock_payload(struct mock_request *request)
{
    return slice_from(zmq_msg_data(&request->payload), zmq_msg_size(&request->payload));
}

void mock_send_frames(struct mock *mock, const struct mock_request *to, const struct slice *frames,
                      size_t count)
{
    assert_true(zmq_send(mock->socket, to->peer, to->peer_len, ZMQ_SNDMORE) >= 0);
    for (size_t i = 0; i < count; i++) {
        int flags = i + 1 < count ? ZMQ_SNDMORE : 0;
        assert_true(zmq_send(mock->socket, frames[i].ptr, frames[i].len, flags) >= 0);
    }
}

void mock_send(struct mock *mock, const struct mock_request *to, uint8_t kind, uint64_t id,
               struct slice payload)
{
    const struct frame frame = {.version = WIRE_VERSION, .kind = kind, .id = id};
    uint8_t head[FRAME_BYTES];
    frame_encode(&frame, head);
    const struct slice frames[] = {slice_from(head, sizeof head), payload};
    mock_send_frames(mock, to, frames, 2);
}
