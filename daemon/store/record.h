// How a value lies in the store: a head with its length and a checksum, seeded with the table and
// the key, so that a record that was damaged, cut, or found under another's key is noticed. LMDB
// has no checksums of its own.
#pragma once

#include <stdint.h>

#include "proto/base/slice.h"

// The numbers take part in every checksum: never renumber.
enum store_db {
    DB_META = 0,
    DB_ARTICLES = 1,  // offset -> article
    DB_EVENTS = 2,    // sequence -> event
    DB_PENDING = 3,   // offset -> offset, of articles without an event
    DB_EVENT_OF = 4,  // offset -> newest sequence
    DB_IDENTITY = 5,  // hash of the uri, hash of the contents -> offset
    DB_DEAD = 6,      // offset -> dead letter
    DB_CURSORS = 7,   // name -> sequence
    DB_ENTITIES = 8,  // id -> type, name
    DB_NAMES = 9,     // folded spelling -> ids; bare
    DB_POSTINGS = 10, // filter value -> sequences; bare
    DB_COUNT
};

enum { RECORD_HEAD_BYTES = 16, NUMBER_BYTES = 16 };

// Writes the head in front of the `len` bytes of payload that are already in place at
// value + RECORD_HEAD_BYTES.
void record_seal(enum store_db db, struct slice key, void *value, size_t len);

// Checks a value and hands out its payload. 0 or -EBADMSG.
int record_open(enum store_db db, struct slice key, struct slice value, struct slice *payload);

// A record that is one number: the number and its checksum, without a head.
void number_seal(enum store_db db, struct slice key, uint64_t number, void *value);
int number_open(enum store_db db, struct slice key, struct slice value, uint64_t *number);
