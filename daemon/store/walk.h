// A walk over a whole table in bounded read transactions, so that it pins no pages while the writer
// works. What is added behind its back may or may not be seen.
#pragma once

#include "daemon/store/internal.h"

enum { WALK_STEP = 256 }; // entries in one transaction

// Called inside the reader's transaction. False ends the walk.
typedef bool walk_cb(struct slice key, struct slice value, void *arg);

// 0 at the end; -EBADMSG when a page of the tree is damaged; the EIO family.
int walk_table(struct store_reader *reader, enum store_db db, walk_cb *cb, void *arg);
