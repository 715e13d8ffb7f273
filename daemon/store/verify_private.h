// What verify.c and verify_tables.c share.
#pragma once

#include <errno.h>

#include "daemon/store/problems.h"
#include "daemon/store/spellings.h"
#include "daemon/store/table.h"

struct verify {
    const struct store *store;
    struct store_reader *reader;
    struct store_verdict *verdict;
    struct problems problems;
    const volatile bool *stop;
    int64_t last_time_ms;
    struct spellings spellings; // of the events, as long as none was ever removed
};

static inline bool verify_is_stopped(const struct verify *verify)
{
    return verify->stop && __atomic_load_n(verify->stop, __ATOMIC_RELAXED);
}

static inline const char *verify_why(int status)
{
    return status == -EBADMSG ? "is damaged" : status == -ENOENT ? "is missing" : "cannot be read";
}

static inline bool verify_has(const struct verify *verify, enum store_db db, struct slice key)
{
    struct slice payload;
    return table_get(verify->store, verify->reader->txn, db, key, &payload) == 0;
}

// Whole or damaged.
static inline bool verify_is_there(const struct verify *verify, enum store_db db, struct slice key)
{
    struct slice value;
    return table_get_raw(verify->store, verify->reader->txn, db, key, &value) == 0;
}

// Looks at every entry of the tables that are neither articles nor events. 0, also where problems
// were found, or negative errno.
int verify_tables(struct verify *verify);
