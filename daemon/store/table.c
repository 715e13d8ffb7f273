#include "daemon/store/table.h"

#include <errno.h>

int table_error(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return 0;
    case MDB_NOTFOUND:
        return -ENOENT;
    case MDB_KEYEXIST:
        return -EEXIST;
    case MDB_MAP_FULL:
        return -ENOBUFS;
    case MDB_TXN_FULL:
    case EDQUOT:
    case EFBIG:
        return -ENOSPC;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_BAD_TXN: // what comes after one of these in the same transaction
        return -EBADMSG;
    case MDB_READERS_FULL:
        return -EAGAIN;
    case MDB_BAD_VALSIZE:
        return -EINVAL;
    default:
        return code > 0 ? -code : -EIO;
    }
}

int table_get_raw(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                  struct slice *value)
{
    MDB_val k = val_from(key), v;
    int status = table_error(mdb_get(txn, store->dbs[db], &k, &v));
    if (status == 0)
        *value = slice_from_val(v);
    // A key that LMDB cannot hold is a key that is not there.
    return status == -EINVAL ? -ENOENT : status;
}

int table_get(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
              struct slice *payload)
{
    struct slice value;
    int status = table_get_raw(store, txn, db, key, &value);
    return status ? status : record_open(db, key, value, payload);
}

int table_reserve(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                  size_t len, unsigned flags, char **payload)
{
    MDB_val k = val_from(key), v = {.mv_size = RECORD_HEAD_BYTES + len};
    if (len > UINT32_MAX - RECORD_HEAD_BYTES)
        return -EINVAL;
    int status = table_error(mdb_put(txn, store->dbs[db], &k, &v, flags | MDB_RESERVE));
    if (status == 0)
        *payload = (char *)v.mv_data + RECORD_HEAD_BYTES;
    return status;
}

void table_seal(enum store_db db, struct slice key, char *payload, size_t len)
{
    record_seal(db, key, payload - RECORD_HEAD_BYTES, len);
}

int table_put(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
              struct slice payload, unsigned flags)
{
    char *place;
    int status = table_reserve(store, txn, db, key, payload.len, flags, &place);
    if (status)
        return status;
    if (payload.len)
        memcpy(place, payload.ptr, payload.len);
    table_seal(db, key, place, payload.len);
    return 0;
}

int table_get_number(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                     uint64_t *number)
{
    struct slice value;
    int status = table_get_raw(store, txn, db, key, &value);
    return status ? status : number_open(db, key, value, number);
}

int table_put_number(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                     uint64_t number, unsigned flags)
{
    char sealed[NUMBER_BYTES];
    number_seal(db, key, number, sealed);
    MDB_val k = val_from(key), v = {.mv_size = sizeof sealed, .mv_data = sealed};
    return table_error(mdb_put(txn, store->dbs[db], &k, &v, flags));
}

int table_delete(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key)
{
    MDB_val k = val_from(key);
    int status = table_error(mdb_del(txn, store->dbs[db], &k, NULL));
    return status == -EINVAL ? -ENOENT : status;
}

// One step over an integer table, from `*key` when the step asks for it.
static int cursor_step(MDB_cursor *cursor, MDB_cursor_op step, uint64_t *key, struct slice *value)
{
    uint64_t from = *key;
    MDB_val k = val_from(slice_of_number(&from)), v;
    int status = table_error(mdb_cursor_get(cursor, &k, &v, step));
    if (status == 0 && k.mv_size != sizeof *key)
        status = -EBADMSG;
    if (status < 0)
        return status;
    memcpy(key, k.mv_data, sizeof *key);
    *value = slice_from_val(v);
    return 0;
}

// Goes back over damaged records to one that is not. What a page of another table says is no number
// of this one: those of damaged records follow each other, up to one that is known.
static int find_last(MDB_cursor *cursor, enum store_db db, uint64_t first, uint64_t *key)
{
    struct slice value, payload;
    uint64_t at = 0;
    int status = cursor_step(cursor, MDB_LAST, &at, &value);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    uint64_t last = at;
    while (record_open(db, slice_of_number(&at), value, &payload) < 0 && at > first) {
        uint64_t next = at;
        status = cursor_step(cursor, MDB_PREV, &at, &value);
        if (status < 0 || at != next - 1)
            return status < 0 && status != -ENOENT ? status : -EBADMSG;
    }
    *key = last;
    return 0;
}

int table_last(const struct store *store, MDB_txn *txn, enum store_db db, uint64_t first,
               uint64_t *key)
{
    MDB_cursor *cursor;
    *key = 0;
    int status = table_error(mdb_cursor_open(txn, store->dbs[db], &cursor));
    if (status < 0)
        return status;
    status = find_last(cursor, db, first, key);
    mdb_cursor_close(cursor);
    return status;
}

int table_seek(const struct store *store, MDB_txn *txn, enum store_db db, uint64_t from,
               uint64_t *key)
{
    MDB_cursor *cursor;
    struct slice value;
    *key = from;
    int status = table_error(mdb_cursor_open(txn, store->dbs[db], &cursor));
    if (status < 0)
        return status;
    status = cursor_step(cursor, MDB_SET_RANGE, key, &value);
    mdb_cursor_close(cursor);
    return status == 0 && *key < from ? -EBADMSG : status; // who goes on from there never ends
}

uint64_t table_entries(const struct store *store, MDB_txn *txn, enum store_db db)
{
    MDB_stat stat;
    return mdb_stat(txn, store->dbs[db], &stat) == MDB_SUCCESS ? stat.ms_entries : 0;
}
