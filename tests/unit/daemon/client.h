// A raw client for the daemon's tests: libzmq and the frames, nothing of libtelex. It blocks, so it
// lives in a thread of its own (test_run_beside).
#pragma once

#include <string.h>
#include <zmq.h>

#include "proto/base/json.h"
#include "proto/wire/frame.h"
#include "tests/unit/cmocka_all.h"

enum { CLIENT_PATIENCE_MS = 20000 };

struct client {
    void *zmq, *socket;
};

static inline struct client client_connect(const char *endpoint, int type)
{
    struct client c = {.zmq = zmq_ctx_new()};
    c.socket = zmq_socket(c.zmq, type);
    int patience = CLIENT_PATIENCE_MS, none = 0;
    zmq_setsockopt(c.socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    zmq_setsockopt(c.socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
    zmq_setsockopt(c.socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(c.socket, ZMQ_RCVHWM, &none, sizeof none);
    assert_int_equal(zmq_connect(c.socket, endpoint), 0);
    return c;
}

static inline void client_disconnect(struct client *c)
{
    zmq_close(c->socket);
    zmq_ctx_term(c->zmq);
}

static inline void client_send_bytes(struct client *c, uint8_t kind, uint64_t id,
                                     struct slice payload)
{
    uint8_t head[FRAME_BYTES];
    frame_encode(&(struct frame){.version = WIRE_VERSION, .kind = kind, .id = id}, head);
    assert_int_equal(zmq_send(c->socket, head, sizeof head, ZMQ_SNDMORE), sizeof head);
    assert_true(zmq_send(c->socket, payload.ptr, payload.len, 0) >= 0);
}

static inline void client_send(struct client *c, uint8_t kind, uint64_t id, const char *payload)
{
    client_send_bytes(c, kind, id, slice_from_text(payload));
}

// Header and payload of the next message; the payload ends in NUL. *len may be NULL.
static inline struct frame client_receive_bytes(struct client *c, char *payload, size_t size,
                                                size_t *len)
{
    uint8_t head[FRAME_BYTES];
    struct frame frame;
    assert_int_equal(zmq_recv(c->socket, head, sizeof head, 0), sizeof head);
    assert_int_equal(frame_decode(slice_from(head, sizeof head), &frame), WIRE_OK);
    int got = zmq_recv(c->socket, payload, size - 1, 0);
    assert_true(got >= 0 && (size_t)got < size);
    payload[got] = '\0';
    if (len)
        *len = (size_t)got;
    return frame;
}

static inline struct frame client_receive(struct client *c, char *payload, size_t size)
{
    return client_receive_bytes(c, payload, size, NULL);
}

// The next message is an ERROR with this code, whose message has this word.
static inline void client_expect_error(struct client *c, uint64_t id, const char *code,
                                       const char *word)
{
    char text[2048];
    struct frame frame = client_receive(c, text, sizeof text);
    if (frame.kind != FRAME_ERROR)
        fail_msg("no error but kind 0x%02x: %s", frame.kind, text);
    assert_int_equal(frame.id, id);
    json_t *root = json_parse(slice_from_text(text), NULL);
    assert_string_equal(json_string_value(json_object_get(root, "code")), code);
    const char *message = json_string_value(json_object_get(root, "message"));
    if (!strstr(message, word))
        fail_msg("\"%s\" does not say \"%s\"", message, word);
    json_decref(root);
}

// Asks, and gives the answer as JSON, which the caller releases; fails the test on an ERROR.
static inline json_t *client_ask(struct client *c, uint8_t kind, const char *payload)
{
    static char text[1024 * 1024];
    client_send(c, kind, 4711, payload);
    struct frame frame = client_receive(c, text, sizeof text);
    if (frame.kind != (kind | FRAME_REPLY))
        fail_msg("%s answered with kind 0x%02x: %s", payload, frame.kind, text);
    assert_int_equal(frame.id, 4711);
    struct err err = {""};
    json_t *root = json_parse(slice_from_text(text), &err);
    if (!root)
        fail_msg("%s: %s", err.text, text);
    return root;
}

static inline void client_ask_refused(struct client *c, uint8_t kind, const char *payload,
                                      const char *code, const char *word)
{
    client_send(c, kind, 4712, payload);
    client_expect_error(c, 4712, code, word);
}

static inline long long client_number(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value))
        fail_msg("no number \"%s\"", member);
    return json_integer_value(value);
}

static inline const char *client_text(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_string(value))
        fail_msg("no text \"%s\"", member);
    return json_string_value(value);
}
