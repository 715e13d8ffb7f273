#include "daemon/store/index.h"

#include <errno.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"
#include "daemon/store/sorted.h"
#include "daemon/store/table.h"
#include "proto/base/log.h"

static struct slice position_key(void)
{
    return slice_from_text("indexed");
}

int index_read_position(const struct store *store, MDB_txn *txn, uint64_t *indexed)
{
    *indexed = 0;
    int status = table_get_number(store, txn, DB_META, position_key(), indexed);
    if (status < 0)
        *indexed = 0;
    return status == -ENOENT ? 0 : status;
}

static int reset_in(struct store *store, MDB_txn *txn)
{
    static const enum store_db derived[] = {DB_POSTINGS, DB_ENTITIES, DB_NAMES};
    int status = 0;
    for (size_t i = 0; i < sizeof derived / sizeof *derived && status == 0; i++)
        status = table_error(mdb_drop(txn, store->dbs[derived[i]], 0));
    if (status == 0)
        status = table_put_number(store, txn, DB_META, position_key(), 0, 0);
    return status;
}

static int index_reset(struct store *store)
{
    MDB_txn *txn;
    int status = table_error(mdb_txn_begin(store->env, NULL, 0, &txn));
    if (status < 0)
        return status;
    status = reset_in(store, txn);
    if (status < 0) {
        mdb_txn_abort(txn);
        return status;
    }
    status = table_error(mdb_txn_commit(txn));
    if (status == 0)
        store->indexed = 0;
    return status;
}

int index_recover(struct store *store)
{
    MDB_txn *txn;
    int status = table_error(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn));
    if (status < 0)
        return status;
    status = index_read_position(store, txn, &store->indexed);
    mdb_txn_abort(txn);
    if (status != -EBADMSG || store->read_only)
        return status == -EBADMSG ? 0 : status;
    log_error("index_damaged directory=\"%s\" its position cannot be read; it is made anew",
              store->directory);
    return index_reset(store);
}

struct run {
    struct sorted postings; // key, sequence
    struct sorted entities; // id, sequence, "type TAB name"
    struct sorted names;    // folded spelling, 0, id
};

static void run_init(struct run *run)
{
    sorted_init(&run->postings);
    sorted_init(&run->entities);
    sorted_init(&run->names);
}

static void run_fini(struct run *run)
{
    sorted_fini(&run->postings);
    sorted_fini(&run->entities);
    sorted_fini(&run->names);
}

static void add_posting(struct run *run, enum posting_kind kind, struct slice value,
                        uint64_t sequence)
{
    char key[POSTING_KEY_MAX];
    size_t len = posting_key(kind, value, key);
    sorted_add(&run->postings, slice_from(key, len), sequence, slice_from(NULL, 0));
}

static void run_add_event(struct run *run, const struct stored_event *event)
{
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    add_posting(run, POSTING_SOURCE, event->source, event->sequence);
    while (event_keys_next(&keys, &key)) {
        if (key.kind == KEY_ENTITY) {
            size_t head = key.id.len + 1;
            add_posting(run, POSTING_ENTITY, key.id, event->sequence);
            add_posting(run, POSTING_TYPE, key.type, event->sequence);
            sorted_add(&run->entities, key.id, event->sequence,
                       slice_from(key.value.ptr + head, key.value.len - head));
        } else if (key.kind == KEY_SPELLING && key.entity_id.len) {
            sorted_add(&run->names, key.value, 0, key.entity_id);
        } else if (key.kind == KEY_LANGUAGE) {
            add_posting(run, POSTING_LANGUAGE, key.value, event->sequence);
        }
    }
}

static int run_collect(struct run *run, const struct store *store, MDB_txn *txn, uint64_t from,
                       uint64_t until)
{
    for (uint64_t sequence = from; sequence < until; sequence++) {
        struct stored_event event;
        int status = events_get(store, txn, sequence, &event);
        if (status == -EBADMSG || status == -ENOENT)
            log_error("event_damaged sequence=%llu", (unsigned long long)sequence);
        else if (status < 0)
            return status;
        else
            run_add_event(run, &event);
    }
    bool failed = sorted_failed(&run->postings) || sorted_failed(&run->entities) ||
                  sorted_failed(&run->names);
    return failed ? -ENOMEM : 0;
}

// Entries of a DUPSORT table. What is there already is left, so that a run may be repeated.
static int put_pair(MDB_cursor *cursor, struct slice key, struct slice value)
{
    MDB_val k = val_from(key), v = val_from(value);
    int status = table_error(mdb_cursor_put(cursor, &k, &v, MDB_NODUPDATA));
    return status == -EEXIST ? 0 : status;
}

static bool same_as_last(const struct sorted *run, size_t i)
{
    const struct sorted_entry *entry = sorted_at(run, i);
    return i && entry[-1].number == entry->number &&
           slice_equal(sorted_key(run, entry - 1), sorted_key(run, entry)) &&
           slice_equal(sorted_value(run, entry - 1), sorted_value(run, entry));
}

static int put_pairs(const struct store *store, MDB_txn *txn, enum store_db db,
                     const struct sorted *run)
{
    MDB_cursor *cursor;
    int status = table_error(mdb_cursor_open(txn, store->dbs[db], &cursor));
    if (status < 0)
        return status;
    for (size_t i = 0; i < sorted_count(run) && status == 0; i++) {
        const struct sorted_entry *entry = sorted_at(run, i);
        struct slice value =
            db == DB_POSTINGS ? slice_of_number(&entry->number) : sorted_value(run, entry);
        if (!same_as_last(run, i))
            status = put_pair(cursor, sorted_key(run, entry), value);
    }
    mdb_cursor_close(cursor);
    return status;
}

// The newest name an entity was given is the one that counts.
static int put_entities(const struct store *store, MDB_txn *txn, const struct sorted *run)
{
    for (size_t i = 0, count = sorted_count(run); i < count; i++) {
        const struct sorted_entry *entry = sorted_at(run, i);
        struct slice id = sorted_key(run, entry), present;
        if (i + 1 < count && slice_equal(sorted_key(run, entry + 1), id))
            continue;
        struct slice wanted = sorted_value(run, entry);
        int status = table_get(store, txn, DB_ENTITIES, id, &present);
        if (status == 0 && slice_equal(present, wanted))
            continue;
        if (status == 0 || status == -ENOENT || status == -EBADMSG)
            status = table_put(store, txn, DB_ENTITIES, id, wanted, 0);
        if (status < 0)
            return status;
    }
    return 0;
}

static int run_put(struct run *run, const struct store *store, MDB_txn *txn)
{
    sorted_sort(&run->postings);
    sorted_sort(&run->entities);
    sorted_sort(&run->names);
    int status = put_pairs(store, txn, DB_POSTINGS, &run->postings);
    if (status == 0)
        status = put_pairs(store, txn, DB_NAMES, &run->names);
    if (status == 0)
        status = put_entities(store, txn, &run->entities);
    return status;
}

static int merge_in(const struct store *store, MDB_txn *txn, uint64_t from, uint64_t until)
{
    struct run run;
    run_init(&run);
    int status = run_collect(&run, store, txn, from, until);
    if (status == 0)
        status = run_put(&run, store, txn);
    if (status == 0)
        status = table_put_number(store, txn, DB_META, position_key(), until - 1, 0);
    run_fini(&run);
    return status;
}

int index_merge(struct store *store, uint64_t most, uint64_t *merged)
{
    uint64_t from = store->indexed + 1, until = store->tail.next_sequence;
    *merged = 0;
    if (until - from > most)
        until = from + most;
    if (until == from)
        return 0;
    MDB_txn *txn;
    int status = table_error(mdb_txn_begin(store->env, NULL, 0, &txn));
    if (status < 0)
        return status;
    status = merge_in(store, txn, from, until);
    if (status < 0) {
        mdb_txn_abort(txn);
        return status;
    }
    status = table_error(mdb_txn_commit(txn));
    if (status < 0)
        return status;
    store->indexed = until - 1;
    *merged = until - from;
    return 0;
}
