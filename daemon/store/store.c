// A store's life:
//   1. look at the directory without touching it: missing, empty, ours, or somebody else's
//   2. lock it, so that there is one daemon
//   3. open the environment; make the tables and the identity when the store is new
//   4. recover: read where journal, stream and indexes end, and the newest identities; nothing has
//      to be repaired, since every change was one transaction
#include "daemon/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/env.h"
#include "daemon/store/events.h"
#include "daemon/store/filter.h"
#include "daemon/store/horizon.h"
#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/table.h"
#include "daemon/store/tail.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

static int refuse_not_empty(const char *path, struct err *err)
{
    err_set(err, "%s is not empty and holds no telex store; choose another directory", path);
    return -EINVAL;
}

static int refuse_no_store(const char *path, struct err *err)
{
    err_set(err, "there is no telex store in %s", path);
    return -EINVAL;
}

// Steps 1 and 2. A lock file that is already there is locked before anything is read, since its
// holder may be writing; a new one is made only when the directory turns out to be ours.
static int claim_directory(struct store *store, struct err *err)
{
    const char *path = store->directory;
    struct directory_contents contents;
    int status = directory_scan(path, &contents, err);
    if (status == 0 && contents.missing)
        status = store->read_only ? refuse_no_store(path, err) : directory_create(path, err);
    if (status == 0 && contents.has_lock)
        status = directory_lock(path, store->read_only, &store->lock_fd, err);
    enum env_peek found = ENV_NONE;
    if (status == 0)
        status = env_peek(path, &found, err);
    if (status < 0)
        return status;
    bool unfinished = found == ENV_EMPTY && contents.has_lock; // its making was interrupted
    if (found == ENV_EMPTY && !unfinished)
        return refuse_not_empty(path, err);
    if (found == ENV_NONE && contents.has_other)
        return refuse_not_empty(path, err);
    if (found != ENV_OURS && store->read_only)
        return refuse_no_store(path, err);
    if (contents.has_lock)
        return 0;
    return directory_lock(path, store->read_only, &store->lock_fd, err);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static int recover_horizon(struct store *store, MDB_txn *txn)
{
    int status = horizon_read(store, txn, &store->tail.horizon);
    if (status == -EBADMSG)
        log_error("horizon_damaged directory=\"%s\" taken from the tables: events from %llu on",
                  store->directory, (unsigned long long)store->tail.horizon.first);
    return status == -EBADMSG ? 0 : status;
}

// Step 4.
static int recover_in(struct store *store, MDB_txn *txn)
{
    uint64_t offset = 0, sequence = 0;
    struct store_tail *tail = &store->tail;
    int status = recover_horizon(store, txn);
    if (status == 0)
        status = table_last(store, txn, DB_ARTICLES, tail->horizon.whole_from, &offset);
    if (status == 0)
        status = table_last(store, txn, DB_EVENTS, tail->horizon.first, &sequence);
    *tail = (struct store_tail){.next_offset = larger(offset + 1, tail->horizon.whole_from),
                                .next_sequence = larger(sequence + 1, tail->horizon.first),
                                .horizon = tail->horizon};
    if (status < 0)
        return status;
    int64_t last = events_last_time(store, txn, tail->horizon.first, sequence);
    tail->last_time_ms = last > tail->horizon.last_time_ms ? last : tail->horizon.last_time_ms;
    return identity_recover(store, txn);
}

static int recover(struct store *store, struct err *err)
{
    MDB_txn *txn;
    int status = table_error(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn));
    if (status == 0) {
        status = recover_in(store, txn);
        mdb_txn_abort(txn);
    }
    if (status == 0)
        status = index_recover(store);
    if (status == 0)
        return 0;
    if (status == -EBADMSG)
        err_set(err,
                "the store %s is damaged where its articles or events end; \"telex repair %s\" "
                "salvages what is intact",
                store->directory, store->directory);
    else
        err_set_errno(err, -status, "cannot recover the store %s", store->directory);
    return status;
}

static int store_init(struct store *store, const struct store_options *options, struct err *err)
{
    store->lock_fd = -1;
    store->read_only = options->read_only;
    store->map_limit = options->map_limit;
    store->wall_ms = clock_wall_ms;
    store->directory = strdup(options->directory);
    store->event_source = strdup(options->event_source ? options->event_source : "/telex");
    store->gate_made = gate_init(&store->gate) == 0;
    if (!store->directory || !store->event_source || !store->gate_made || identity_init(store) < 0)
        return err_set_errno(err, ENOMEM, "cannot open the store %s", options->directory);
    return 0;
}

int store_open(struct store **out, const struct store_options *options, struct err *err)
{
    *out = NULL;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return err_set_errno(err, ENOMEM, "cannot open the store %s", options->directory);
    int status = store_init(store, options, err);
    if (status == 0)
        status = claim_directory(store, err);
    if (status == 0)
        status = env_open(store, options, err);
    if (status == 0 && !store->read_only)
        status = directory_sync(store->directory, err);
    if (status == 0)
        status = recover(store, err);
    if (status < 0) {
        store_close(store);
        return status;
    }
    *out = store;
    return 0;
}

const char *store_uuid(const struct store *store)
{
    return store->uuid;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    env_close(store);
    identity_fini(store);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    if (store->gate_made)
        gate_fini(&store->gate);
    free(store->directory);
    free(store->event_source);
    free(store);
}

int store_reader_open(struct store *store, struct store_reader **out, struct err *err)
{
    *out = NULL;
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return err_set_errno(err, ENOMEM, "cannot open a reader");
    reader->store = store;
    buf_init(&reader->text, STORE_TEXT_MAX);
    gate_enter(&store->gate);
    int status = table_error(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &reader->txn));
    if (status == 0)
        mdb_txn_reset(reader->txn);
    gate_leave(&store->gate);
    if (status < 0) {
        free(reader);
        return err_set_errno(err, -status, "cannot open a reader of the store");
    }
    *out = reader;
    return 0;
}

void store_reader_give_way(struct store_reader *reader)
{
    reader->gives_way = true;
}

void store_reader_close(struct store_reader *reader)
{
    if (!reader)
        return;
    if (reader->active)
        store_read_end(reader);
    mdb_txn_abort(reader->txn);
    filter_plan_free(reader->plan);
    tail_free(reader->tail);
    buf_fini(&reader->text);
    free(reader);
}

// Where stream and indexes begin and end in this snapshot. With the position of the indexes damaged
// nothing counts as indexed, everything is scanned.
static int read_bounds(struct store_reader *reader)
{
    struct horizon horizon = {.first = 1};
    int status = horizon_read(reader->store, reader->txn, &horizon);
    if (status == 0 || status == -EBADMSG)
        status = table_last(reader->store, reader->txn, DB_EVENTS, horizon.first, &reader->head);
    if (status < 0 && status != -EBADMSG)
        return status;
    reader->first = horizon.first;
    reader->head = larger(reader->head, horizon.first - 1);
    status = index_read_position(reader->store, reader->txn, &reader->indexed);
    reader->indexed = larger(reader->indexed, horizon.first - 1);
    return status == -EBADMSG ? 0 : status;
}

int store_read_begin(struct store_reader *reader)
{
    struct store *store = reader->store;
    gate_enter(&store->gate);
    int status = table_error(mdb_txn_renew(reader->txn));
    if (status == 0) {
        reader->active = true;
        status = read_bounds(reader);
        if (status < 0)
            store_read_end(reader);
        return status;
    }
    gate_leave(&store->gate);
    return status;
}

void store_read_end(struct store_reader *reader)
{
    filter_plan_forget(reader->plan);
    events_scan_forget(reader);
    mdb_txn_reset(reader->txn);
    reader->active = false;
    gate_leave(&reader->store->gate);
}

int store_count(struct store_reader *reader, struct store_counts *out)
{
    const struct store *store = reader->store;
    MDB_envinfo info;
    if (mdb_env_info(store->env, &info) != MDB_SUCCESS)
        return -EIO;
    *out = (struct store_counts){
        .articles = table_entries(store, reader->txn, DB_ARTICLES),
        .events = table_entries(store, reader->txn, DB_EVENTS),
        .pending = table_entries(store, reader->txn, DB_PENDING),
        .dead = table_entries(store, reader->txn, DB_DEAD),
        .cursors = table_entries(store, reader->txn, DB_CURSORS),
        .entities = table_entries(store, reader->txn, DB_ENTITIES),
        .first = reader->first,
        .indexed = reader->indexed,
        .map_size = info.me_mapsize,
        .used_bytes = env_used_bytes(store),
        .page_bytes = env_page_bytes(store),
        .file_bytes = env_file_bytes(store),
    };
    struct horizon horizon;
    int status = horizon_read(store, reader->txn, &horizon);
    if (status < 0 && status != -EBADMSG)
        return status;
    out->removed_articles = horizon.articles;
    out->free_pages = out->page_bytes ? env_free_bytes(store) / out->page_bytes : 0;
    return 0;
}
