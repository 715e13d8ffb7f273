// The stream of events: how one lies in the store, and reading and appending it.
#pragma once

#include "daemon/store/internal.h"

// 0, -ENOENT, -EBADMSG.
int events_get(const struct store *store, MDB_txn *txn, uint64_t sequence,
               struct stored_event *out);

// The article that a damaged event seems to be about. 0 or -ENOENT.
int events_guess_offset(const struct store *store, MDB_txn *txn, uint64_t sequence,
                        uint64_t *offset);

// The same as events_get for a reader that goes on from one sequence to the next: a cursor is kept
// and moved.
int events_scan(struct store_reader *reader, uint64_t sequence, struct stored_event *out);
void events_scan_forget(struct store_reader *reader); // the snapshot ends

// Time of the newest event that can be read, from `newest` back to `oldest`; INT64_MIN when there
// is none.
int64_t events_last_time(const struct store *store, MDB_txn *txn, uint64_t oldest, uint64_t newest);

// The article that an event is about.
struct subject {
    uint64_t offset;
    struct hash128 hash;
    struct article article;
};

// What a worker, or its death, has to say of an article.
struct outcome {
    enum event_kind kind;
    const struct result *result; // EVENT_TAGGED
    struct slice stage;          // EVENT_DEAD
    uint32_t attempts;
    struct slice last_words; // well-formed UTF-8
};

// Writes the article's event in the place of one that was lost. `scratch` is emptied and used.
int events_put(const struct store *store, MDB_txn *txn, uint64_t sequence, int64_t time_ms,
               const struct subject *subject, const struct outcome *outcome, struct buf *scratch);

// Appends the article's event at tail->next_sequence; its time is never before the last one's.
// `scratch` is emptied and used. 0 with *sequence and *time_ms, or an error that ends the
// transaction.
int events_append(const struct store *store, MDB_txn *txn, struct store_tail *tail,
                  const struct subject *subject, const struct outcome *outcome, struct buf *scratch,
                  uint64_t *sequence, int64_t *time_ms);
