// What a run of events puts into each index, sorted: chunks of some hundred events are collected
// and sorted one at a time, then read side by side.
#pragma once

#include "daemon/store/internal.h"
#include "daemon/store/sorted.h"

enum {
    KEYS_CHUNK = 512,
    KEYS_CHUNKS = 8,
    KEYS_BYTES = 64 << 20, // of keys as events have them; sorted they take five times as much
};

enum keys_table {
    KEYS_ENTITIES, // id, sequence, "type TAB name"
    KEYS_POSTINGS, // posting key, sequence
    KEYS_NAMES,    // folded spelling, 0, id
    KEYS_TABLES
};

struct index_keys {
    struct sorted chunks[KEYS_CHUNKS][KEYS_TABLES];
    size_t chunk_count;
    uint64_t bytes; // of the events' keys
};

// Where reading one table of all chunks has got to.
struct keys_position {
    size_t at[KEYS_CHUNKS];
};

void index_keys_init(struct index_keys *keys);
void index_keys_fini(struct index_keys *keys);

// Collects events from ... *until - 1, at most KEYS_CHUNK, as one more chunk: one event, and more
// as long as all that is collected has less than KEYS_BYTES. *until is then where it ended. Damaged
// events are passed over: they can be found by nobody anyway. 0, -ENOMEM, or -EIO family.
int index_keys_collect(struct index_keys *keys, const struct store *store, MDB_txn *txn,
                       uint64_t from, uint64_t *until);

struct index_key {
    struct slice key;
    struct slice value;
    uint64_t number;
};

// The next entry in the order of sorted.h; false at the end. Borrowed from the keys.
bool index_keys_next(const struct index_keys *keys, enum keys_table table,
                     struct keys_position *position, struct index_key *out);
