// A walk over a whole table in bounded read transactions, so that it pins no pages while the writer
// works. What is added behind its back may or may not be seen.
#pragma once

#include "daemon/store/internal.h"

enum {
    WALK_STEP = 256, // entries in one transaction
    WALK_BYTES = 511 // of a key, and of a value that is part of the place: LMDB's own limit
};

// Where a walk has got to.
struct walk_place {
    bool set;
    bool pairs; // a DUPSORT table: the value is part of the place
    char key[WALK_BYTES];
    size_t key_len;
    char value[WALK_BYTES];
    size_t value_len;
};

void walk_remember(struct walk_place *place, struct slice key, struct slice value);

// Moves the cursor to the first entry behind the place, and reads it. 0, -ENOENT at the end, or
// another error.
int walk_seek(const struct walk_place *place, MDB_cursor *cursor, MDB_val *key, MDB_val *value);

// Called inside the reader's transaction. False ends the walk.
typedef bool walk_cb(struct slice key, struct slice value, void *arg);

// 0 at the end; -EBADMSG when a page of the tree is damaged; the EIO family.
int walk_table(struct store_reader *reader, enum store_db db, walk_cb *cb, void *arg);
