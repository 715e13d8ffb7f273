#include "proto/wire/events.h"

#include <errno.h>

void events_head_encode(struct buf *out, const struct events_head *head)
{
    buf_put_u64(out, head->next);
    buf_put_u32(out, head->count);
    buf_put_u32(out, head->live);
}

void events_head_patch(struct buf *out, size_t at, const struct events_head *head)
{
    if (out->failed || out->len - at < EVENTS_HEAD_BYTES)
        return;
    size_t len = out->len;
    out->len = at;
    events_head_encode(out, head);
    out->len = len;
}

void event_record_encode(struct buf *out, const struct event_record *record)
{
    buf_put_u64(out, record->sequence);
    buf_put_u32(out, (uint32_t)record->json.len);
    buf_put_u32(out, 0);
    buf_put_slice(out, record->json);
}

int events_head_decode(struct cursor *cursor, struct events_head *head)
{
    head->next = cursor_u64(cursor);
    head->count = cursor_u32(cursor);
    head->live = cursor_u32(cursor) & 1;
    return cursor->failed ? -EBADMSG : 0;
}

int event_record_decode(struct cursor *cursor, struct event_record *record)
{
    record->sequence = cursor_u64(cursor);
    size_t len = cursor_u32(cursor);
    (void)cursor_u32(cursor);
    record->json = cursor_bytes(cursor, len);
    return cursor->failed ? -EBADMSG : 0;
}

void events_lost_encode(struct buf *out, const struct events_lost *lost)
{
    buf_put_u64(out, lost->first);
    buf_put_u64(out, lost->last);
}

int events_lost_decode(struct slice payload, struct events_lost *lost)
{
    struct cursor cursor = cursor_from(payload);
    lost->first = cursor_u64(&cursor);
    lost->last = cursor_u64(&cursor);
    bool range = lost->first && lost->first <= lost->last && lost->last < UINT64_MAX;
    return cursor_is_done(&cursor) && range ? 0 : -EBADMSG;
}
