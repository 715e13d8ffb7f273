// ZeroMQ on libuv: the only file that knows how the two meet.
//
// ZMQ_FD is edge-triggered, and any send, receive or ZMQ_EVENTS read consumes the edge. So
// readiness is never taken from the fd: a prepare and a check handle look at ZMQ_EVENTS around
// every poll, an idle handle keeps the loop from sleeping while work is left, and the poll handle
// exists only to wake the loop.
#pragma once

#include <stdbool.h>
#include <uv.h>
#include <zmq.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/frame.h"

struct zsock;

struct zsock_options {
    const char *name; // for logs: "ingest"
    const char *endpoint;
    int type;            // ZMQ_ROUTER or ZMQ_XPUB
    int64_t max_message; // ZMQ_MAXMSGSIZE, bytes a frame
    int receive_hwm, send_hwm;
    unsigned batch; // messages handled before other handles get their turn
};

// One request as it came. `peer` and `payload` may be kept: move the message with zmq_msg_move, the
// slot is closed afterwards.
struct zsock_message {
    zmq_msg_t *peer;    // routing id
    bool delimited;     // a REQ's empty frame stood before the header; replies repeat it
    struct frame frame; // decoded
    zmq_msg_t *payload;
};

struct zsock_reply_to {
    uint8_t
        peer[32]; // routing ids of libzmq are 5 bytes; peers that choose longer ones are refused
    uint8_t peer_len;
    bool delimited;
};

// A well-formed message: header and payload. What is malformed is answered and dropped inside.
typedef void zsock_message_cb(struct zsock *zsock, struct zsock_message *message, void *arg);

// Creates the socket with handshake, heartbeat, linger and ROUTER_MANDATORY settings of DESIGN, and
// binds it. ipc: its folder is made (0700), the socket is 0600. 0 or negative errno with err.
int zsock_open(struct zsock **out, uv_loop_t *loop, void *context,
               const struct zsock_options *options, zsock_message_cb *cb, void *arg,
               struct err *err);

// Stops and resumes reading: the peers' messages then wait in ZeroMQ's bounded buffers, and theirs
// after that.
void zsock_pause(struct zsock *zsock);
void zsock_resume(struct zsock *zsock);

struct zsock_reply_to zsock_reply_to(const struct zsock_message *message);

// Sends header and payload to a peer. 0; -EHOSTUNREACH: it has gone; -EAGAIN: its buffer is full;
// others with a log line.
int zsock_send(struct zsock *zsock, const struct zsock_reply_to *to, const struct frame *frame,
               struct slice payload);

// The same for an ERROR reply.
int zsock_send_error(struct zsock *zsock, const struct zsock_reply_to *to, uint64_t id,
                     enum wire_code code, const char *message);

// XPUB only: publishes topic and body; drops for those whose buffers are full. Reads subscriptions
// so that they do not pile up.
void zsock_publish(struct zsock *zsock, struct slice topic, struct slice body);
bool zsock_has_subscribers(const struct zsock *zsock);

// Drops every connection with whatever is buffered, unfinished multipart messages included, and
// binds again.
int zsock_recycle(struct zsock *zsock, struct err *err);

// Closes handles and socket; memory is freed when libuv has called every close callback, after
// which closed_cb (may be NULL) is called.
void zsock_close(struct zsock *zsock, void (*closed_cb)(void *arg), void *arg);
