#include "daemon/store/index.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/store/index_keys.h"
#include "daemon/store/table.h"
#include "proto/base/clock.h"
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

int index_write_position(const struct store *store, MDB_txn *txn, uint64_t indexed)
{
    return table_put_number(store, txn, DB_META, position_key(), indexed, 0);
}

static int reset_in(struct store *store, MDB_txn *txn)
{
    static const enum store_db derived[] = {DB_POSTINGS, DB_ENTITIES, DB_NAMES};
    int status = 0;
    for (size_t i = 0; i < sizeof derived / sizeof *derived && status == 0; i++)
        status = table_error(mdb_drop(txn, store->dbs[derived[i]], 0));
    if (status == 0)
        status = index_write_position(store, txn, store->tail.horizon.first - 1);
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
        store->indexed = store->tail.horizon.first - 1;
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
    if (store->indexed < store->tail.horizon.first - 1)
        store->indexed = store->tail.horizon.first - 1;
    if (status != -EBADMSG || store->read_only)
        return status == -EBADMSG ? 0 : status;
    log_error("index_damaged directory=\"%s\" its position cannot be read; it is made anew",
              store->directory);
    return index_reset(store);
}

struct index_run {
    struct store *store;
    uint64_t from, until;  // events from ... until - 1
    uint64_t collected;    // those below have been collected
    enum keys_table table; // being merged
    struct keys_position position;
    struct index_keys keys;
};

int index_run_start(struct store *store, uint64_t most, struct index_run **out)
{
    uint64_t from = store->indexed + 1, waiting = store->tail.next_sequence - from;
    *out = NULL;
    most = most < INDEX_RUN ? most : INDEX_RUN;
    if (!waiting || !most)
        return -ENOENT;
    struct index_run *run = calloc(1, sizeof *run);
    if (!run)
        return -ENOMEM;
    run->store = store;
    run->from = run->collected = from;
    run->until = from + (waiting < most ? waiting : most);
    index_keys_init(&run->keys);
    *out = run;
    return 0;
}

void index_run_free(struct index_run *run)
{
    if (!run)
        return;
    index_keys_fini(&run->keys);
    free(run);
}

static int collect_chunk(struct index_run *run)
{
    MDB_txn *txn;
    int status = table_error(mdb_txn_begin(run->store->env, NULL, MDB_RDONLY, &txn));
    if (status < 0)
        return status;
    uint64_t left = run->until - run->collected;
    uint64_t end = run->collected + (left < KEYS_CHUNK ? left : KEYS_CHUNK), until = end;
    status = index_keys_collect(&run->keys, run->store, txn, run->collected, &until);
    mdb_txn_abort(txn);
    run->collected = until;
    if (until < end)
        run->until = until; // it is full
    return status;
}

// Adds to a DUPSORT table. What is there already is left, without making its page dirty, which
// MDB_NODUPDATA alone would.
static int put_pair(MDB_cursor *cursor, const struct index_key *entry, struct slice value,
                    bool expected)
{
    MDB_val k = val_from(entry->key), v = val_from(value);
    if (expected && mdb_cursor_get(cursor, &k, &v, MDB_GET_BOTH) == MDB_SUCCESS)
        return 0;
    k = val_from(entry->key);
    v = val_from(value);
    int status = table_error(mdb_cursor_put(cursor, &k, &v, MDB_NODUPDATA));
    return status == -EEXIST ? 0 : status;
}

// The newest name an entity was given is the one that counts: the run holds them in that order.
static int put_entity(const struct store *store, MDB_txn *txn, const struct index_key *entry)
{
    struct slice present;
    int status = table_get(store, txn, DB_ENTITIES, entry->key, &present);
    if (status == 0 && slice_equal(present, entry->value))
        return 0;
    if (status == 0 || status == -ENOENT || status == -EBADMSG)
        status = table_put(store, txn, DB_ENTITIES, entry->key, entry->value, 0);
    return status;
}

static int put_entry(const struct index_run *run, MDB_txn *txn, MDB_cursor *cursor,
                     const struct index_key *entry)
{
    switch (run->table) {
    case KEYS_ENTITIES:
        return put_entity(run->store, txn, entry);
    case KEYS_POSTINGS:
        return put_pair(cursor, entry, slice_of_number(&entry->number), false);
    default:
        return put_pair(cursor, entry, entry->value, true);
    }
}

// An entity that keeps its name says nothing new in the next event.
static bool says_the_same(enum keys_table table, const struct index_key *a,
                          const struct index_key *b)
{
    return (table == KEYS_ENTITIES || a->number == b->number) && slice_equal(a->key, b->key) &&
           slice_equal(a->value, b->value);
}

// Entries of the current table until the deadline. 1 when there are more.
static int put_table(struct index_run *run, MDB_txn *txn, int64_t deadline)
{
    static const enum store_db dbs[KEYS_TABLES] = {DB_ENTITIES, DB_POSTINGS, DB_NAMES};
    MDB_cursor *cursor;
    struct index_key entry, last = {0};
    int status = table_error(mdb_cursor_open(txn, run->store->dbs[dbs[run->table]], &cursor));
    if (status < 0)
        return status;
    while (status == 0 && index_keys_next(&run->keys, run->table, &run->position, &entry)) {
        if (!says_the_same(run->table, &entry, &last))
            status = put_entry(run, txn, cursor, &entry);
        last = entry;
        if (status == 0 && clock_mono_ns() > deadline)
            status = 1;
    }
    mdb_cursor_close(cursor);
    return status;
}

static int put_tables(struct index_run *run, MDB_txn *txn, int64_t budget_ns)
{
    int64_t deadline = clock_mono_ns() + budget_ns;
    for (; run->table < KEYS_TABLES; run->table++) {
        int status = put_table(run, txn, deadline);
        if (status)
            return status;
        run->position = (struct keys_position){0};
    }
    return index_write_position(run->store, txn, run->until - 1);
}

// One transaction of puts; where it began is where it begins again when it fails.
static int put_step(struct index_run *run, int64_t budget_ns)
{
    enum keys_table table = run->table;
    struct keys_position position = run->position;
    MDB_txn *txn;
    int more = 0, status = table_error(mdb_txn_begin(run->store->env, NULL, 0, &txn));
    if (status < 0)
        return status;
    more = put_tables(run, txn, budget_ns);
    if (more >= 0)
        status = table_error(mdb_txn_commit(txn));
    else
        mdb_txn_abort(txn);
    if (more >= 0 && status == 0)
        return more;
    run->table = table;
    run->position = position;
    return more < 0 ? more : status;
}

bool index_run_is_collected(const struct index_run *run)
{
    return run->collected == run->until;
}

uint64_t index_run_bytes(const struct index_run *run)
{
    return run->keys.bytes;
}

int index_run_step(struct index_run *run, int64_t budget_ns)
{
    if (!index_run_is_collected(run)) {
        int status = collect_chunk(run);
        return status < 0 ? status : 1;
    }
    int status = put_step(run, budget_ns);
    if (status == 0)
        run->store->indexed = run->until - 1;
    return status;
}

int index_merge(struct store *store, uint64_t most, uint64_t *merged)
{
    struct index_run *run;
    *merged = 0;
    int status = index_run_start(store, most, &run);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    do
        status = index_run_step(run, INT32_MAX);
    while (status == 1);
    if (status == 0)
        *merged = run->until - run->from;
    index_run_free(run);
    return status;
}
