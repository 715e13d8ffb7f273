// Checked reads and writes of one table in one transaction. All answer 0 or a negative errno:
// -ENOENT, -EBADMSG (damaged), -ENOBUFS (the map is full and must grow), -ENOSPC (the disk is).
#pragma once

#include "daemon/store/internal.h"

// LMDB's codes as negative errnos.
int table_error(int code);

int table_get(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
              struct slice *payload);

// The value as it lies there, unchecked.
int table_get_raw(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                  struct slice *value);

// `flags` are LMDB's (MDB_APPEND).
int table_put(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
              struct slice payload, unsigned flags);

// Room for a payload of `len` bytes under `key`: write them at *payload, then call table_seal,
// before anything else is done in this transaction.
int table_reserve(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                  size_t len, unsigned flags, char **payload);
void table_seal(enum store_db db, struct slice key, char *payload, size_t len);

int table_get_number(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                     uint64_t *number);
int table_put_number(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key,
                     uint64_t number, unsigned flags);

int table_delete(const struct store *store, MDB_txn *txn, enum store_db db, struct slice key);

// Last key of a table of numbered records; 0 when it is empty. From `first` on no number is left
// out. -EBADMSG, with 0, when the last records are damaged and their numbers cannot be right:
// nobody may go on from there.
int table_last(const struct store *store, MDB_txn *txn, enum store_db db, uint64_t first,
               uint64_t *key);

// First key at or behind `from` of an integer table. 0, -ENOENT, -EBADMSG.
int table_seek(const struct store *store, MDB_txn *txn, enum store_db db, uint64_t from,
               uint64_t *key);

uint64_t table_entries(const struct store *store, MDB_txn *txn, enum store_db db);
