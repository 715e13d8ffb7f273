#include <errno.h>

#include "daemon/store/internal.h"
#include "daemon/store/table.h"

int store_get_cursor(struct store_reader *reader, struct slice name, uint64_t *next)
{
    return table_get_number(reader->store, reader->txn, DB_CURSORS, name, next);
}

int store_each_cursor(struct store_reader *reader, store_cursor_cb *cb, void *arg)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int damaged = 0;
    int status = table_error(mdb_cursor_open(reader->txn, reader->store->dbs[DB_CURSORS], &cursor));
    if (status < 0)
        return status;
    while ((status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) == 0) {
        uint64_t next;
        struct slice name = slice_from_val(key);
        int got = number_open(DB_CURSORS, name, slice_from_val(value), &next);
        if (got < 0)
            damaged = got;
        else if (!cb(name, next, arg))
            break;
    }
    mdb_cursor_close(cursor);
    return status == -ENOENT || status == 0 ? damaged : status;
}
