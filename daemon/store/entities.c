// What is known of an entity: its record and its postings up to the indexed position, and a look at
// the events behind it, so that the answers are exact at every moment.
#include <errno.h>
#include <stdlib.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"
#include "daemon/store/sorted.h"
#include "daemon/store/table.h"

static int posting_cursor(struct store_reader *reader, struct slice id, MDB_cursor **cursor)
{
    char bytes[POSTING_KEY_MAX];
    MDB_val key = {.mv_data = bytes}, value;
    key.mv_size = posting_key(POSTING_ENTITY, id, bytes);
    if (!reader->indexed)
        return -ENOENT;
    int status = table_error(mdb_cursor_open(reader->txn, reader->store->dbs[DB_POSTINGS], cursor));
    if (status < 0)
        return status;
    status = table_error(mdb_cursor_get(*cursor, &key, &value, MDB_SET));
    if (status < 0)
        mdb_cursor_close(*cursor);
    return status;
}

static uint64_t sequence_of(MDB_val value)
{
    uint64_t sequence = 0;
    if (value.mv_size == sizeof sequence)
        memcpy(&sequence, value.mv_data, sizeof sequence);
    return sequence;
}

// Postings ahead of the position belong to a run that is being merged; their events are counted
// with the tail. Moves back over them.
static int pass_over_ahead(struct store_reader *reader, MDB_cursor *cursor,
                           struct stored_entity *entity)
{
    MDB_val key, value = {0};
    int status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_LAST_DUP));
    while (status == 0 && sequence_of(value) > reader->indexed && entity->count) {
        entity->count--;
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_PREV_DUP));
    }
    entity->newest = entity->count ? sequence_of(value) : 0;
    return entity->count ? status : 0;
}

static int count_indexed(struct store_reader *reader, struct stored_entity *entity)
{
    MDB_cursor *cursor;
    size_t count = 0;
    int status = posting_cursor(reader, entity->id, &cursor);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    status = table_error(mdb_cursor_count(cursor, &count));
    entity->count = count;
    if (status == 0)
        status = pass_over_ahead(reader, cursor, entity);
    mdb_cursor_close(cursor);
    return status;
}

// Every key of the events behind the indexed position; those that are damaged are passed over.
static int tail_each_key(struct store_reader *reader,
                         void (*cb)(uint64_t sequence, const struct event_key *key, void *arg),
                         void *arg)
{
    for (uint64_t at = reader->indexed + 1; at <= reader->head; at++) {
        struct stored_event event;
        struct event_key key;
        int status = store_get_event(reader, at, &event);
        if (status == -EBADMSG || status == -ENOENT)
            continue;
        if (status < 0)
            return status;
        struct event_keys keys = event_keys_of(&event);
        while (event_keys_next(&keys, &key))
            cb(at, &key, arg);
    }
    return 0;
}

static void tail_add_cb(uint64_t sequence, const struct event_key *key, void *tail)
{
    if (key->kind == KEY_ENTITY)
        sorted_add(tail, key->id, sequence,
                   slice_from(key->type.ptr, key->type.len + 1 + key->name.len));
}

// What the events that are not indexed yet say: one entry for each entity of each of them, under
// its id, with the event's sequence and "type TAB name"; sorted.
static int tail_collect(struct store_reader *reader, struct sorted *tail)
{
    int status = tail_each_key(reader, tail_add_cb, tail);
    sorted_sort(tail);
    return status < 0 ? status : sorted_failed(tail) ? -ENOMEM : 0;
}

static void split_type(struct slice value, struct stored_entity *entity)
{
    const char *tab = value.len ? memchr(value.ptr, '\t', value.len) : NULL;
    size_t type = tab ? (size_t)(tab - value.ptr) : value.len;
    entity->type = slice_from(value.ptr, type);
    entity->name = tab ? slice_from(tab + 1, value.len - type - 1) : slice_from(NULL, 0);
}

// First entry of the tail that is not before `id`.
static size_t tail_find(const struct sorted *tail, struct slice id)
{
    size_t low = 0, high = sorted_count(tail);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct slice key = sorted_key(tail, sorted_at(tail, middle));
        size_t common = key.len < id.len ? key.len : id.len;
        int order = common ? memcmp(key.ptr, id.ptr, common) : 0;
        if (order < 0 || (order == 0 && key.len < id.len))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void count_tail(const struct sorted *tail, struct stored_entity *entity)
{
    for (size_t i = tail_find(tail, entity->id); i < sorted_count(tail); i++) {
        const struct sorted_entry *entry = sorted_at(tail, i);
        if (!slice_equal(sorted_key(tail, entry), entity->id))
            return;
        if (entry->number != entity->newest)
            entity->count++;
        entity->newest = entry->number;
        split_type(sorted_value(tail, entry), entity);
    }
}

// 0, -ENOENT when no event names it.
static int entity_read(struct store_reader *reader, const struct sorted *tail, struct slice id,
                       struct stored_entity *out)
{
    struct slice payload;
    *out = (struct stored_entity){.id = id};
    int status = table_get(reader->store, reader->txn, DB_ENTITIES, id, &payload);
    if (status == 0)
        split_type(payload, out);
    else if (status != -ENOENT)
        return status;
    status = count_indexed(reader, out);
    if (status < 0)
        return status;
    count_tail(tail, out);
    return out->count ? 0 : -ENOENT;
}

// Type and name found in the tail lie in its buffer, which goes: the newest event that names the
// entity has them as well, for as long as the snapshot lasts.
static void entity_borrow_from_event(struct store_reader *reader, struct stored_entity *entity)
{
    struct stored_event event;
    struct event_key key;
    if (entity->newest <= reader->indexed || store_get_event(reader, entity->newest, &event) < 0)
        return;
    struct event_keys keys = event_keys_of(&event);
    while (event_keys_next(&keys, &key)) {
        if (key.kind == KEY_ENTITY && slice_equal(key.id, entity->id)) {
            entity->type = key.type;
            entity->name = key.name;
        }
    }
}

int store_get_entity(struct store_reader *reader, struct slice id, struct stored_entity *out)
{
    struct sorted tail;
    sorted_init(&tail);
    int status = tail_collect(reader, &tail);
    if (status == 0)
        status = entity_read(reader, &tail, id, out);
    if (status == 0)
        entity_borrow_from_event(reader, out);
    sorted_fini(&tail);
    return status;
}

// --- by spelling

enum { CANDIDATES_MAX = 16384 };

static bool spelling_matches(struct slice spelling, struct slice folded, bool prefix)
{
    if (prefix ? spelling.len < folded.len : spelling.len != folded.len)
        return false;
    return !folded.len || memcmp(spelling.ptr, folded.ptr, folded.len) == 0;
}

static void add_candidate(struct sorted *ids, struct slice id)
{
    if (sorted_count(ids) < CANDIDATES_MAX)
        sorted_add(ids, id, 0, slice_from(NULL, 0));
}

static int candidates_indexed(struct store_reader *reader, struct slice folded, bool prefix,
                              struct sorted *ids)
{
    MDB_cursor *cursor;
    MDB_val key = val_from(folded), value;
    int status = table_error(mdb_cursor_open(reader->txn, reader->store->dbs[DB_NAMES], &cursor));
    if (status < 0)
        return status;
    status =
        table_error(mdb_cursor_get(cursor, &key, &value, folded.len ? MDB_SET_RANGE : MDB_FIRST));
    while (status == 0 && spelling_matches(slice_from_val(key), folded, prefix) &&
           sorted_count(ids) < CANDIDATES_MAX) {
        add_candidate(ids, slice_from_val(value));
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return status == -ENOENT || status == -EINVAL ? 0 : status;
}

struct spelling_search {
    struct slice folded;
    bool prefix;
    struct sorted *ids;
};

static void candidate_cb(uint64_t sequence, const struct event_key *key, void *arg)
{
    (void)sequence;
    const struct spelling_search *search = arg;
    if (key->kind == KEY_SPELLING && key->entity_id.len &&
        spelling_matches(key->value, search->folded, search->prefix))
        add_candidate(search->ids, key->entity_id);
}

static int candidates_tail(struct store_reader *reader, struct slice folded, bool prefix,
                           struct sorted *ids)
{
    struct spelling_search search = {.folded = folded, .prefix = prefix, .ids = ids};
    int status = tail_each_key(reader, candidate_cb, &search);
    sorted_sort(ids);
    return status < 0 ? status : sorted_failed(ids) ? -ENOMEM : 0;
}

static int most_events_first_cb(const void *left, const void *right)
{
    const struct stored_entity *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->newest < b->newest) - (a->newest > b->newest);
}

// The candidates' entities; *count of them.
static int read_candidates(struct store_reader *reader, const struct sorted *tail,
                           const struct sorted *ids, struct stored_entity *found, size_t *count)
{
    int damaged = 0;
    *count = 0;
    for (size_t i = 0; i < sorted_count(ids); i++) {
        struct slice id = sorted_key(ids, sorted_at(ids, i));
        if (i && slice_equal(sorted_key(ids, sorted_at(ids, i - 1)), id))
            continue;
        int status = entity_read(reader, tail, id, &found[*count]);
        if (status == 0)
            (*count)++;
        else if (status == -EBADMSG)
            damaged = status;
        else if (status != -ENOENT)
            return status;
    }
    qsort(found, *count, sizeof *found, most_events_first_cb);
    return damaged;
}

static int find_among(struct store_reader *reader, const struct sorted *tail,
                      const struct sorted *ids, size_t limit, store_entity_cb *cb, void *arg)
{
    size_t count = sorted_count(ids);
    if (!count)
        return 0;
    struct stored_entity *found = calloc(count, sizeof *found);
    if (!found)
        return -ENOMEM;
    int status = read_candidates(reader, tail, ids, found, &count);
    if (status == 0 || status == -EBADMSG)
        for (size_t i = 0; i < count && i < limit && cb(&found[i], arg); i++)
            continue;
    free(found);
    return status;
}

int store_find_entities(struct store_reader *reader, struct slice folded, bool prefix, size_t limit,
                        store_entity_cb *cb, void *arg)
{
    struct sorted tail, ids;
    sorted_init(&tail);
    sorted_init(&ids);
    int status = tail_collect(reader, &tail);
    if (status == 0)
        status = candidates_indexed(reader, folded, prefix, &ids);
    if (status == 0)
        status = candidates_tail(reader, folded, prefix, &ids);
    if (status == 0)
        status = find_among(reader, &tail, &ids, limit, cb, arg);
    sorted_fini(&ids);
    sorted_fini(&tail);
    return status;
}

// --- newest events

static bool event_names(struct store_reader *reader, uint64_t sequence, struct slice id)
{
    struct stored_event event;
    struct event_key key;
    if (store_get_event(reader, sequence, &event) < 0)
        return false;
    struct event_keys keys = event_keys_of(&event);
    while (event_keys_next(&keys, &key))
        if (key.kind == KEY_ENTITY && slice_equal(key.id, id))
            return true;
    return false;
}

// Puts the cursor on the last posting below `before`.
static int posting_before(MDB_cursor *cursor, struct slice id, uint64_t before, MDB_val *value)
{
    char bytes[POSTING_KEY_MAX];
    MDB_val key = {.mv_data = bytes}, at = val_from(slice_of_number(&before));
    key.mv_size = posting_key(POSTING_ENTITY, id, bytes);
    int status = table_error(mdb_cursor_get(cursor, &key, &at, MDB_GET_BOTH_RANGE));
    if (status == 0)
        return table_error(mdb_cursor_get(cursor, &key, value, MDB_PREV_DUP));
    if (status == -ENOENT)
        status = table_error(mdb_cursor_get(cursor, &key, value, MDB_SET));
    return status ? status : table_error(mdb_cursor_get(cursor, &key, value, MDB_LAST_DUP));
}

size_t store_entity_newest(struct store_reader *reader, struct slice id, uint64_t before,
                           uint64_t *sequences, size_t limit)
{
    size_t count = 0;
    uint64_t at = before <= reader->head ? before : reader->head + 1;
    while (count < limit && at && --at > reader->indexed)
        if (event_names(reader, at, id))
            sequences[count++] = at;
    MDB_cursor *cursor;
    MDB_val key, value;
    if (count == limit || posting_cursor(reader, id, &cursor) < 0)
        return count;
    uint64_t end = before <= reader->indexed ? before : reader->indexed + 1;
    int status = posting_before(cursor, id, end, &value);
    for (; status == 0 && count < limit; count++) {
        sequences[count] = sequence_of(value);
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_PREV_DUP));
    }
    mdb_cursor_close(cursor);
    return count;
}
