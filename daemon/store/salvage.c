#include "daemon/store/salvage.h"

#include <errno.h>
#include <inttypes.h>

#include "daemon/store/env.h"
#include "daemon/store/table.h"

enum { CHANGES_MOST = 2000 };

int repair_breathe(struct repair *repair)
{
    if (repair->txn && ++repair->changes < CHANGES_MOST)
        return 0;
    int status = repair->txn ? table_error(mdb_txn_commit(repair->txn)) : 0;
    repair->txn = NULL;
    repair->changes = 0;
    if (status == 0)
        status = table_error(mdb_txn_begin(repair->store->env, NULL, 0, &repair->txn));
    return status;
}

static void raise_to(uint64_t *highest, uint64_t number)
{
    if (number > *highest)
        *highest = number;
}

static uint64_t key_number(struct slice key)
{
    uint64_t number = 0;
    if (key.len == sizeof number)
        memcpy(&number, key.ptr, sizeof number);
    return number;
}

// What the newest records of each table speak of tells how far journal and stream went.
static void note_numbers(struct repair *repair, enum store_db db, struct slice key,
                         struct slice value)
{
    uint64_t number = 0;
    if (db == DB_EVENTS)
        raise_to(&repair->last_sequence, key_number(key));
    else if (db != DB_META && db != DB_CURSORS)
        raise_to(&repair->last_offset, key_number(key));
    if (db == DB_EVENT_OF && number_open(db, key, value, &number) == 0)
        raise_to(&repair->last_sequence, number);
    if (db == DB_META && slice_equal(key, slice_from_text("indexed")) &&
        number_open(db, key, value, &number) == 0)
        raise_to(&repair->last_sequence, number);
    if (db == DB_META && slice_equal(key, slice_from_text("identities")) &&
        number_open(db, key, value, &number) == 0)
        raise_to(&repair->last_offset, number);
}

// Positions of derived tables stay behind: those are made anew.
static bool is_kept(struct repair *repair, enum store_db db, struct slice key)
{
    bool mark = db == DB_META && slice_equal(key, slice_from_text("telex"));
    bool horizon = db == DB_META && slice_equal(key, slice_from_text("horizon"));
    repair->mark_found |= mark;
    repair->horizon_found |= horizon;
    return db != DB_META || mark || horizon;
}

static int report_conflict(struct repair *repair, enum store_db db, struct slice key)
{
    problems_tell(&repair->problems,
                  "two versions of record %" PRIu64 " of table %s were found; neither can be "
                  "proven, the first stays",
                  key_number(key), env_table_name(db));
    return 0;
}

static int record_cb(enum store_db db, struct slice key, struct slice value, bool strayed,
                     void *arg)
{
    struct repair *repair = arg;
    struct slice present;
    int status = repair_breathe(repair);
    if (status < 0)
        return status;
    note_numbers(repair, db, key, value);
    if (!is_kept(repair, db, key))
        return 0;
    status = strayed ? table_get_raw(repair->store, repair->txn, db, key, &present) : -ENOENT;
    if (status == 0)
        return slice_equal(present, value) ? 0 : report_conflict(repair, db, key);
    if (status != -ENOENT)
        return status;
    MDB_val k = val_from(key), v = val_from(value);
    return table_error(mdb_put(repair->txn, repair->store->dbs[db], &k, &v, 0));
}

static void problem_cb(const char *problem, void *arg)
{
    struct repair *repair = arg;
    problems_tell(&repair->problems, "%s", problem);
}

int salvage_all(struct repair *repair, struct pages *pages)
{
    int status = repair_breathe(repair);
    pages_count(pages, &repair->article_count, &repair->event_count);
    return status == 0 ? pages_walk(pages, record_cb, problem_cb, repair) : status;
}
