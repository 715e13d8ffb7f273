#include "daemon/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/slabs.h"
#include "proto/base/log.h"
#include "proto/wire/events.h"

enum {
    SEARCH_STEPS = 2048,                  // of a filter, for one message
    SLAB_BYTES = BATCH_BYTES + 32 * 1024, // the last event of a message has room there
    SLABS_KEPT = 24,
    LENT_LEAST = 16 * 1024,  // a shorter message is copied: one that waits must not hold a slab
    MESSAGE_MOST = 64 << 20, // one event with its text, at the very most
};

int batch_init(struct batch *batch)
{
    *batch = (struct batch){.slabs = slabs_create(SLAB_BYTES, SLABS_KEPT)};
    buf_init(&batch->message, MESSAGE_MOST);
    return batch->slabs ? 0 : -ENOMEM;
}

// A slab that grew is none any more.
static void message_end(struct batch *batch)
{
    struct buf *message = &batch->message;
    if (message->ptr && message->capacity == SLAB_BYTES) {
        slabs_give_cb(message->ptr, batch->slabs);
    } else if (message->ptr) {
        slabs_lost(batch->slabs);
        free(message->ptr);
    }
    buf_init(message, MESSAGE_MOST);
}

void batch_fini(struct batch *batch)
{
    message_end(batch);
    slabs_release(batch->slabs);
}

bool batch_begin(struct batch *batch, uint64_t next)
{
    struct buf *message = &batch->message;
    batch->next = next;
    batch->count = 0;
    batch->caught_up = batch->full = false;
    if (message->capacity != SLAB_BYTES) {
        message_end(batch);
        message->ptr = slabs_take(batch->slabs);
        if (!message->ptr)
            return false;
        message->capacity = SLAB_BYTES;
    }
    buf_reset(message);
    events_head_encode(message, &(struct events_head){0});
    return true;
}

// --- events

static void note_damaged(struct batch *batch, uint64_t sequence, int error)
{
    batch->damaged++;
    log_error("event_damaged sequence=%llu error=\"%s\" event=\"skipped\"",
              (unsigned long long)sequence, strerror(-error));
}

// 0, or negative errno: nothing was added.
static int put_with_text(struct buf *out, struct store_reader *reader,
                         const struct stored_event *event)
{
    size_t start = out->len;
    struct event_record record = {.sequence = event->sequence};
    event_record_encode(out, &record);
    int failed = store_put_event_with_text(reader, event, out);
    if (failed) {
        out->len = start;
        out->failed = false;
        return failed;
    }
    size_t end = out->len;
    out->len = start;
    buf_put_u64(out, event->sequence);
    buf_put_u32(out, (uint32_t)(end - start - EVENT_HEAD_BYTES));
    out->len = end;
    return 0;
}

static int put_event(struct buf *out, struct store_reader *reader, const struct stored_event *event,
                     bool text)
{
    if (text)
        return put_with_text(out, reader, event);
    struct event_record record = {.sequence = event->sequence, .json = event->json};
    if (!buf_reserve(out, EVENT_HEAD_BYTES + event->json.len)) {
        out->failed = false;
        return -ENOMEM;
    }
    event_record_encode(out, &record);
    return 0;
}

static void add_event(struct batch *batch, struct store_reader *reader,
                      const struct stored_event *event, bool text)
{
    int failed = put_event(&batch->message, reader, event, text);
    if (failed == -ENOMEM || (failed == -ENOSPC && batch->count)) {
        batch->full = true; // this event is the next message's
        return;
    }
    if (failed)
        note_damaged(batch, event->sequence, failed);
    else
        batch->count++;
    batch->next = event->sequence + 1;
}

static bool has_room(const struct batch *batch, uint32_t credit)
{
    return !batch->full && batch->count < WIRE_BATCH_EVENTS && batch->count < credit &&
           batch->message.len < BATCH_BYTES;
}

// The next event that the subscription wants. False when this message gets no more.
static bool fill_one(struct batch *batch, struct store_reader *reader,
                     const struct subscription *subscription, uint32_t *budget)
{
    const struct store_filter *filter = subscription->filtered ? &subscription->filter : NULL;
    struct stored_event event;
    uint64_t next;
    int failed = store_next_event(reader, batch->next, filter, budget, &event, &next);
    switch (failed) {
    case 0:
        add_event(batch, reader, &event, subscription->text);
        return true;
    case -EBADMSG:
        note_damaged(batch, next - 1, failed);
        batch->next = next;
        return true;
    case -ENOENT:
    case -EAGAIN:
        batch->next = next;
        return false;
    default:
        log_error("stream_cannot_read_store error=\"%s\"", strerror(-failed));
        return false;
    }
}

void batch_fill(struct batch *batch, struct store_reader *reader, uint64_t head,
                const struct subscription *subscription)
{
    uint32_t budget = SEARCH_STEPS;
    while (batch->next <= head && has_room(batch, subscription->credit) &&
           fill_one(batch, reader, subscription, &budget))
        ;
    batch->caught_up = batch->next > head;
}

// --- sending

int batch_send(struct batch *batch, struct zsock *zsock, const struct subscription *subscription)
{
    struct buf *message = &batch->message;
    struct events_head head = {
        .next = batch->next, .count = batch->count, .live = batch->caught_up};
    events_head_patch(message, 0, &head);
    struct frame frame = {.version = WIRE_VERSION, .kind = FRAME_EVENTS, .id = subscription->id};
    if (message->len < LENT_LEAST || message->capacity != SLAB_BYTES)
        return zsock_send(zsock, &subscription->to, &frame, buf_slice(message));
    int failed = zsock_send_lent(zsock, &subscription->to, &frame, buf_slice(message),
                                 slabs_give_cb, batch->slabs);
    if (!failed)
        buf_init(message, MESSAGE_MOST); // the slab went with it
    return failed;
}
