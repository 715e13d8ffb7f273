// Replies that a full connection had no room for. They are kept, in order, and sent when it has; a
// connection that does not read costs no more than the bounds below. Pure: sending is the caller's.
#pragma once

#include <stdbool.h>

#include "daemon/zsock.h"
#include "proto/base/list.h"

enum {
    LATE_PEER_BYTES = 8 * 1024 * 1024, // kept for one connection
    LATE_BYTES = 32 * 1024 * 1024,     // kept for all of a socket
};

struct late {
    struct list peers; // that have replies waiting
    size_t bytes;
};

void late_init(struct late *late);
void late_fini(struct late *late); // drops all; it may be used again

bool late_is_empty(const struct late *late);

// Something is kept for this connection: whatever else is for it must wait its turn.
bool late_has(const struct late *late, const struct zsock_reply_to *to);

// Copies the payload. 0; -EAGAIN: a bound is reached, and the reply is lost; -ENOMEM.
int late_keep(struct late *late, const struct zsock_reply_to *to, const struct frame *frame,
              struct slice payload);

// As zsock_send: 0, -EAGAIN when the connection is still full, others when it has gone.
typedef int late_send_cb(const struct zsock_reply_to *to, const struct frame *frame,
                         struct slice payload, void *arg);

// Sends what there is room for, each connection's in order; what is for connections that have gone
// is dropped. True when anything went.
bool late_flush(struct late *late, late_send_cb *send, void *arg);
