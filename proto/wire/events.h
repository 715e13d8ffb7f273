// The payloads of EVENTS, a run of events of one subscription and how far the daemon has looked,
// and of LOST. Layout in PROTOCOL.md, section 8.
#pragma once

#include <stdint.h>

#include "proto/base/buf.h"

enum { EVENTS_HEAD_BYTES = 16, EVENT_HEAD_BYTES = 16 };

struct events_head {
    uint64_t next;  // every event below this sequence that matches has been sent, here or before
    uint32_t count; // events that follow
    bool live;      // nothing newer was in the store when this was written
};

struct event_record {
    uint64_t sequence; // place in the stream, from 1
    struct slice json; // one CloudEvents object, no newline
};

void events_head_encode(struct buf *out, const struct events_head *head);
void event_record_encode(struct buf *out, const struct event_record *record);

// Overwrites the head at the start of `out` once count and next are known.
void events_head_patch(struct buf *out, size_t at, const struct events_head *head);

// 0 or -EBADMSG. Slices point into the cursor's bytes. After head.count records the cursor must be
// done.
int events_head_decode(struct cursor *cursor, struct events_head *head);
int event_record_decode(struct cursor *cursor, struct event_record *record);

// Events that were removed before the subscription could be sent them: first to last, both
// included.
struct events_lost {
    uint64_t first;
    uint64_t last;
};

enum { EVENTS_LOST_BYTES = 16 };

void events_lost_encode(struct buf *out, const struct events_lost *lost);

// 0, or -EBADMSG: also when it is no range, or bytes are left over.
int events_lost_decode(struct slice payload, struct events_lost *lost);
