// The indexes: postings, entities and their spellings. Derived from the events, merged in sorted
// runs some time after them; the indexed position says how far. They may be thrown away and made
// anew.
#pragma once

#include "daemon/store/internal.h"

enum { INDEX_RUN = 512 }; // events a merge takes: at most some 10 ms of the writer's time

// Newest sequence in the indexes. 0; negative errno with *indexed 0.
int index_read_position(const struct store *store, MDB_txn *txn, uint64_t *indexed);

// Reads store->indexed when the store is opened. Indexes whose position is damaged are emptied, to
// be made anew. 0 or negative errno.
int index_recover(struct store *store);

// Merges at most `most` of the events that are not indexed yet, in a transaction of its own, and
// moves store->indexed. Damaged events are passed over: they can be found by nobody anyway. 0 with
// *merged, -ENOBUFS, -ENOSPC, -ENOMEM, -EBADMSG, or -EIO. Writer's thread.
int index_merge(struct store *store, uint64_t most, uint64_t *merged);
