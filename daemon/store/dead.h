// Dead letters: articles that were given up. Their bytes stay in the journal.
#pragma once

#include "daemon/store/internal.h"

enum { DEAD_WORDS_MAX = 4096 }; // bytes of last words that are kept: the last ones

int dead_get(const struct store *store, MDB_txn *txn, uint64_t offset, struct stored_dead *out);
int dead_put(const struct store *store, MDB_txn *txn, const struct stored_dead *dead,
             struct buf *scratch);
int dead_delete(const struct store *store, MDB_txn *txn, uint64_t offset);
