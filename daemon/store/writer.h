// The one thread that changes the store. Requests are queued from the loop's thread; each run of
// the writer takes whatever is waiting, up to WRITER_BATCH articles and events, carries it out in
// one transaction, commits (which syncs), and only then hands the requests back with their results.
// Nobody waits for a timer: one alone is committed at once, a thousand share commits.
//
// When there is nothing else to do, or the indexes lag by WRITER_INDEX_LAG events or
// WRITER_KEYS_LAG bytes of their keys, it merges events into the indexes in sorted runs, in
// transactions of their own that take some 10 ms each. So are the oldest events removed once there
// are more than retention keeps, one transaction between two of requests.
#pragma once

#include "daemon/store/store.h"
#include "proto/base/list.h"
#include "proto/wire/ack.h"

enum { WRITER_BATCH = 256, WRITER_INDEX_LAG = 4096, WRITER_KEYS_LAG = 64 << 20 };

enum write_kind {
    WRITE_ARTICLES, // accept articles: journal, dedup and pending in one transaction
    WRITE_TAGGED,   // an article's result: its event, no longer pending
    WRITE_DEAD,     // an article given up: dead letter and its event, no longer pending; when its
                    // own record is damaged the event names the uri urn:telex:damaged:OFFSET
    WRITE_CURSOR,   // set a named cursor
    WRITE_CURSOR_DROP,
    WRITE_RETRY, // a dead letter becomes pending again
    WRITE_DROP,  // a dead letter is forgotten (its article and event stay)
};

// One request. The caller owns it and everything it points to, and leaves both alone between
// writer_submit and its return through writer_collect.
struct write {
    struct list link;
    enum write_kind kind;
    void *owner; // the caller's

    // WRITE_ARTICLES: `count` checked records, at most WRITER_BATCH; when status is 0, acks[i]
    // tells what became of records[i] (duplicates within one request are found too). A record whose
    // stored first copy is damaged is refused alone, with WIRE_STORE_FAILED.
    const struct slice *records;
    struct ack *acks;
    size_t count;
    struct slice sender; // who pushed them, at most STORE_SENDER_MAX bytes; may be empty

    // WRITE_TAGGED, WRITE_DEAD, WRITE_RETRY, WRITE_DROP
    uint64_t offset;
    const struct result *result; // WRITE_TAGGED
    uint32_t attempts;           // WRITE_DEAD
    struct slice stage;          // WRITE_DEAD
    struct slice last_words;     // WRITE_DEAD

    // WRITE_CURSOR, WRITE_CURSOR_DROP
    struct slice cursor;
    uint64_t next; // may also move back

    // Results. For WRITE_TAGGED and WRITE_DEAD, -EALREADY: the article was not pending (a second
    // result; ignored, no event). -ENOENT: no such article, dead letter or cursor. -EBADMSG: what
    // the request needs is damaged. -ENOSPC (disk or map full), -ENOMEM: may be tried again. -EIO:
    // the store has failed; nothing will be accepted any more. Unless it is 0, nothing was changed.
    int status;
    uint64_t sequence; // of the event that was written
};

struct writer;

// `wake` is called from the writer's thread when finished requests wait to be collected; it must be
// async-signal-light (uv_async_send).
int writer_start(struct store *store, void (*wake)(void *arg), void *arg, struct writer **out,
                 struct err *err);

// From any one thread.
void writer_submit(struct writer *writer, struct write *write);

// What is kept of the past; nothing is removed before this is called. May be called again at any
// time.
void writer_set_retention(struct writer *writer, const struct store_retention *retention);

// Moves every finished request to `done` (initialised list), in the order of their commits. From
// the same thread as writer_submit.
void writer_collect(struct writer *writer, struct list *done);

// Carries out what is queued, merges nothing more, ends the thread. Finished requests can still be
// collected. Then writer_free.
void writer_stop(struct writer *writer);
void writer_free(struct writer *writer);

struct writer_stats {
    uint64_t commits, index_commits;
    uint64_t articles, duplicates, events, dead, refused_full; // requests' outcomes since start
    int64_t commit_ns_last, commit_ns_max;
    uint64_t retention_commits, removed_events, removed_articles; // by retention, since start
    int64_t retention_ns_max; // the longest of its transactions, with its commit
    bool failed;              // an EIO was seen
};
void writer_get_stats(struct writer *writer, struct writer_stats *out);
