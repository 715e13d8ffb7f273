// Articles on their way to the daemon: collected into batches, kept until they are acknowledged,
// sent again in their order when the connection is lost.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <telex/error.h>

#include "proto/base/buf.h"
#include "proto/base/list.h"
#include "proto/client/channel.h"

enum {
    PUSH_BATCH_ARTICLES = 64,
    PUSH_BATCH_BYTES = 256 * 1024, // a larger article travels alone
};

struct push_batch;

// The reply whose acknowledgements are being handed out.
struct push_reply {
    struct push_batch *batch;       // NULL: none
    struct channel_message message; // when batch is set
    struct cursor acks;
    uint32_t given;           // acknowledgements handed out so far
    bool refused;             // the whole batch: why stands in `error`
    struct telex_error error; // code, retryable, message
};

struct push {
    uint32_t window_articles;
    size_t window_bytes;
    uint32_t pending; // articles without an acknowledgement, those not yet sent included
    size_t pending_bytes;
    struct list batches; // struct push_batch, in the order of their articles
    struct list *unsent; // the first that is not sent on this connection; the list's head: none
    struct push_batch *filling; // the last one, while it takes articles; not in the list yet
    struct push_reply reply;
    char message[513];   // of the acknowledgement handed out last
    int64_t waiting_ms;  // monotonic: since when the daemon owes an answer
    int64_t patience_ms; // how long it may; doubles with every time it was too long
};

void push_init(struct push *push);
void push_fini(struct push *push);
