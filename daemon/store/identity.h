// Who is in the journal already: for every article the hash of its uri, the hash of its contents,
// and its offset. It follows from the journal, so it need not be written with it: the newest tens
// of thousands are held in memory, and every commit moves the next few of 1,024 ranges of keys to
// the table, where neighbours then share pages. Written with each article, one random page apiece,
// they took two thirds of the time of accepting (47,000 articles/s; 145,000 without). What was in
// memory only is read from the journal again when the store is opened.
#pragma once

#include "daemon/store/internal.h"

struct identity {
    uint64_t uri_hash;
    struct hash128 hash;
    uint64_t offset;
};

enum {
    IDENTITY_KEY_BYTES = 24,
    IDENTITY_RECENT = 65536, // kept in memory; a start reads up to twice as many article heads
    IDENTITY_RANGES = 1024,
    IDENTITY_MOVES = 16,       // ranges a commit moves at most
    IDENTITY_RANGE_MAX = 1024, // a range with more (one uri, many versions) moves out of turn
};

struct identity_range {
    struct identity *at;
    size_t count, capacity;
};

// Changed by the writer's thread, under the lock; read by all.
struct identity_set {
    pthread_mutex_t lock;
    struct identity_range ranges[IDENTITY_RANGES];
    size_t count;          // identities in memory
    unsigned turn;         // range to move next
    uint64_t cycle_offset; // first offset that was not there when this round of turns began
    unsigned overfull;     // range to move out of turn; IDENTITY_RANGES when there is none
    // What the open transaction has put into the table, and turn and cycle after its commit.
    unsigned moving[IDENTITY_MOVES];
    unsigned moving_count;
    unsigned next_turn;
    uint64_t next_cycle_offset;
    struct buf removing; // struct identity: what the open transaction removes
};

// store->identities. 0 or -ENOMEM; identity_fini accepts a store without.
int identity_init(struct store *store);
void identity_fini(struct store *store);

// Reads from the journal what the table does not hold yet. Articles whose heads are damaged are
// passed over. 0 or negative errno.
int identity_recover(struct store *store, MDB_txn *txn);

// Whether the record of what the table holds can be read: 0 or -EBADMSG family.
int identity_check_position(const struct store *store, MDB_txn *txn);

// Puts one identity into the table right away; and says that the table holds all up to an offset.
// For a store that is being made anew.
int identity_put(const struct store *store, MDB_txn *txn, const struct identity *identity);
int identity_put_held(const struct store *store, MDB_txn *txn, uint64_t offset);

void identity_key(const struct identity *identity, char key[IDENTITY_KEY_BYTES]);

// For any thread, inside a reader's transaction; what it finds may be newer than that. The offset
// of an identity (0, -ENOENT, -EBADMSG), and those of all articles with this hash of the uri,
// appended as uint64_t in no order.
int identity_look_up(struct store_reader *reader, struct identity *identity);
int identity_offsets(struct store_reader *reader, uint64_t uri_hash, struct buf *offsets);

// For the writer's thread, in its transaction. The same look; remembering an article that the
// transaction adds (0 or -ENOMEM); and moving what memory has too many of, as the last thing before
// the commit (0 or an error that ends the transaction).
int identity_find(const struct store *store, MDB_txn *txn, struct identity *identity);
int identity_add(struct store *store, const struct identity *identity);
int identity_move(struct store *store, MDB_txn *txn, uint64_t next_offset);

// Removes the identity of an article that goes, before identity_move. 0 or an error that ends the
// transaction.
int identity_remove(struct store *store, MDB_txn *txn, const struct identity *identity);

// What became of the transaction: forgets what it moved and removed, or what it added at or behind
// `next_offset`.
void identity_committed(struct store *store);
void identity_aborted(struct store *store, uint64_t next_offset);

// The same for a transaction that only removed.
void identity_removed(struct store *store, bool committed);
