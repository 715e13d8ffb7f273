// The indexes: postings, entities and their spellings. Derived from the events, and merged some
// time after them; the indexed position says how far. They may be thrown away and made anew.
//
// Events are merged in runs of some thousands, sorted by key, so that each page of the trees is
// written once a run. A run is carried out in steps of bounded time, each in a transaction of its
// own, between which the writer serves its requests; the position moves with the last one. Until
// then readers look at the events of the run themselves, and pass over postings that are ahead of
// the position. After a crash the run is begun again.
#pragma once

#include "daemon/store/internal.h"

enum { INDEX_RUN = 4096 }; // events in a run; fewer when they have very many keys

// Newest sequence in the indexes. 0; negative errno with *indexed 0.
int index_read_position(const struct store *store, MDB_txn *txn, uint64_t *indexed);

int index_write_position(const struct store *store, MDB_txn *txn, uint64_t indexed);

// Reads store->indexed when the store is opened. Indexes whose position is damaged are emptied, to
// be made anew. 0 or negative errno.
int index_recover(struct store *store);

struct index_run;

// Begins a run of at most `most` events behind store->indexed, up to INDEX_RUN. 0; -ENOENT when
// there are none; -ENOMEM. All of this is for the writer's thread.
int index_run_start(struct store *store, uint64_t most, struct index_run **out);
void index_run_free(struct index_run *run); // accepts NULL

// One step of about `budget_ns`, and the time of its commit. 1 when the run goes on, 0 when it is
// done (store->indexed has moved). -ENOBUFS, -ENOSPC, -ENOMEM: the step may be tried again;
// -EBADMSG, or -EIO.
int index_run_step(struct index_run *run, int64_t budget_ns);

// Whether steps write from now on; the first ones only read and sort.
bool index_run_is_collected(const struct index_run *run);

// Bytes of keys that its events have.
uint64_t index_run_bytes(const struct index_run *run);

// A whole run.
int index_merge(struct store *store, uint64_t most, uint64_t *merged);
