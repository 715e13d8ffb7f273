#include "daemon/store/dead.h"

#include <errno.h>

#include "daemon/store/table.h"

int dead_put(const struct store *store, MDB_txn *txn, const struct stored_dead *dead,
             struct buf *scratch)
{
    buf_reset(scratch);
    buf_put_u64(scratch, dead->sequence);
    buf_put_u64(scratch, (uint64_t)dead->time_ms);
    buf_put_u32(scratch, dead->attempts);
    buf_put_u32(scratch, (uint32_t)dead->stage.len);
    buf_put_slice(scratch, dead->stage);
    buf_put_slice(scratch, dead->last_words);
    if (scratch->failed)
        return -ENOMEM;
    return table_put(store, txn, DB_DEAD, slice_of_number(&dead->offset), buf_slice(scratch), 0);
}

static int dead_decode(uint64_t offset, struct slice payload, struct stored_dead *out)
{
    struct cursor cursor = cursor_from(payload);
    *out = (struct stored_dead){.offset = offset};
    out->sequence = cursor_u64(&cursor);
    out->time_ms = (int64_t)cursor_u64(&cursor);
    out->attempts = cursor_u32(&cursor);
    size_t stage = cursor_u32(&cursor);
    out->stage = cursor_bytes(&cursor, stage);
    out->last_words = cursor_bytes(&cursor, cursor_left(&cursor));
    return cursor.failed ? -EBADMSG : 0;
}

int dead_get(const struct store *store, MDB_txn *txn, uint64_t offset, struct stored_dead *out)
{
    struct slice payload;
    int status = table_get(store, txn, DB_DEAD, slice_of_number(&offset), &payload);
    return status ? status : dead_decode(offset, payload, out);
}

int dead_delete(const struct store *store, MDB_txn *txn, uint64_t offset)
{
    return table_delete(store, txn, DB_DEAD, slice_of_number(&offset));
}

int store_get_dead(struct store_reader *reader, uint64_t offset, struct stored_dead *out)
{
    return dead_get(reader->store, reader->txn, offset, out);
}

int store_each_dead(struct store_reader *reader, uint64_t from_offset, store_dead_cb *cb, void *arg)
{
    int damaged = 0, status;
    uint64_t offset = from_offset;
    while ((status = table_seek(reader->store, reader->txn, DB_DEAD, offset, &offset)) == 0) {
        struct stored_dead dead;
        int got = store_get_dead(reader, offset, &dead);
        if (got < 0)
            damaged = got;
        else if (!cb(&dead, arg))
            return 0;
        if (offset++ == UINT64_MAX)
            break;
    }
    return status == -ENOENT ? damaged : status;
}
