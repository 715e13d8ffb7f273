// What is known of an entity: its record and its postings up to the indexed position, and the tail
// of events behind it, so that the answers are exact at every moment.
#include <errno.h>
#include <stdlib.h>

#include "daemon/store/posting.h"
#include "daemon/store/table.h"
#include "daemon/store/tail.h"

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

static void split_type(struct slice value, struct stored_entity *entity)
{
    const char *tab = value.len ? memchr(value.ptr, '\t', value.len) : NULL;
    size_t type = tab ? (size_t)(tab - value.ptr) : value.len;
    entity->type = slice_from(value.ptr, type);
    entity->name = tab ? slice_from(tab + 1, value.len - type - 1) : slice_from(NULL, 0);
}

static void count_tail(const struct tail *tail, struct stored_entity *entity)
{
    const struct sorted *entities = &tail->entities;
    for (size_t i = sorted_find(entities, entity->id); i < sorted_count(entities); i++) {
        const struct sorted_entry *entry = sorted_at(entities, i);
        if (!slice_equal(sorted_key(entities, entry), entity->id))
            return;
        if (entry->number != entity->newest)
            entity->count++;
        entity->newest = entry->number;
        split_type(sorted_value(entities, entry), entity);
    }
}

// 0, -ENOENT when no event names it.
static int entity_read(struct store_reader *reader, const struct tail *tail, struct slice id,
                       struct stored_entity *out)
{
    struct slice payload;
    reader_step(reader);
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

int store_get_entity(struct store_reader *reader, struct slice id, struct stored_entity *out)
{
    const struct tail *tail;
    int status = tail_read(reader, &tail);
    return status < 0 ? status : entity_read(reader, tail, id, out);
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
        reader_step(reader);
        add_candidate(ids, slice_from_val(value));
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return status == -ENOENT || status == -EINVAL ? 0 : status;
}

static void candidates_tail(const struct tail *tail, struct slice folded, bool prefix,
                            struct sorted *ids)
{
    const struct sorted *spellings = &tail->spellings;
    for (size_t i = sorted_find(spellings, folded); i < sorted_count(spellings); i++) {
        const struct sorted_entry *entry = sorted_at(spellings, i);
        if (!spelling_matches(sorted_key(spellings, entry), folded, prefix))
            return;
        add_candidate(ids, sorted_value(spellings, entry));
    }
}

static int most_events_first_cb(const void *left, const void *right)
{
    const struct stored_entity *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->newest < b->newest) - (a->newest > b->newest);
}

// The candidates' entities; *count of them.
static int read_candidates(struct store_reader *reader, const struct tail *tail,
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

static int find_among(struct store_reader *reader, const struct tail *tail,
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
    const struct tail *tail;
    struct sorted ids;
    sorted_init(&ids);
    int status = tail_read(reader, &tail);
    if (status == 0)
        status = candidates_indexed(reader, folded, prefix, &ids);
    if (status == 0) {
        candidates_tail(tail, folded, prefix, &ids);
        sorted_sort(&ids);
        status = sorted_failed(&ids) ? -ENOMEM : find_among(reader, tail, &ids, limit, cb, arg);
    }
    sorted_fini(&ids);
    return status;
}

// --- newest events

// Those of the tail.
static size_t newest_in_tail(const struct tail *tail, struct slice id, uint64_t before,
                             uint64_t *sequences, size_t limit)
{
    const struct sorted *entities = &tail->entities;
    size_t first = sorted_find(entities, id), at = first, count = 0;
    while (at < sorted_count(entities) && sorted_at(entities, at)->number < before &&
           slice_equal(sorted_key(entities, sorted_at(entities, at)), id))
        at++;
    while (at > first && count < limit) {
        uint64_t sequence = sorted_at(entities, --at)->number;
        if (!count || sequences[count - 1] != sequence)
            sequences[count++] = sequence;
    }
    return count;
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

// Those of the indexes: count of them, or negative errno.
static int newest_indexed(struct store_reader *reader, struct slice id, uint64_t before,
                          uint64_t *sequences, size_t limit)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t count = 0;
    int status = posting_cursor(reader, id, &cursor);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    uint64_t end = before <= reader->indexed ? before : reader->indexed + 1;
    status = posting_before(cursor, id, end, &value);
    for (; status == 0 && count < limit; count++) {
        sequences[count] = sequence_of(value);
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_PREV_DUP));
    }
    mdb_cursor_close(cursor);
    return status < 0 && status != -ENOENT ? status : (int)count;
}

int store_entity_newest(struct store_reader *reader, struct slice id, uint64_t before,
                        uint64_t *sequences, size_t limit)
{
    size_t count = 0;
    if (before > reader->indexed + 1) {
        const struct tail *tail;
        int status = tail_read(reader, &tail);
        if (status < 0)
            return status;
        count = newest_in_tail(tail, id, before, sequences, limit);
    }
    int older = newest_indexed(reader, id, before, sequences + count, limit - count);
    return older < 0 ? older : (int)count + older;
}
