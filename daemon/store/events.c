#include "daemon/store/events.h"

#include <errno.h>

#include "daemon/store/event_json.h"
#include "daemon/store/journal.h"
#include "daemon/store/record.h"
#include "daemon/store/table.h"
#include "proto/wire/edit.h"

// In front of source, keys, edits and JSON in an event's payload.
struct event_head {
    uint64_t offset;
    int64_t time_ms;
    uint32_t kind;
    uint32_t source_len;
    uint32_t keys_len;
    uint32_t edits_len;
};

static int event_decode(uint64_t sequence, struct slice payload, struct stored_event *out)
{
    struct event_head head;
    struct cursor cursor = cursor_from(payload);
    struct slice bytes = cursor_bytes(&cursor, sizeof head);
    if (cursor.failed)
        return -EBADMSG;
    memcpy(&head, bytes.ptr, sizeof head);
    *out = (struct stored_event){
        .sequence = sequence,
        .offset = head.offset,
        .time_ms = head.time_ms,
        .kind = (enum event_kind)head.kind,
    };
    out->source = cursor_bytes(&cursor, head.source_len);
    out->keys = cursor_bytes(&cursor, head.keys_len);
    out->edits = cursor_bytes(&cursor, head.edits_len);
    out->json = cursor_bytes(&cursor, cursor_left(&cursor));
    return cursor.failed ? -EBADMSG : 0;
}

int events_get(const struct store *store, MDB_txn *txn, uint64_t sequence, struct stored_event *out)
{
    struct slice payload;
    int status = table_get(store, txn, DB_EVENTS, slice_of_number(&sequence), &payload);
    return status ? status : event_decode(sequence, payload, out);
}

int events_guess_offset(const struct store *store, MDB_txn *txn, uint64_t sequence,
                        uint64_t *offset)
{
    struct slice value;
    struct event_head head;
    int status = table_get_raw(store, txn, DB_EVENTS, slice_of_number(&sequence), &value);
    if (status < 0 || value.len < RECORD_HEAD_BYTES + sizeof head)
        return -ENOENT;
    memcpy(&head, value.ptr + RECORD_HEAD_BYTES, sizeof head);
    *offset = head.offset;
    return 0;
}

// The cursor's step to the sequence, which is the next one or one to be looked up.
static int scan_move(struct store_reader *reader, uint64_t sequence, MDB_val *value)
{
    MDB_val key = val_from(slice_of_number(&sequence));
    uint64_t found = 0;
    bool next = reader->scanned && sequence == reader->scanned + 1;
    int status =
        table_error(mdb_cursor_get(reader->scan, &key, value, next ? MDB_NEXT : MDB_SET_KEY));
    if (status == 0 && key.mv_size == sizeof found)
        memcpy(&found, key.mv_data, sizeof found);
    if (status == 0 && found != sequence)
        status = -ENOENT;
    reader->scanned = status == 0 ? sequence : 0;
    return status;
}

int events_scan(struct store_reader *reader, uint64_t sequence, struct stored_event *out)
{
    int status = 0;
    if (!reader->scan)
        status =
            table_error(mdb_cursor_open(reader->txn, reader->store->dbs[DB_EVENTS], &reader->scan));
    MDB_val value;
    if (status == 0)
        status = scan_move(reader, sequence, &value);
    struct slice payload;
    if (status == 0)
        status =
            record_open(DB_EVENTS, slice_of_number(&sequence), slice_from_val(value), &payload);
    return status ? status : event_decode(sequence, payload, out);
}

void events_scan_forget(struct store_reader *reader)
{
    if (reader->scan)
        mdb_cursor_close(reader->scan);
    reader->scan = NULL;
    reader->scanned = 0;
}

int64_t events_last_time(const struct store *store, MDB_txn *txn, uint64_t oldest, uint64_t newest)
{
    struct stored_event event;
    for (; newest && newest >= oldest; newest--)
        if (events_get(store, txn, newest, &event) == 0)
            return event.time_ms;
    return INT64_MIN;
}

static void put_event(struct buf *out, const struct event_facts *facts,
                      const struct outcome *outcome)
{
    bool tagged = outcome->kind == EVENT_TAGGED;
    struct slice none = slice_from(NULL, 0);
    struct slice keys = tagged ? outcome->result->keys : none;
    struct slice edits = tagged ? outcome->result->edits : none;
    struct event_head head = {
        .offset = facts->offset,
        .time_ms = facts->time_ms,
        .kind = (uint32_t)outcome->kind,
        .source_len = (uint32_t)facts->article->source.len,
        .keys_len = (uint32_t)keys.len,
        .edits_len = (uint32_t)edits.len,
    };
    buf_put(out, &head, sizeof head);
    buf_put_slice(out, facts->article->source);
    buf_put_slice(out, keys);
    buf_put_slice(out, edits);
    if (tagged)
        event_json_put_tagged(out, facts, outcome->result->data);
    else
        event_json_put_dead(out, facts, outcome->stage, outcome->attempts, outcome->last_words);
}

static int put_at(const struct store *store, MDB_txn *txn, uint64_t sequence, int64_t time_ms,
                  const struct subject *subject, const struct outcome *outcome, struct buf *scratch,
                  unsigned flags)
{
    struct event_facts facts = {
        .event_source = store->event_source,
        .sequence = sequence,
        .time_ms = time_ms,
        .offset = subject->offset,
        .hash = subject->hash,
        .article = &subject->article,
    };
    buf_reset(scratch);
    put_event(scratch, &facts, outcome);
    if (scratch->failed)
        return -ENOMEM;
    return table_put(store, txn, DB_EVENTS, slice_of_number(&sequence), buf_slice(scratch), flags);
}

int events_put(const struct store *store, MDB_txn *txn, uint64_t sequence, int64_t time_ms,
               const struct subject *subject, const struct outcome *outcome, struct buf *scratch)
{
    return put_at(store, txn, sequence, time_ms, subject, outcome, scratch, 0);
}

int events_append(const struct store *store, MDB_txn *txn, struct store_tail *tail,
                  const struct subject *subject, const struct outcome *outcome, struct buf *scratch,
                  uint64_t *sequence, int64_t *time_ms)
{
    int64_t now = store->wall_ms();
    int64_t at = now > tail->last_time_ms ? now : tail->last_time_ms;
    int status = put_at(store, txn, tail->next_sequence, at, subject, outcome, scratch, MDB_APPEND);
    if (status < 0)
        return status;
    *sequence = tail->next_sequence;
    *time_ms = at;
    tail->next_sequence++;
    tail->last_time_ms = at;
    return 0;
}

// --- what readers see

uint64_t store_head(struct store_reader *reader)
{
    return reader->head;
}

uint64_t store_first(struct store_reader *reader)
{
    return reader->first;
}

int store_get_event(struct store_reader *reader, uint64_t sequence, struct stored_event *out)
{
    reader_step(reader);
    return events_get(reader->store, reader->txn, sequence, out);
}

// Time of the first readable event at or behind *sequence, which moves there; false when there is
// none below `end`.
static bool readable_time(struct store_reader *reader, uint64_t *sequence, uint64_t end,
                          int64_t *time_ms)
{
    struct stored_event event;
    for (; *sequence < end; (*sequence)++) {
        if (store_get_event(reader, *sequence, &event) == 0) {
            *time_ms = event.time_ms;
            return true;
        }
    }
    return false;
}

uint64_t store_seek_time(struct store_reader *reader, int64_t time_ms)
{
    uint64_t low = reader->first, high = reader->head + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, at = middle;
        int64_t time;
        if (readable_time(reader, &at, high, &time) && time < time_ms)
            low = at + 1;
        else
            high = middle;
    }
    return low;
}

int store_put_event_with_text(struct store_reader *reader, const struct stored_event *event,
                              struct buf *out)
{
    if (event->kind != EVENT_TAGGED) {
        buf_put_slice(out, event->json);
        return out->failed ? -ENOSPC : 0;
    }
    struct stored_article stored;
    struct article article;
    int status = journal_get_record(reader->store, reader->txn, event->offset, &stored);
    if (status < 0)
        return status;
    struct cursor record = cursor_from(stored.record);
    if (article_decode(&record, &article) < 0)
        return -EBADMSG;
    buf_reset(&reader->text);
    status = edit_apply(&reader->text, event->edits, article.body);
    if (status == 0)
        status = event_json_put_with_text(out, event->json, buf_slice(&reader->text));
    return status == 0 && out->failed ? -ENOSPC : status;
}
