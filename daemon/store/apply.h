// One request of the writer, carried out in an open transaction.
#pragma once

#include "daemon/store/internal.h"
#include "daemon/store/writer.h"

struct apply_counts {
    uint64_t articles, duplicates, events, dead;
    uint64_t key_bytes; // of the events
};

struct apply {
    struct store *store;
    MDB_txn *txn;
    struct store_tail tail; // as it will be after the commit
    struct apply_counts counts;
    struct buf *scratch;
    struct buf *words;
};

// 0: write->status and the request's results say what became of it, and nothing was changed unless
// status is 0. Negative: the transaction must be aborted; -EBADMSG then means that this request met
// a damaged page.
int apply_write(struct apply *apply, struct write *write);

// Bytes on disk the request may need.
uint64_t apply_estimate(const struct write *write);
