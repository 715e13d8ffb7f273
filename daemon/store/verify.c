// Verification:
//   1. every article: readable, its identity leads to it, and either it waits or it has an event;
//      none is missing where none was removed
//   2. every event from the horizon on: readable, in order of time, its article is there, and the
//      indexes know it
//   3. every entry of the other tables (verify_tables.c)
// The horizon may move meanwhile.
#include <errno.h>
#include <inttypes.h>

#include "daemon/store/events.h"
#include "daemon/store/horizon.h"
#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/journal.h"
#include "daemon/store/posting.h"
#include "daemon/store/verify_private.h"
#include "daemon/store/walk.h"

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
                      verify_why(status));
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
                      verify_why(pending));
    if (event < 0 && event != -ENOENT)
        problems_tell(&verify->problems, "event number of article %" PRIu64 " %s", offset,
                      verify_why(event));
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
        problems_tell(&verify->problems, "article %" PRIu64 " %s", offset, verify_why(status));
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
    if (!verify_has(verify, DB_ARTICLES, key))
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
           verify_has(verify, DB_ENTITIES, key->id);
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
    spellings_add_event(&verify->spellings, status < 0 ? NULL : &event);
    if (status < 0) {
        problems_tell(&verify->problems, "event %" PRIu64 " %s", sequence, verify_why(status));
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
    for (uint64_t at = 1; more && !verify_is_stopped(verify);) {
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

// --- the whole

static int check_start(struct verify *verify, uint64_t *articles, uint64_t *events)
{
    struct store_reader *reader = verify->reader;
    uint64_t indexed;
    int status = store_read_begin(reader);
    if (status < 0)
        return status;
    *events = reader->head;
    status = table_last(verify->store, reader->txn, DB_ARTICLES, UINT64_MAX, articles);
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
        status = verify_tables(&verify);
    verdict->damaged = verify.problems.count;
    store_reader_close(verify.reader);
    spellings_fini(&verify.spellings);
    return status < 0 ? err_set_errno(err, -status, "cannot verify the store") : 0;
}
