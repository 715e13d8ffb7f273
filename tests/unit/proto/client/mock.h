// A daemon's ROUTER socket under the test's control: it says exactly what the test wants, and dies
// when the test wants. Same thread as the client, so that every step has one order.
#pragma once

#include <stdint.h>
#include <zmq.h>

#include "proto/base/buf.h"
#include "proto/wire/frame.h"

struct mock {
    void *context;
    void *socket;
    char dir[64];
    char endpoint[128];
};

struct mock_request {
    char peer[256];
    size_t peer_len;
    struct frame frame;
    zmq_msg_t payload;
};

// Binds an ipc endpoint in a folder of its own.
void mock_open(struct mock *mock);
void mock_close(struct mock *mock);

// As if the daemon died and another took its place.
void mock_restart(struct mock *mock);

// Waits up to 5 s for a request; the test fails when none comes. mock_done frees it.
void mock_receive(struct mock *mock, struct mock_request *request);
void mock_done(struct mock_request *request);

struct slice mock_payload(struct mock_request *request);

// True when a request comes within `timeout_ms`; it is left to be received.
int mock_poll(struct mock *mock, long timeout_ms);

void mock_send(struct mock *mock, const struct mock_request *to, uint8_t kind, uint64_t id,
               struct slice payload);
void mock_send_frames(struct mock *mock, const struct mock_request *to, const struct slice *frames,
                      size_t count);
