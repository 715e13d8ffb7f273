// The store: the only place that knows LMDB. One directory holds the journal of articles, the
// stream of events, what is pending, dead letters, named cursors, and indexes derived from the
// events.
//
// Threads: one writer thread (writer.h) changes the store; any thread may read through a reader of
// its own. No read transaction outlives one batch of work: store_read_begin ... store_read_end,
// with copies of whatever is needed longer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/hash.h"
#include "proto/wire/article.h"
#include "proto/wire/result.h"

enum { STORE_SCHEMA = 1, STORE_SENDER_MAX = 255 };

struct store;
struct store_reader;

struct store_options {
    const char *directory; // created (0700) when missing; must be empty or a telex store of schema
                           // STORE_SCHEMA
    uint64_t map_size;     // bytes of address space reserved at start; a multiple of the page size
    uint64_t map_limit;    // the writer doubles the map up to this many bytes
    const char *event_source; // CloudEvents `source` of every event, e.g. "/telex"
    bool read_only;           // for verify without a daemon; refused while one has the store
};

// Opens, locks (flock: a second daemon is refused with the holder's pid in err) and recovers. 0 or
// negative errno with err: -EBUSY locked, -EINVAL not ours or another schema, -EBADMSG damaged. On
// failure *out is NULL.
int store_open(struct store **out, const struct store_options *options, struct err *err);

// Every reader must be closed and the writer stopped before. Accepts NULL.
void store_close(struct store *store);

// Identity of the store, made when the store was: 36 characters, "1b4e28ba-2fa1-...". Valid while
// it is open.
const char *store_uuid(const struct store *store);

int store_reader_open(struct store *store, struct store_reader **out, struct err *err);

// For a reader that does long work beside those who are waited for: every few records it lets them
// have its processor.
void store_reader_give_way(struct store_reader *reader);

void store_reader_close(struct store_reader *reader);

// Between these two everything read is one consistent state, and slices handed out stay valid. Keep
// it short: no page that is freed meanwhile can be used again, and the map cannot grow. -EIO family
// on failure.
int store_read_begin(struct store_reader *reader);
void store_read_end(struct store_reader *reader);

// --- articles
// -------------------------------------------------------------------------------------------------------------

struct stored_article {
    uint64_t offset;
    int64_t received_ms; // wall clock when it was accepted
    struct hash128 hash;
    struct slice record; // article.h record, exactly as accepted
    struct slice sender; // who pushed it ("uid:1000"); empty where that was not noted
    uint64_t sequence;   // of its newest event; 0 while it is pending
};

// 0; -ENOENT; -EBADMSG when the record's checksum is wrong (it is never handed out).
int store_get_article(struct store_reader *reader, uint64_t offset, struct stored_article *out);

// Newest article with this uri: 0, -ENOENT, -EBADMSG.
int store_find_uri(struct store_reader *reader, struct slice uri, uint64_t *offset);

// First article at or behind `from` that has no event yet: 0 or -ENOENT.
int store_next_pending(struct store_reader *reader, uint64_t from, uint64_t *offset);

// --- events
// ---------------------------------------------------------------------------------------------------------------

enum event_kind { EVENT_TAGGED = 1, EVENT_DEAD = 2 };

struct stored_event {
    uint64_t sequence;
    uint64_t offset; // of its article
    int64_t time_ms; // never smaller than that of an earlier sequence, whatever the clock did
    enum event_kind kind;
    struct slice source; // of the article; what a filter's sources are compared with
    struct slice keys;   // result.h keys
    struct slice edits;  // edit.h; empty for EVENT_DEAD
    struct slice json;   // the whole CloudEvents object as stored, without `text`
};

// What a subscriber wants. Within one list any value suffices; every list that is not empty must be
// met. Dead letters pass only a filter without entities, types and languages. Owned by whoever
// built it; at most WIRE_FILTER_VALUES a list.
struct store_filter {
    const struct slice *entities; // ids
    size_t entity_count;
    const struct slice *types; // "person", ...
    size_t type_count;
    const struct slice *languages; // primary tags, "pl"
    size_t language_count;
    const struct slice *sources; // exact
    size_t source_count;
};

bool store_filter_is_empty(const struct store_filter *filter);

// Newest sequence, 0 when there never was one.
uint64_t store_head(struct store_reader *reader);

// The horizon: the first sequence that is kept. All before it were removed by retention (writer.h);
// 1 when none was. store_head + 1 when nothing is left.
uint64_t store_first(struct store_reader *reader);

// One event: 0, -ENOENT, -EBADMSG.
int store_get_event(struct store_reader *reader, uint64_t sequence, struct stored_event *out);

// First event at or behind `from`, and not before the horizon, that the filter lets through (NULL:
// every event). Work follows
// matches, not the log: posting lists up to the last indexed sequence, a scan of the short rest. At
// most `budget` steps are taken (decremented): when it runs out the answer is -EAGAIN and *next
// says where to go on. 0 (*next is then out->sequence + 1), -ENOENT (*next is head + 1), -EBADMSG
// (*next is behind the damaged one).
int store_next_event(struct store_reader *reader, uint64_t from, const struct store_filter *filter,
                     uint32_t *budget, struct stored_event *out, uint64_t *next);

// First sequence whose time is at or after `time_ms`; head + 1 when none is.
uint64_t store_seek_time(struct store_reader *reader, int64_t time_ms);

// Appends the event's JSON with `"text":...` in data, rebuilt from the article. -EBADMSG family as
// above.
int store_put_event_with_text(struct store_reader *reader, const struct stored_event *event,
                              struct buf *out);

// --- entities
// -------------------------------------------------------------------------------------------------------------

struct stored_entity {
    struct slice id;
    struct slice type;
    struct slice name;
    uint64_t count;  // events that name it
    uint64_t newest; // sequence of the newest of them
};

typedef bool store_entity_cb(const struct stored_entity *entity, void *arg); // false ends the walk

// Entities one of whose spellings folds to `folded` or, with `prefix`, begins with it; most events
// first; at most `limit`. Exact at this moment, the not yet indexed included; a prefix of more than
// 16,384 spellings is looked at no further. 0 or negative errno; -EBADMSG when a damaged entity was
// passed over; -EAGAIN when more waits to be indexed than can be held in memory.
int store_find_entities(struct store_reader *reader, struct slice folded, bool prefix, size_t limit,
                        store_entity_cb *cb, void *arg);

// 0, -ENOENT, or as above.
int store_get_entity(struct store_reader *reader, struct slice id, struct stored_entity *out);

// Sequences of an entity's events, newest first, strictly below `before` (UINT64_MAX: from the
// newest), at most `limit` (to INT_MAX). How many were written, or negative errno.
int store_entity_newest(struct store_reader *reader, struct slice id, uint64_t before,
                        uint64_t *sequences, size_t limit);

// --- dead letters and cursors
// ----------------------------------------------------------------------------------------------

// In place of the uri of an article whose record is damaged, with its offset behind it.
#define STORE_DAMAGED_URI "urn:telex:damaged:"

struct stored_dead {
    uint64_t offset;
    uint64_t sequence; // of its telex.article.dead event
    int64_t time_ms;
    uint32_t attempts;
    struct slice stage;      // "tagger"
    struct slice last_words; // exit status or signal, and the tail of the worker's stderr
};

typedef bool store_dead_cb(const struct stored_dead *dead, void *arg);
int store_each_dead(struct store_reader *reader, uint64_t from_offset, store_dead_cb *cb,
                    void *arg);
int store_get_dead(struct store_reader *reader, uint64_t offset, struct stored_dead *out);

// Position of a named cursor: the next sequence to read. 0 or -ENOENT.
int store_get_cursor(struct store_reader *reader, struct slice name, uint64_t *next);

typedef bool store_cursor_cb(struct slice name, uint64_t next, void *arg);
int store_each_cursor(struct store_reader *reader, store_cursor_cb *cb, void *arg);

// --- retention

// What is kept: each limit is 0 for none. The oldest events go first, each with its article, its
// postings and the identity that made a duplicate of the same article. Articles that wait for their
// event are never removed, nor those that a dead letter keeps.
struct store_retention {
    int64_t age_ms;  // events older than this go
    uint64_t events; // as many are kept
    uint64_t bytes;  // of pages in use
};

// --- the whole
// --------------------------------------------------------------------------------------------------------------

struct store_counts {
    uint64_t articles, events, pending, dead, cursors, entities;
    uint64_t first;            // the horizon: first sequence that is kept
    uint64_t removed_articles; // by retention, in the store's life
    uint64_t indexed;          // newest sequence in the indexes
    uint64_t map_size;         // of the map
    uint64_t used_bytes;       // up to the last page in use
    uint64_t free_pages;       // before it, to be used again
    uint64_t page_bytes;
    uint64_t file_bytes;
};

int store_count(struct store_reader *reader, struct store_counts *out);

struct store_verdict {
    uint64_t articles, events, index_entries; // looked at
    uint64_t damaged;                         // problems found
};

typedef void store_problem_cb(const char *problem, void *arg); // one line of text each

// Recomputes every checksum, every cross-reference (gapless sequences, one event each, dedup,
// pending, dead) and every index up to the indexed sequence. Reads in bounded transactions so that
// it does not pin pages while the writer works. `stop` may be set by another thread. 0 also when
// damage was found: verdict->damaged tells. Negative errno when it could not be carried out.
int store_verify(struct store *store, struct store_verdict *verdict, store_problem_cb *cb,
                 void *arg, const volatile bool *stop, struct err *err);

// From now on a store whose pages or whose disk are so bad that reading it raises a signal ends the
// process with status 1 and a line on standard error. For a main; the last store opened counts.
void store_trap_faults(void);

// Looks at a store's file page by page, without opening it: LMDB trusts its pages, and reading a
// store whose pages are damaged may end the process. 0; *damaged tells how many problems there are,
// and each is told. Negative errno with err: -EBUSY in use, -EBADMSG not one page can be trusted.
int store_check_pages(const char *directory, uint64_t *damaged, store_problem_cb *cb, void *arg,
                      struct err *err);

struct store_repair_report {
    uint64_t articles, events, cursors, dead; // salvaged
    uint64_t lost_articles, lost_events;      // and in their places stands that they are
    uint64_t again;                           // articles that will be tagged again
    char aside[96];                           // where the damaged file is now, in the directory
};

// Makes a damaged store anew, offline: every record that is intact is salvaged with its number, the
// indexes are made from them, the damaged file is moved aside within the directory, and what was
// lost is told by name, one line each. Nothing is guessed: what cannot be proven is not taken. A
// lost article is replaced by one whose uri is STORE_DAMAGED_URI and its offset; a lost event by a
// dead letter's with stage "store", and its article is tagged again. The directory must have room
// for a second file. 0 or negative errno with err; then the store is as it was.
int store_repair(const char *directory, struct store_repair_report *report, store_problem_cb *cb,
                 void *arg, struct err *err);

// Copies the store into an empty or missing directory while it is in use; the copy is a valid
// prefix and is fsynced before it returns. Call it from a thread of its own: it takes as long as
// the disk needs. Meanwhile pages that are freed cannot be used again, so that the file grows by
// what is written, and the map cannot grow: should it fill up, writes answer -ENOSPC until the copy
// is done. Negative errno with err; -ENOTEMPTY.
int store_backup(struct store *store, const char *directory, struct err *err);
