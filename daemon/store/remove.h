// Removing the oldest events, with everything that only they keep: postings, entities that no event
// names any more and their spellings, articles and who they were. All of it in one transaction, so
// that the store is whole after each.
#pragma once

#include "daemon/store/internal.h"

enum { REMOVE_MOST = 512 }; // events at a time

// What was removed; added up.
struct removal {
    uint64_t events, articles, entities;
    uint64_t bytes; // of records
};

// Removes the events from the horizon up to, but not including, `until`, at most REMOVE_MOST, and
// fewer when they have very many keys; the horizon, the transaction's own, moves there. The indexes
// need not have them yet; no index_run may be under way. identity_removed is to be called after the
// transaction. 0, or an error that ends it.
int remove_events(struct store *store, MDB_txn *txn, struct horizon *horizon, uint64_t until,
                  struct removal *removal);

// Removes the article, whose newest event is `sequence`, unless it waits for another, has another,
// or a dead letter keeps it. 0, or an error that ends the transaction.
int remove_article(struct store *store, MDB_txn *txn, struct horizon *horizon, uint64_t offset,
                   uint64_t sequence, struct removal *removal);
