// ZeroMQ on libuv: the only file that knows how the two meet.
//
// ZMQ_FD is edge-triggered, and any send, receive or ZMQ_EVENTS read consumes the edge. So
// readiness is never taken from the fd: a prepare handle looks at ZMQ_EVENTS before every poll, an
// idle handle keeps the loop from sleeping while work is left, a check handle receives a bounded
// batch after every poll, and the poll handle exists only to wake the loop.
#pragma once

#include <stdbool.h>
#include <uv.h>
#include <zmq.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/frame.h"

struct zsock;

struct zsock_options {
    const char *name;     // for logs: "ingest"; copied
    const char *endpoint; // ipc:// with an absolute path, or tcp://; copied
    int type;             // ZMQ_ROUTER or ZMQ_XPUB
    int64_t max_message;  // ZMQ_MAXMSGSIZE, bytes a frame
    bool slow_peers; // a peer may leave its buffers full for as long as it likes: no heartbeats
    int receive_hwm, send_hwm; // messages a peer; 0 would mean without bound and is refused
    unsigned batch;            // messages handled before other handles get their turn,
    int64_t turn_ns;           // or fewer once they took longer than this; 0: however long
    unsigned long most_topics; // XPUB: with more of them every connection is dropped; 0: no bound
    const char *zap_domain; // by which the ZAP handler (zap.h) is asked; NULL: it is not. Borrowed
    const char *curve_secret; // the daemon's key in Z85: CURVE; NULL: none. Borrowed
};

// One request as it came. `peer` and `payload` may be kept: move the message with zmq_msg_move, the
// slot is closed afterwards.
struct zsock_message {
    zmq_msg_t *peer;    // routing id
    bool delimited;     // a REQ's empty frame stood before the header; replies repeat it
    struct frame frame; // decoded
    zmq_msg_t *payload;
};

static inline struct slice zsock_payload(const struct zsock_message *message)
{
    return slice_from(zmq_msg_data(message->payload), zmq_msg_size(message->payload));
}

struct zsock_reply_to {
    uint8_t
        peer[32]; // routing ids of libzmq are 5 bytes; peers that choose longer ones are refused
    uint8_t peer_len;
    bool delimited;
};

// A well-formed message: header and payload. What is malformed is answered and dropped inside. May
// send, pause and close the socket.
typedef void zsock_message_cb(struct zsock *zsock, struct zsock_message *message, void *arg);

// The ZeroMQ context of one daemon: one thread for the input and output of its sockets. NULL on
// failure.
struct zsock_context;
struct zsock_context *zsock_context_open(void);

// Every socket has been closed. Waits until their last messages have left, at most about a second.
// Accepts NULL.
void zsock_context_close(struct zsock_context *context);

// ZeroMQ's own context.
void *zsock_context_zmq(struct zsock_context *context);

// zsock_recycle for every socket of the context; failures are logged.
void zsock_context_recycle(struct zsock_context *context);

// Creates the socket with handshake, heartbeat, linger and ROUTER_MANDATORY settings of DESIGN, and
// binds it. ipc: its folder is made (0700) when missing; a dead socket file is replaced, one that
// somebody listens on is refused; the file is for its owner, and for its group where the umask
// lets the group write. `cb` may be NULL for an XPUB. 0 or negative errno with err.
int zsock_open(struct zsock **out, uv_loop_t *loop, struct zsock_context *context,
               const struct zsock_options *options, zsock_message_cb *cb, void *arg,
               struct err *err);

// `cb` is called when ZeroMQ has woken the loop: among other things, when a connection whose buffer
// was full has room again. A hint: not every such moment is told.
void zsock_on_wake(struct zsock *zsock, void (*cb)(void *arg), void *arg);

// The endpoint in force: what was asked for, a wildcard port replaced by the port that was chosen.
const char *zsock_endpoint(const struct zsock *zsock);

// Stops and resumes reading: the peers' messages then wait in ZeroMQ's bounded buffers, and theirs
// after that.
void zsock_pause(struct zsock *zsock);
void zsock_resume(struct zsock *zsock);

struct zsock_reply_to zsock_reply_to(const struct zsock_message *message);

// Sends header and payload to a peer. 0; -EHOSTUNREACH: it has gone; -EAGAIN: its buffer is full;
// others with a log line.
int zsock_send(struct zsock *zsock, const struct zsock_reply_to *to, const struct frame *frame,
               struct slice payload);

// The same without a copy: on success ZeroMQ has the bytes until it calls free_cb(bytes, hint),
// from a thread of its own. On failure they are still the caller's.
int zsock_send_lent(struct zsock *zsock, const struct zsock_reply_to *to, const struct frame *frame,
                    struct slice payload, void (*free_cb)(void *bytes, void *hint), void *hint);

// The reply to a request: its kind with FRAME_REPLY, its id. Where the connection has no room it is
// kept within bounds (late.h) and goes before anything else; -EAGAIN: it is lost.
int zsock_send_reply(struct zsock *zsock, const struct zsock_reply_to *to,
                     const struct frame *request, struct slice payload);

// The same for an ERROR reply.
int zsock_send_error(struct zsock *zsock, const struct zsock_reply_to *to, uint64_t id,
                     enum wire_code code, const char *message);

// XPUB only: publishes topic and body; drops for those whose buffers are full. Subscriptions are
// read so that they do not pile up.
void zsock_publish(struct zsock *zsock, struct slice topic, struct slice body);
bool zsock_has_subscribers(const struct zsock *zsock);

// Drops every connection with whatever is buffered, unfinished multipart messages included, and
// listens again: at once on ipc; on tcp as soon as the port is free, which is tried on a timer
// until it succeeds. 0; negative errno with err when no new socket could be made: the old one
// stays.
int zsock_recycle(struct zsock *zsock, struct err *err);

// Malformed messages refused since the socket was opened.
unsigned long zsock_refused(const struct zsock *zsock);

// Closes the socket at once and the handles after it; memory is freed when libuv has called every
// close callback, after which closed_cb (may be NULL) is called. Accepts NULL (closed_cb is then
// called at once).
void zsock_close(struct zsock *zsock, void (*closed_cb)(void *arg), void *arg);
