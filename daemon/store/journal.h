// The journal of articles, who they are (identity), and which of them still wait for their event.
#pragma once

#include "daemon/store/internal.h"
#include "proto/wire/ack.h"

struct identity;

// 0, -ENOENT, -EBADMSG. out->sequence is filled in too.
int journal_get(const struct store *store, MDB_txn *txn, uint64_t offset,
                struct stored_article *out);

// The article alone, without looking for its event.
int journal_get_record(const struct store *store, MDB_txn *txn, uint64_t offset,
                       struct stored_article *out);

// Appends the record at tail->next_offset, with who pushed it, and makes it pending, unless the
// same article is there already. 0: *ack tells what became of it (a damaged first copy refuses this
// article only); negative: the transaction must be aborted.
int journal_accept(struct store *store, MDB_txn *txn, struct store_tail *tail, struct slice record,
                   struct slice sender, int64_t now_ms, struct ack *ack);

// Whether the article waits for its event: 0, -ENOENT, -EBADMSG.
int journal_is_pending(const struct store *store, MDB_txn *txn, uint64_t offset);

// The article's newest event is now `sequence`: it waits no longer.
int journal_finish(const struct store *store, MDB_txn *txn, uint64_t offset, uint64_t sequence);

// It waits again.
int journal_reopen(const struct store *store, MDB_txn *txn, uint64_t offset);

// Removes the article with its identity and the number of its event; what is there no more is
// passed over. Adds the record's bytes to *bytes. 0 or an error that ends the transaction.
int journal_remove(struct store *store, MDB_txn *txn, uint64_t offset, uint64_t *bytes);

// In place of an article that was lost: a record that says so by its uri, STORE_DAMAGED_URI and the
// offset, and has no text. 0 or an error that ends the transaction.
int journal_put_lost(struct store *store, MDB_txn *txn, uint64_t offset);

// Reads the head of the journal record alone, which carries its own checksum: 0, -ENOENT, -EBADMSG.
int journal_get_identity(const struct store *store, MDB_txn *txn, uint64_t offset,
                         struct identity *identity);

// Both hashes of an article record; leaves the offset alone. 0, or -EBADMSG when it is none.
int journal_identify(struct slice record, struct identity *identity);
