#include "daemon/store/sweep.h"

#include <errno.h>

#include "daemon/store/table.h"

enum { SWEEP_SHARE = 16 }; // a round begins when so many-th of the spellings may be left over

void sweep_init(struct sweep *sweep, const struct store *store)
{
    *sweep = (struct sweep){.under_way = store->tail.horizon.first > 1, .place.pairs = true};
}

static bool is_due(const struct sweep *sweep, const struct store *store, MDB_txn *txn)
{
    return sweep->gone && sweep->gone >= table_entries(store, txn, DB_NAMES) / SWEEP_SHARE;
}

static int look_at_one(struct sweep *sweep, const struct store *store, MDB_txn *txn,
                       MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    struct slice present;
    walk_remember(&sweep->place, slice_from_val(*key), slice_from_val(*value));
    int status = table_get_raw(store, txn, DB_ENTITIES, slice_from_val(*value), &present);
    if (status == 0)
        return table_error(mdb_cursor_get(cursor, key, value, MDB_NEXT));
    if (status == -ENOENT)
        status = table_error(mdb_cursor_del(cursor, 0));
    return status < 0 ? status : walk_seek(&sweep->place, cursor, key, value);
}

static int look_at_some(struct sweep *sweep, const struct store *store, MDB_txn *txn, unsigned most)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int status = table_error(mdb_cursor_open(txn, store->dbs[DB_NAMES], &cursor));
    if (status < 0)
        return status;
    status = walk_seek(&sweep->place, cursor, &key, &value);
    for (; status == 0 && most; most--)
        status = look_at_one(sweep, store, txn, cursor, &key, &value);
    mdb_cursor_close(cursor);
    return status;
}

int sweep_step(struct sweep *sweep, const struct store *store, MDB_txn *txn, uint64_t gone,
               unsigned most)
{
    sweep->gone += gone;
    if (!sweep->under_way && is_due(sweep, store, txn)) {
        sweep->under_way = true;
        sweep->gone = 0;
        sweep->place.set = false;
    }
    if (!sweep->under_way)
        return 0;
    int status = look_at_some(sweep, store, txn, most);
    if (status == -ENOENT)
        sweep->under_way = false;
    return status == -ENOENT ? 0 : status;
}
