#include "daemon/store/walk.h"

#include <errno.h>

#include "daemon/store/table.h"

void walk_remember(struct walk_place *place, struct slice key, struct slice value)
{
    place->set = true;
    place->key_len = key.len < WALK_BYTES ? key.len : WALK_BYTES;
    memcpy(place->key, key.ptr, place->key_len);
    place->value_len = 0;
    if (place->pairs) {
        place->value_len = value.len < WALK_BYTES ? value.len : WALK_BYTES;
        memcpy(place->value, value.ptr, place->value_len);
    }
}

static struct slice place_key(const struct walk_place *place)
{
    return slice_from(place->key, place->key_len);
}

// Moves to the entry behind the place, within the place's key if there is one.
static int seek_in_key(const struct walk_place *place, MDB_cursor *cursor, MDB_val *key,
                       MDB_val *value)
{
    struct slice last = slice_from(place->value, place->value_len);
    *key = val_from(place_key(place));
    *value = val_from(last);
    int status = table_error(mdb_cursor_get(cursor, key, value, MDB_GET_BOTH_RANGE));
    if (status == 0 && slice_equal(slice_from_val(*value), last))
        status = table_error(mdb_cursor_get(cursor, key, value, MDB_NEXT_DUP));
    *key = val_from(place_key(place)); // LMDB leaves it unset for these
    return status;
}

int walk_seek(const struct walk_place *place, MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    if (!place->set)
        return table_error(mdb_cursor_get(cursor, key, value, MDB_FIRST));
    int status = place->pairs ? seek_in_key(place, cursor, key, value) : -ENOENT;
    if (status != -ENOENT)
        return status;
    *key = val_from(place_key(place));
    status = table_error(mdb_cursor_get(cursor, key, value, MDB_SET_RANGE));
    if (status == 0 && slice_equal(slice_from_val(*key), place_key(place)))
        status = table_error(mdb_cursor_get(cursor, key, value, MDB_NEXT_NODUP));
    return status;
}

// In a damaged tree what comes next may lie further back: a walk would never end.
static bool goes_on(const struct store_reader *reader, enum store_db db,
                    const struct walk_place *place, MDB_val *key, MDB_val *value)
{
    MDB_dbi table = reader->store->dbs[db];
    MDB_val last_key = val_from(place_key(place));
    MDB_val last = val_from(slice_from(place->value, place->value_len));
    if (!place->set)
        return true;
    int order = mdb_cmp(reader->txn, table, key, &last_key);
    if (order != 0 || !place->pairs)
        return order > 0;
    bool alike = db != DB_POSTINGS || value->mv_size == last.mv_size; // numbers are of one length
    return alike && mdb_dcmp(reader->txn, table, value, &last) > 0;
}

// Up to WALK_STEP entries. 1 when there may be more, 0 at the end.
static int walk_step(struct store_reader *reader, enum store_db db, struct walk_place *place,
                     walk_cb *cb, void *arg)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int status = table_error(mdb_cursor_open(reader->txn, reader->store->dbs[db], &cursor));
    if (status < 0)
        return status;
    status = walk_seek(place, cursor, &key, &value);
    for (int steps = 0; status == 0 && steps < WALK_STEP; steps++) {
        if (!goes_on(reader, db, place, &key, &value)) {
            status = -EBADMSG;
            break;
        }
        walk_remember(place, slice_from_val(key), slice_from_val(value));
        if (!cb(slice_from_val(key), slice_from_val(value), arg)) {
            mdb_cursor_close(cursor);
            return 0;
        }
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return status == -ENOENT ? 0 : status < 0 ? status : 1;
}

int walk_table(struct store_reader *reader, enum store_db db, walk_cb *cb, void *arg)
{
    struct walk_place place = {.pairs = db == DB_NAMES || db == DB_POSTINGS};
    int status;
    do {
        status = store_read_begin(reader);
        if (status < 0)
            return status;
        status = walk_step(reader, db, &place, cb, arg);
        store_read_end(reader);
    } while (status == 1);
    return status;
}
