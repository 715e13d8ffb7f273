// One EVENTS message in the making. There is one of these: its memory serves message after message.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/subscription.h"
#include "proto/base/buf.h"

enum { BATCH_BYTES = 128 * 1024 }; // a message that has reached these gets no more events

struct slabs;

struct batch {
    uint64_t next;  // of the message
    uint32_t count; // events in it
    bool caught_up; // it has reached the newest event

    bool full; // its next event did not fit
    struct slabs *slabs;
    struct buf message;    // in a slab, or what a slab grew to for one large event
    unsigned long damaged; // events that were skipped, of all messages
};

// 0 or -ENOMEM; batch_fini either way.
int batch_init(struct batch *batch);
void batch_fini(struct batch *batch);

// An empty message that is at `next`. False without memory.
bool batch_begin(struct batch *batch, uint64_t next);

// Adds what the subscription wants and has credit for, up to `head`, the newest sequence.
void batch_fill(struct batch *batch, struct store_reader *reader, uint64_t head,
                const struct subscription *subscription);

// Sends it; a large one goes without a copy. Results as zsock_send; when it is refused the message
// stays as it is and can be sent again.
int batch_send(struct batch *batch, struct zsock *zsock, const struct subscription *subscription);
