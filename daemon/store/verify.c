// Verification:
//   1. every article: readable, its identity leads to it, and either it waits or it has an event;
//      none is missing where none was removed
//   2. every event from the horizon on: readable, in order of time, its article is there, and the
//      indexes know it
//   3. every entry of the other tables: readable, and what it points to is there and points back
// The horizon may move meanwhile.
#include <errno.h>
#include <inttypes.h>

#include "daemon/store/dead.h"
#include "daemon/store/events.h"
#include "daemon/store/horizon.h"
#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/journal.h"
#include "daemon/store/posting.h"
#include "daemon/store/problems.h"
#include "daemon/store/spellings.h"
#include "daemon/store/table.h"
#include "daemon/store/walk.h"

struct verify {
    const struct store *store;
    struct store_reader *reader;
    struct store_verdict *verdict;
    struct problems problems;
    const volatile bool *stop;
    int64_t last_time_ms;
    struct spellings spellings; // of the events, as long as none was ever removed
};

static bool is_stopped(const struct verify *verify)
{
    return verify->stop && __atomic_load_n(verify->stop, __ATOMIC_RELAXED);
}

static const char *why(int status)
{
    return status == -EBADMSG ? "is damaged" : status == -ENOENT ? "is missing" : "cannot be read";
}

static bool has(const struct verify *verify, enum store_db db, struct slice key)
{
    struct slice payload;
    return table_get(verify->store, verify->reader->txn, db, key, &payload) == 0;
}

// Whole or damaged.
static bool is_there(const struct verify *verify, enum store_db db, struct slice key)
{
    struct slice value;
    return table_get_raw(verify->store, verify->reader->txn, db, key, &value) == 0;
}

// --- 1. articles

// Identities are looked up as they are now, which is later than this snapshot.
static bool is_gone(const struct verify *verify, uint64_t offset)
{
    MDB_txn *now;
    struct slice value;
    if (mdb_txn_begin(verify->store->env, NULL, MDB_RDONLY, &now))
        return false;
    int status = table_get_raw(verify->store, now, DB_ARTICLES, slice_of_number(&offset), &value);
    mdb_txn_abort(now);
    return status == -ENOENT;
}

static void check_head(struct verify *verify, const struct stored_article *article,
                       const struct identity *identity)
{
    struct identity head;
    int status = journal_get_identity(verify->store, verify->reader->txn, article->offset, &head);
    if (status < 0 || head.uri_hash != identity->uri_hash)
        problems_tell(&verify->problems, "head of article %" PRIu64 " is damaged", article->offset);
    if (identity->hash.high != article->hash.high || identity->hash.low != article->hash.low)
        problems_tell(&verify->problems, "article %" PRIu64 " does not have its own hash",
                      article->offset);
}

static void check_identity(struct verify *verify, const struct stored_article *article)
{
    struct identity identity;
    if (journal_identify(article->record, &identity) < 0) {
        problems_tell(&verify->problems, "article %" PRIu64 " is malformed", article->offset);
        return;
    }
    check_head(verify, article, &identity);
    int status = identity_look_up(verify->reader, &identity);
    if ((status < 0 || identity.offset != article->offset) && is_gone(verify, article->offset))
        return;
    if (status < 0)
        problems_tell(&verify->problems, "identity of article %" PRIu64 " %s", article->offset,
                      why(status));
    else if (identity.offset != article->offset)
        problems_tell(&verify->problems,
                      "identity of article %" PRIu64 " leads to article %" PRIu64, article->offset,
                      identity.offset);
}

static void check_state(struct verify *verify, uint64_t offset)
{
    uint64_t sequence;
    int pending = journal_is_pending(verify->store, verify->reader->txn, offset);
    int event = table_get_number(verify->store, verify->reader->txn, DB_EVENT_OF,
                                 slice_of_number(&offset), &sequence);
    if (pending < 0 && pending != -ENOENT)
        problems_tell(&verify->problems, "pending mark of article %" PRIu64 " %s", offset,
                      why(pending));
    if (event < 0 && event != -ENOENT)
        problems_tell(&verify->problems, "event number of article %" PRIu64 " %s", offset,
                      why(event));
    if (pending == 0 && event == 0)
        problems_tell(&verify->problems, "article %" PRIu64 " is pending and has an event", offset);
    if (pending == -ENOENT && event == -ENOENT)
        problems_tell(&verify->problems,
                      "article %" PRIu64 " is neither pending nor has it an event", offset);
}

static void check_article(struct verify *verify, uint64_t offset)
{
    struct stored_article article;
    int status = journal_get_record(verify->store, verify->reader->txn, offset, &article);
    verify->verdict->articles++;
    if (status < 0)
        problems_tell(&verify->problems, "article %" PRIu64 " %s", offset, why(status));
    else
        check_identity(verify, &article);
    check_state(verify, offset);
}

// --- 2. events

static void check_event_article(struct verify *verify, const struct stored_event *event)
{
    uint64_t newest = 0;
    struct slice key = slice_of_number(&event->offset);
    MDB_txn *txn = verify->reader->txn;
    if (!has(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems,
                      "event %" PRIu64 " is of article %" PRIu64 ", which cannot be read",
                      event->sequence, event->offset);
    int status = table_get_number(verify->store, txn, DB_EVENT_OF, key, &newest);
    bool again =
        event->kind == EVENT_DEAD &&
        (newest > event->sequence || journal_is_pending(verify->store, txn, event->offset) == 0);
    if (!again && (status < 0 || newest != event->sequence))
        problems_tell(&verify->problems,
                      "event %" PRIu64 " is not the one event of article %" PRIu64, event->sequence,
                      event->offset);
}

static bool posting_has(struct verify *verify, enum posting_kind kind, struct slice value,
                        uint64_t sequence)
{
    char bytes[POSTING_KEY_MAX];
    MDB_cursor *cursor;
    MDB_val key = {.mv_data = bytes}, at = val_from(slice_of_number(&sequence));
    key.mv_size = posting_key(kind, value, bytes);
    if (mdb_cursor_open(verify->reader->txn, verify->store->dbs[DB_POSTINGS], &cursor))
        return false;
    bool found = mdb_cursor_get(cursor, &key, &at, MDB_GET_BOTH) == MDB_SUCCESS;
    mdb_cursor_close(cursor);
    return found;
}

static bool name_has(struct verify *verify, struct slice spelling, struct slice id)
{
    MDB_cursor *cursor;
    MDB_val key = val_from(spelling), value = val_from(id);
    if (mdb_cursor_open(verify->reader->txn, verify->store->dbs[DB_NAMES], &cursor))
        return false;
    bool found = mdb_cursor_get(cursor, &key, &value, MDB_GET_BOTH) == MDB_SUCCESS;
    mdb_cursor_close(cursor);
    return found;
}

static bool key_is_indexed(struct verify *verify, const struct event_key *key, uint64_t sequence)
{
    if (key->kind == KEY_LANGUAGE)
        return posting_has(verify, POSTING_LANGUAGE, key->value, sequence);
    if (key->kind == KEY_SPELLING)
        return !key->entity_id.len || name_has(verify, key->value, key->entity_id);
    return posting_has(verify, POSTING_ENTITY, key->id, sequence) &&
           posting_has(verify, POSTING_TYPE, key->type, sequence) &&
           has(verify, DB_ENTITIES, key->id);
}

static void check_event_index(struct verify *verify, const struct stored_event *event)
{
    if (event->sequence > verify->reader->indexed)
        return;
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    bool whole = posting_has(verify, POSTING_SOURCE, event->source, event->sequence);
    while (event_keys_next(&keys, &key))
        whole = whole && key_is_indexed(verify, &key, event->sequence);
    if (!whole)
        problems_tell(&verify->problems, "event %" PRIu64 " is missing from the indexes",
                      event->sequence);
}

static void check_event(struct verify *verify, uint64_t sequence)
{
    struct stored_event event;
    int status = events_get(verify->store, verify->reader->txn, sequence, &event);
    verify->verdict->events++;
    spellings_add(&verify->spellings, status < 0 ? NULL : &event);
    if (status < 0) {
        problems_tell(&verify->problems, "event %" PRIu64 " %s", sequence, why(status));
        return;
    }
    if (event.time_ms < verify->last_time_ms)
        problems_tell(&verify->problems, "event %" PRIu64 " is older than the one before it",
                      sequence);
    verify->last_time_ms = event.time_ms;
    check_event_article(verify, &event);
    check_event_index(verify, &event);
}

// --- 1 and 2: every number up to the last

// Offsets are missing for good where articles were removed, but not from `whole_from` on. True when
// *at is an article to look at.
static bool find_article(struct verify *verify, uint64_t *at, uint64_t last)
{
    struct horizon horizon;
    uint64_t there = last + 1;
    horizon_read(verify->store, verify->reader->txn, &horizon);
    int status = table_seek(verify->store, verify->reader->txn, DB_ARTICLES, *at, &there);
    if (status == -EBADMSG)
        there = *at; // what is behind it cannot be found: one by one
    else if (status < 0 || there > last)
        there = last + 1;
    uint64_t expected = *at > horizon.whole_from ? *at : horizon.whole_from;
    *at = expected < there ? expected : there; // one that is missing is looked at, too
    return *at <= last;
}

// The horizon may have passed it.
static bool find_event(struct verify *verify, uint64_t *at, uint64_t last)
{
    if (*at < verify->reader->first)
        *at = verify->reader->first;
    return *at <= last;
}

struct numbers {
    bool (*find)(struct verify *verify, uint64_t *at, uint64_t last);
    void (*check)(struct verify *verify, uint64_t number);
};

static int check_numbers(struct verify *verify, uint64_t last, const struct numbers *numbers)
{
    bool more = true;
    for (uint64_t at = 1; more && !is_stopped(verify);) {
        int status = store_read_begin(verify->reader);
        if (status < 0)
            return status;
        // LMDB gives nothing more in a transaction that met a damaged page: the next begins anew.
        uint64_t damaged = verify->problems.count;
        for (int steps = 0; steps < WALK_STEP && more && verify->problems.count == damaged;
             steps++) {
            more = numbers->find(verify, &at, last);
            if (more)
                numbers->check(verify, at++);
        }
        store_read_end(verify->reader);
    }
    return 0;
}

static const struct numbers ARTICLES = {find_article, check_article};
static const struct numbers EVENTS = {find_event, check_event};

// --- 3. the other tables

static uint64_t number_of(struct slice key)
{
    uint64_t number = 0;
    if (key.len == sizeof number)
        memcpy(&number, key.ptr, sizeof number);
    return number;
}

static bool pending_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    uint64_t same;
    (void)value;
    // A damaged one was reported with its article.
    if (table_get_number(verify->store, verify->reader->txn, DB_PENDING, key, &same) == 0 &&
        !has(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems, "pending article %" PRIu64 " cannot be read",
                      number_of(key));
    return !is_stopped(verify);
}

static bool is_event_of(const struct verify *verify, uint64_t sequence, uint64_t offset)
{
    struct stored_event event;
    return events_get(verify->store, verify->reader->txn, sequence, &event) == 0 &&
           event.offset == offset;
}

static bool event_of_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    uint64_t sequence, offset = number_of(key);
    if (number_open(DB_EVENT_OF, key, value, &sequence) < 0)
        return !is_stopped(verify); // reported with its article
    if (!is_there(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems,
                      "event number %" PRIu64 " is of article %" PRIu64 ", which is missing",
                      sequence, offset);
    if (sequence < verify->reader->first && !is_there(verify, DB_DEAD, key))
        problems_tell(&verify->problems, "article %" PRIu64 " was left behind by event %" PRIu64,
                      offset, sequence);
    else if (sequence >= verify->reader->first && !is_event_of(verify, sequence, offset))
        problems_tell(&verify->problems,
                      "article %" PRIu64 " names event %" PRIu64 ", which is not its own", offset,
                      sequence);
    return !is_stopped(verify);
}

static bool identity_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    struct stored_article article;
    struct identity identity;
    char expected[IDENTITY_KEY_BYTES];
    uint64_t offset;
    if (number_open(DB_IDENTITY, key, value, &offset) < 0)
        problems_tell(&verify->problems, "an identity is damaged");
    else if (journal_get_record(verify->store, verify->reader->txn, offset, &article) < 0)
        problems_tell(&verify->problems,
                      "an identity leads to article %" PRIu64 ", which cannot be read", offset);
    else if (journal_identify(article.record, &identity) == 0) {
        identity_key(&identity, expected);
        if (!slice_equal(key, slice_from(expected, sizeof expected)))
            problems_tell(&verify->problems,
                          "an identity leads to article %" PRIu64 ", which is another", offset);
    }
    return !is_stopped(verify);
}

static bool dead_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    struct stored_dead dead;
    struct stored_event event;
    uint64_t offset = number_of(key);
    (void)value;
    int status = dead_get(verify->store, verify->reader->txn, offset, &dead);
    if (status < 0)
        problems_tell(&verify->problems, "dead letter %" PRIu64 " %s", offset, why(status));
    else if (!is_there(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems, "dead letter %" PRIu64 " is of an article that is missing",
                      offset);
    else if (dead.sequence < verify->reader->first)
        return !is_stopped(verify);
    else if (events_get(verify->store, verify->reader->txn, dead.sequence, &event) < 0 ||
             event.kind != EVENT_DEAD || event.offset != offset)
        problems_tell(&verify->problems,
                      "dead letter %" PRIu64 " names event %" PRIu64 ", which is not its own",
                      offset, dead.sequence);
    return !is_stopped(verify);
}

static bool cursor_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    uint64_t next;
    if (number_open(DB_CURSORS, key, value, &next) < 0)
        problems_tell(&verify->problems, "cursor \"%.*s\" is damaged",
                      (int)(key.len < 64 ? key.len : 64), key.ptr);
    return !is_stopped(verify);
}

// Whether the event names the entity so: "type TAB name".
static bool event_names(const struct verify *verify, uint64_t sequence, struct slice id,
                        struct slice named)
{
    struct stored_event event;
    int status = events_get(verify->store, verify->reader->txn, sequence, &event);
    if (status < 0)
        return status == -EBADMSG; // reported with the event itself
    struct event_keys keys = event_keys_of(&event);
    struct event_key key;
    while (event_keys_next(&keys, &key))
        if (key.kind == KEY_ENTITY && slice_equal(key.id, id) &&
            slice_equal(slice_from(key.type.ptr, key.type.len + 1 + key.name.len), named))
            return true;
    return false;
}

static uint64_t newest_posting(const struct verify *verify, struct slice id)
{
    uint64_t sequence = 0;
    store_entity_newest(verify->reader, id, verify->reader->indexed + 1, &sequence, 1);
    return sequence;
}

// What the newest event in the indexes says, or one of the run that is being merged.
static bool entity_is_named_so(const struct verify *verify, struct slice id, struct slice named)
{
    const struct store_reader *reader = verify->reader;
    uint64_t newest = newest_posting(verify, id);
    if (newest && event_names(verify, newest, id, named))
        return true;
    for (uint64_t at = reader->indexed + 1; at <= reader->head && at <= reader->indexed + INDEX_RUN;
         at++)
        if (event_names(verify, at, id, named))
            return true;
    return false;
}

static bool entity_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    struct slice payload;
    verify->verdict->index_entries++;
    if (record_open(DB_ENTITIES, key, value, &payload) < 0)
        problems_tell(&verify->problems, "entity \"%.*s\" is damaged",
                      (int)(key.len < 64 ? key.len : 64), key.ptr);
    else if (!entity_is_named_so(verify, key, payload))
        problems_tell(&verify->problems, "entity \"%.*s\" is not named so by its newest event",
                      (int)(key.len < 64 ? key.len : 64), key.ptr);
    return !is_stopped(verify);
}

static bool name_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    verify->verdict->index_entries++;
    int len = (int)(key.len < 64 ? key.len : 64);
    if (verify->reader->first > 1) // retention leaves some for a while (sweep.h)
        return !is_stopped(verify);
    spellings_catch_up(&verify->spellings, verify->reader);
    if (!has(verify, DB_ENTITIES, value))
        problems_tell(&verify->problems, "spelling \"%.*s\" names no entity", len, key.ptr);
    else if (!spellings_has(&verify->spellings, key, value))
        problems_tell(&verify->problems, "spelling \"%.*s\" is in no event of its entity", len,
                      key.ptr);
    return !is_stopped(verify);
}

static bool key_gives(const struct event_key *key, struct slice posting)
{
    char bytes[POSTING_KEY_MAX];
    if (key->kind == KEY_LANGUAGE)
        return slice_equal(posting,
                           slice_from(bytes, posting_key(POSTING_LANGUAGE, key->value, bytes)));
    if (key->kind != KEY_ENTITY)
        return false;
    return slice_equal(posting, slice_from(bytes, posting_key(POSTING_ENTITY, key->id, bytes))) ||
           slice_equal(posting, slice_from(bytes, posting_key(POSTING_TYPE, key->type, bytes)));
}

static bool event_gives(const struct stored_event *event, struct slice posting)
{
    char bytes[POSTING_KEY_MAX];
    if (slice_equal(posting, slice_from(bytes, posting_key(POSTING_SOURCE, event->source, bytes))))
        return true;
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    while (event_keys_next(&keys, &key))
        if (key_gives(&key, posting))
            return true;
    return false;
}

static bool posting_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    struct stored_event event;
    uint64_t sequence = number_of(value);
    verify->verdict->index_entries++;
    int status = events_get(verify->store, verify->reader->txn, sequence, &event);
    bool known = status == -EBADMSG; // reported with the event itself
    if (sequence < verify->reader->first)
        problems_tell(&verify->problems,
                      "posting \"%.*s\" names event %" PRIu64 ", which was removed",
                      (int)(key.len < 64 ? key.len : 64), key.ptr, sequence);
    else if (!known && (status < 0 || !event_gives(&event, key)))
        problems_tell(&verify->problems,
                      "posting \"%.*s\" names event %" PRIu64 ", which is not of that kind",
                      (int)(key.len < 64 ? key.len : 64), key.ptr, sequence);
    return !is_stopped(verify);
}

static const struct {
    enum store_db db;
    const char *name;
    walk_cb *cb;
} WALKS[] = {
    {DB_PENDING, "pending", pending_cb},    {DB_EVENT_OF, "event_of", event_of_cb},
    {DB_IDENTITY, "identity", identity_cb}, {DB_DEAD, "dead", dead_cb},
    {DB_CURSORS, "cursors", cursor_cb},     {DB_ENTITIES, "entities", entity_cb},
    {DB_NAMES, "names", name_cb},           {DB_POSTINGS, "postings", posting_cb},
};

static int check_tables(struct verify *verify)
{
    for (size_t i = 0; i < sizeof WALKS / sizeof *WALKS && !is_stopped(verify); i++) {
        int status = walk_table(verify->reader, WALKS[i].db, WALKS[i].cb, verify);
        if (status == -EBADMSG)
            problems_tell(&verify->problems, "pages of table %s are damaged", WALKS[i].name);
        else if (status < 0)
            return status;
    }
    return 0;
}

static int check_start(struct verify *verify, uint64_t *articles, uint64_t *events)
{
    struct store_reader *reader = verify->reader;
    uint64_t indexed;
    int status = store_read_begin(reader);
    if (status < 0)
        return status;
    *events = reader->head;
    status = table_last(verify->store, reader->txn, DB_ARTICLES, articles);
    if (index_read_position(verify->store, reader->txn, &indexed) < 0)
        problems_tell(&verify->problems, "the position of the indexes is damaged");
    if (indexed > reader->head)
        problems_tell(&verify->problems, "the indexes are ahead of the stream");
    struct horizon horizon;
    if (horizon_read(verify->store, reader->txn, &horizon) < 0)
        problems_tell(&verify->problems, "the record of the horizon is damaged");
    if (identity_check_position(verify->store, reader->txn) < 0)
        problems_tell(&verify->problems, "the position of the identities is damaged");
    store_read_end(reader);
    return status;
}

int store_verify(struct store *store, struct store_verdict *verdict, store_problem_cb *cb,
                 void *arg, const volatile bool *stop, struct err *err)
{
    struct verify verify = {.store = store,
                            .verdict = verdict,
                            .problems = {.cb = cb, .arg = arg},
                            .stop = stop,
                            .last_time_ms = INT64_MIN};
    uint64_t articles = 0, events = 0;
    *verdict = (struct store_verdict){0};
    int status = store_reader_open(store, &verify.reader, err);
    if (status < 0)
        return status;
    status = check_start(&verify, &articles, &events);
    if (status == 0)
        status = check_numbers(&verify, articles, &ARTICLES);
    if (status == 0)
        status = check_numbers(&verify, events, &EVENTS);
    if (status == 0)
        status = check_tables(&verify);
    verdict->damaged = verify.problems.count;
    store_reader_close(verify.reader);
    spellings_fini(&verify.spellings);
    return status < 0 ? err_set_errno(err, -status, "cannot verify the store") : 0;
}
