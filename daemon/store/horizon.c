#include "daemon/store/horizon.h"

#include <errno.h>

#include "daemon/store/index.h"
#include "daemon/store/table.h"

static struct slice horizon_key(void)
{
    return slice_from_text("horizon");
}

// The record is lost: nothing that is there may be taken for removed, and no number given again.
static int guess(const struct store *store, MDB_txn *txn, struct horizon *out)
{
    uint64_t indexed, last, first;
    int status = table_last(store, txn, DB_ARTICLES, UINT64_MAX, &last);
    if (status < 0)
        return status;
    out->whole_from = last + 1;
    status = table_seek(store, txn, DB_EVENTS, 0, &first);
    if (status == 0)
        out->first = first;
    else if (status == -ENOENT && index_read_position(store, txn, &indexed) == 0)
        out->first = indexed + 1;
    return status == -ENOENT ? 0 : status;
}

int horizon_read(const struct store *store, MDB_txn *txn, struct horizon *out)
{
    struct slice payload;
    *out = (struct horizon){.first = 1, .whole_from = 1, .last_time_ms = INT64_MIN};
    int status = table_get(store, txn, DB_META, horizon_key(), &payload);
    if (status == -ENOENT)
        return 0;
    if (status == 0 && payload.len == sizeof *out) {
        memcpy(out, payload.ptr, sizeof *out);
        return 0;
    }
    if (status < 0 && status != -EBADMSG)
        return status;
    status = guess(store, txn, out);
    return status < 0 ? status : -EBADMSG;
}

int horizon_write(const struct store *store, MDB_txn *txn, const struct horizon *horizon)
{
    return table_put(store, txn, DB_META, horizon_key(), slice_from(horizon, sizeof *horizon), 0);
}
