#include "daemon/store/remove.h"

#include <errno.h>

#include "daemon/store/events.h"
#include "daemon/store/horizon.h"
#include "daemon/store/index.h"
#include "daemon/store/index_keys.h"
#include "daemon/store/journal.h"
#include "daemon/store/posting.h"
#include "daemon/store/table.h"

// --- indexes

// Takes everything below `until` off the front of a posting list. 1 when the list is empty then.
static int trim_list(MDB_cursor *cursor, struct slice list, uint64_t until)
{
    for (;;) {
        MDB_val key = val_from(list), value;
        uint64_t sequence = UINT64_MAX;
        int status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_SET));
        if (status < 0)
            return status == -ENOENT ? 1 : status;
        if (value.mv_size == sizeof sequence)
            memcpy(&sequence, value.mv_data, sizeof sequence);
        if (sequence >= until)
            return 0;
        status = table_error(mdb_cursor_del(cursor, 0));
        if (status < 0)
            return status;
    }
}

static int remove_entity(const struct store *store, MDB_txn *txn, struct slice list,
                         struct removal *removal)
{
    int status = table_delete(store, txn, DB_ENTITIES, slice_from(list.ptr + 1, list.len - 1));
    removal->entities += status == 0;
    return status == -ENOENT ? 0 : status;
}

static int trim_lists(const struct store *store, MDB_txn *txn, const struct index_keys *keys,
                      MDB_cursor *cursor, uint64_t until, struct removal *removal)
{
    struct keys_position position = {0};
    struct index_key entry;
    struct slice last = {0};
    while (index_keys_next(keys, KEYS_POSTINGS, &position, &entry)) {
        if (slice_equal(entry.key, last))
            continue;
        last = entry.key;
        int status = trim_list(cursor, last, until);
        if (status == 1 && last.ptr[0] == POSTING_ENTITY)
            status = remove_entity(store, txn, last, removal);
        if (status < 0)
            return status;
    }
    return 0;
}

// Spellings of entities that have gone.
static int remove_spellings(const struct store *store, MDB_txn *txn, const struct index_keys *keys,
                            MDB_cursor *cursor)
{
    struct keys_position position = {0};
    struct index_key entry;
    struct slice present;
    int status = 0;
    while (status == 0 && index_keys_next(keys, KEYS_NAMES, &position, &entry)) {
        if (table_get_raw(store, txn, DB_ENTITIES, entry.value, &present) != -ENOENT)
            continue;
        MDB_val key = val_from(entry.key), value = val_from(entry.value);
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_GET_BOTH));
        if (status == 0)
            status = table_error(mdb_cursor_del(cursor, 0));
        status = status == -ENOENT ? 0 : status;
    }
    return status;
}

static int remove_from_indexes(const struct store *store, MDB_txn *txn,
                               const struct index_keys *keys, uint64_t until,
                               struct removal *removal)
{
    MDB_cursor *postings, *names = NULL;
    int status = table_error(mdb_cursor_open(txn, store->dbs[DB_POSTINGS], &postings));
    if (status < 0)
        return status;
    status = trim_lists(store, txn, keys, postings, until, removal);
    mdb_cursor_close(postings);
    if (status == 0)
        status = table_error(mdb_cursor_open(txn, store->dbs[DB_NAMES], &names));
    if (status < 0)
        return status;
    status = remove_spellings(store, txn, keys, names);
    mdb_cursor_close(names);
    return status;
}

// --- events and articles

int remove_article(struct store *store, MDB_txn *txn, struct horizon *horizon, uint64_t offset,
                   uint64_t sequence, struct removal *removal)
{
    struct slice key = slice_of_number(&offset), dead;
    uint64_t newest;
    int status = table_get_number(store, txn, DB_EVENT_OF, key, &newest);
    // A damaged number keeps its article: verify names it.
    if (status == -ENOENT || status == -EBADMSG || (status == 0 && newest != sequence))
        return 0;
    if (status == 0)
        status = table_get_raw(store, txn, DB_DEAD, key, &dead);
    if (status != -ENOENT)
        return status;
    status = journal_remove(store, txn, offset, &removal->bytes);
    removal->articles++;
    horizon->articles++;
    if (horizon->whole_from <= offset)
        horizon->whole_from = offset + 1;
    return status;
}

static int remove_event(struct store *store, MDB_txn *txn, struct horizon *horizon,
                        struct removal *removal)
{
    uint64_t sequence = horizon->first;
    struct stored_event event;
    int status = events_get(store, txn, sequence, &event);
    if (status == 0) {
        horizon->last_time_ms = event.time_ms;
        removal->bytes += event.json.len + event.keys.len + event.edits.len;
    } else if (status == -EBADMSG) {
        // remove_article does nothing unless the article itself names this event.
        status = events_guess_offset(store, txn, sequence, &event.offset);
    }
    if (status == 0)
        status = remove_article(store, txn, horizon, event.offset, sequence, removal);
    if (status == 0 || status == -ENOENT)
        status = table_delete(store, txn, DB_EVENTS, slice_of_number(&sequence));
    if (status < 0 && status != -ENOENT)
        return status;
    horizon->first++;
    removal->events++;
    return 0;
}

int remove_events(struct store *store, MDB_txn *txn, struct horizon *horizon, uint64_t until,
                  struct removal *removal)
{
    struct index_keys keys;
    index_keys_init(&keys);
    int status = index_keys_collect(&keys, store, txn, horizon->first, &until);
    if (status == 0)
        status = remove_from_indexes(store, txn, &keys, until, removal);
    index_keys_fini(&keys);
    while (status == 0 && horizon->first < until)
        status = remove_event(store, txn, horizon, removal);
    if (status == 0 && store->indexed < until - 1)
        status = index_write_position(store, txn, until - 1);
    return status < 0 ? status : horizon_write(store, txn, horizon);
}
