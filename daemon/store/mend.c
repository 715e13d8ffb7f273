// Repair's second half:
//   1. where retention had got to, if the record of it was lost
//   2. the events that are missing, and of which articles they were
//   3. from the first event to the last: fill the gaps, replace articles that are missing, note
//      each article's newest event
//   4. every article: it waits or it has an event; those whose event was lost wait again
//   5. dead letters and cursors that lead nowhere
//   6. identities and indexes anew
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/store/dead.h"
#include "daemon/store/events.h"
#include "daemon/store/horizon.h"
#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/journal.h"
#include "daemon/store/salvage.h"
#include "daemon/store/table.h"
#include "proto/base/json.h"

enum { STAGE_ATTEMPTS = 0 };

static bool has(const struct repair *repair, enum store_db db, uint64_t number)
{
    struct slice value;
    return table_get_raw(repair->store, repair->txn, db, slice_of_number(&number), &value) == 0;
}

static int drop(struct repair *repair, enum store_db db, uint64_t number)
{
    int status = table_delete(repair->store, repair->txn, db, slice_of_number(&number));
    return status == -ENOENT ? 0 : status;
}

// The first number at or behind *at; -ENOENT at the end.
static int next_in(struct repair *repair, enum store_db db, uint64_t *at)
{
    int status = repair_breathe(repair);
    return status < 0 ? status : table_seek(repair->store, repair->txn, db, *at, at);
}

// --- 1. the horizon

static uint64_t first_in(struct repair *repair, enum store_db db, uint64_t otherwise)
{
    uint64_t first;
    return table_seek(repair->store, repair->txn, db, 0, &first) == 0 ? first : otherwise;
}

// Without a record of it, retention may never have been at work: then both begin with 1. Otherwise
// nothing that is missing in front may be taken for lost.
static int mend_horizon(struct repair *repair, struct horizon *horizon)
{
    if (!repair->mark_found)
        problems_tell(&repair->problems, "the store's own mark is lost; it has a new uuid");
    int status = horizon_read(repair->store, repair->txn, horizon);
    if (status < 0 || repair->horizon_found)
        return status;
    uint64_t event = first_in(repair, DB_EVENTS, repair->last_sequence + 1);
    uint64_t article = first_in(repair, DB_ARTICLES, repair->last_offset + 1);
    if (event == 1 || article == 1 || repair->mark_found)
        return 0;
    problems_tell(&repair->problems,
                  "the record of what retention removed is lost; events before %" PRIu64
                  " are taken for removed",
                  event);
    *horizon = (struct horizon){
        .first = event, .whole_from = repair->last_offset + 1, .last_time_ms = INT64_MIN};
    return horizon_write(repair->store, repair->txn, horizon);
}

// Numbers go up one by one: as many as there were, and as many as were removed. What is missing at
// the end is lost, too, and none of it may be given again.
static void find_ends(struct repair *repair, const struct horizon *horizon)
{
    uint64_t articles = horizon->articles + repair->article_count;
    uint64_t events = horizon->first - 1 + repair->event_count;
    if (repair->article_count && articles > repair->last_offset)
        repair->last_offset = articles;
    if (repair->event_count && events > repair->last_sequence)
        repair->last_sequence = events;
}

// --- 2. missing events

static struct lost_event *find_lost(const struct repair *repair, uint64_t sequence)
{
    struct lost_event *lost = (struct lost_event *)(void *)repair->lost.ptr;
    size_t low = 0, high = repair->lost.len / sizeof *lost;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lost[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < repair->lost.len / sizeof *lost && lost[low].sequence == sequence;
    return found ? &lost[low] : NULL;
}

static int list_lost(struct repair *repair, uint64_t first)
{
    for (uint64_t at = first, next; at <= repair->last_sequence; at = next + 1) {
        next = at;
        int status = next_in(repair, DB_EVENTS, &next);
        if (status < 0 && status != -ENOENT)
            return status;
        if (status == -ENOENT || next > repair->last_sequence)
            next = repair->last_sequence + 1;
        for (; at < next; at++) {
            struct lost_event lost = {.sequence = at};
            buf_put(&repair->lost, &lost, sizeof lost);
        }
    }
    return repair->lost.failed ? -ENOMEM : 0;
}

static void name_lost(struct repair *repair, uint64_t sequence, uint64_t offset)
{
    struct lost_event *lost = find_lost(repair, sequence);
    if (lost && !lost->offset)
        lost->offset = offset;
}

static int name_all_lost(struct repair *repair)
{
    int status;
    for (uint64_t at = 0; (status = next_in(repair, DB_EVENT_OF, &at)) == 0; at++) {
        uint64_t sequence;
        if (table_get_number(repair->store, repair->txn, DB_EVENT_OF, slice_of_number(&at),
                             &sequence) == 0)
            name_lost(repair, sequence, at);
    }
    for (uint64_t at = 0; status == -ENOENT && (status = next_in(repair, DB_DEAD, &at)) == 0;
         at++, status = -ENOENT) {
        struct stored_dead dead;
        if (dead_get(repair->store, repair->txn, at, &dead) == 0)
            name_lost(repair, dead.sequence, at);
    }
    return status == -ENOENT ? 0 : status;
}

// --- 3. events and the articles they are about

static bool is_blank(const struct repair *repair, uint64_t offset)
{
    const uint64_t *blanks = (const uint64_t *)(const void *)repair->blanks.ptr;
    for (size_t i = 0; i < repair->blanks.len / sizeof *blanks; i++)
        if (blanks[i] == offset)
            return true;
    return false;
}

// What an event that is intact says of the article that is not.
static void tell_lost_article(struct repair *repair, uint64_t offset, struct slice json)
{
    struct err err = {""};
    json_t *root = json.len ? json_parse(json, &err) : NULL;
    struct slice uri = root ? json_get_slice(root, "subject") : slice_from(NULL, 0);
    if (uri.len)
        problems_tell(&repair->problems, "article %" PRIu64 " is lost: %.*s", offset, (int)uri.len,
                      uri.ptr);
    else
        problems_tell(&repair->problems, "article %" PRIu64 " is lost", offset);
    json_decref(root);
}

static int make_blank(struct repair *repair, uint64_t offset)
{
    buf_put(&repair->blanks, &offset, sizeof offset);
    if (offset > repair->last_offset)
        repair->last_offset = offset;
    if (repair->blanks.failed)
        return -ENOMEM;
    return journal_put_lost(repair->store, repair->txn, offset);
}

static int blank_article(struct repair *repair, uint64_t offset, struct slice json)
{
    if (has(repair, DB_ARTICLES, offset))
        return 0;
    tell_lost_article(repair, offset, json);
    repair->report->lost_articles++;
    return make_blank(repair, offset);
}

static int read_subject(struct repair *repair, uint64_t offset, struct subject *subject)
{
    struct stored_article article;
    int status = journal_get_record(repair->store, repair->txn, offset, &article);
    if (status < 0)
        return status;
    *subject = (struct subject){.offset = offset, .hash = article.hash};
    struct cursor record = cursor_from(article.record);
    return article_decode(&record, &subject->article) < 0 ? -EBADMSG : 0;
}

// A dead letter's event where one was lost. The article of one of which nothing is known is made
// up, at the journal's end: it is lost, too, or has another number that is in the journal.
static int fill_gap(struct repair *repair, struct lost_event *lost, int64_t time_ms)
{
    struct subject subject = {0};
    bool known = lost->offset != 0;
    if (!known)
        lost->offset = repair->last_offset + 1;
    int status = known ? blank_article(repair, lost->offset, slice_from(NULL, 0))
                       : make_blank(repair, lost->offset);
    if (status == 0)
        status = read_subject(repair, lost->offset, &subject);
    if (status < 0)
        return status;
    repair->report->lost_events++;
    problems_tell(&repair->problems, "event %" PRIu64 " is lost%s: article %" PRIu64 ", %.*s",
                  lost->sequence, known ? "" : ", and of which article it was; in its place",
                  lost->offset, (int)subject.article.uri.len, subject.article.uri.ptr);
    struct outcome outcome = {.kind = EVENT_DEAD,
                              .stage = slice_from_text("store"),
                              .attempts = STAGE_ATTEMPTS,
                              .last_words = slice_from_text("the event was damaged on disk")};
    return events_put(repair->store, repair->txn, lost->sequence, time_ms, &subject, &outcome,
                      &repair->scratch);
}

// Of the first event that can be read, so that time does not go back behind it.
static int64_t first_time(struct repair *repair, uint64_t first, const struct horizon *horizon)
{
    struct stored_event event;
    uint64_t at = first;
    if (horizon->last_time_ms != INT64_MIN)
        return horizon->last_time_ms;
    if (table_seek(repair->store, repair->txn, DB_EVENTS, first, &at) == 0 &&
        events_get(repair->store, repair->txn, at, &event) == 0)
        return event.time_ms;
    return repair->store->wall_ms();
}

static int mend_event(struct repair *repair, uint64_t sequence, int64_t *time_ms)
{
    struct stored_event event = {0};
    int status = repair_breathe(repair);
    struct lost_event *lost = find_lost(repair, sequence);
    if (status == 0 && lost)
        status = fill_gap(repair, lost, *time_ms);
    if (status == 0)
        status = events_get(repair->store, repair->txn, sequence, &event);
    if (status < 0)
        return status;
    uint64_t offset = event.offset;
    *time_ms = event.time_ms;
    status = blank_article(repair, offset, event.json);
    if (status == 0)
        status = table_put_number(repair->store, repair->txn, DB_EVENT_OF, slice_of_number(&offset),
                                  sequence, 0);
    return status;
}

// What a dead letter keeps behind the horizon names an event that is gone.
static int keep_old_numbers(struct repair *repair, uint64_t first)
{
    int status = table_error(mdb_drop(repair->txn, repair->store->dbs[DB_EVENT_OF], 0));
    for (uint64_t at = 0; status == 0 && (status = next_in(repair, DB_DEAD, &at)) == 0; at++) {
        struct stored_dead dead;
        if (dead_get(repair->store, repair->txn, at, &dead) == 0 && dead.sequence < first)
            status = table_put_number(repair->store, repair->txn, DB_EVENT_OF, slice_of_number(&at),
                                      dead.sequence, 0);
    }
    return status == -ENOENT ? 0 : status;
}

static int mend_events(struct repair *repair, const struct horizon *horizon)
{
    int64_t time_ms = first_time(repair, horizon->first, horizon);
    int status = keep_old_numbers(repair, horizon->first);
    for (uint64_t at = horizon->first; at <= repair->last_sequence && status == 0; at++)
        status = mend_event(repair, at, &time_ms);
    repair->store->tail.next_sequence =
        repair->last_sequence >= horizon->first ? repair->last_sequence + 1 : horizon->first;
    repair->store->tail.last_time_ms = time_ms;
    return status;
}

// --- 4. articles

// One that was lost before it had an event: the stream must tell.
static int bury_blank(struct repair *repair, uint64_t offset)
{
    struct subject subject;
    uint64_t sequence;
    int64_t time_ms;
    struct outcome outcome = {.kind = EVENT_DEAD,
                              .stage = slice_from_text("store"),
                              .last_words = slice_from_text("the article was damaged on disk")};
    int status = read_subject(repair, offset, &subject);
    if (status == 0)
        status = events_append(repair->store, repair->txn, &repair->store->tail, &subject, &outcome,
                               &repair->scratch, &sequence, &time_ms);
    if (status == 0)
        status = table_put_number(repair->store, repair->txn, DB_EVENT_OF, slice_of_number(&offset),
                                  sequence, 0);
    return status == 0 ? drop(repair, DB_PENDING, offset) : status;
}

static int wait_again(struct repair *repair, uint64_t offset)
{
    repair->report->again++;
    problems_tell(&repair->problems, "article %" PRIu64 " will be tagged again", offset);
    int status = drop(repair, DB_DEAD, offset);
    return status == 0 ? journal_reopen(repair->store, repair->txn, offset) : status;
}

// A dead letter that was taken up again waits, although it has an event.
static bool waits_by_right(struct repair *repair, uint64_t offset, uint64_t sequence)
{
    struct stored_event event;
    return has(repair, DB_PENDING, offset) && !has(repair, DB_DEAD, offset) &&
           events_get(repair->store, repair->txn, sequence, &event) == 0 &&
           event.kind == EVENT_DEAD;
}

static int mend_article(struct repair *repair, uint64_t offset)
{
    uint64_t sequence;
    int status = table_get_number(repair->store, repair->txn, DB_EVENT_OF, slice_of_number(&offset),
                                  &sequence);
    bool blank = is_blank(repair, offset);
    if (status == -ENOENT && blank)
        return bury_blank(repair, offset);
    if (status == -ENOENT)
        return has(repair, DB_PENDING, offset) ? drop(repair, DB_DEAD, offset)
                                               : wait_again(repair, offset);
    if (status < 0)
        return status;
    if (!blank && find_lost(repair, sequence))
        return wait_again(repair, offset);
    if (!blank && waits_by_right(repair, offset, sequence))
        return drop(repair, DB_EVENT_OF, offset);
    return drop(repair, DB_PENDING, offset);
}

static int put_identity(struct repair *repair, uint64_t offset)
{
    struct identity identity;
    int status = journal_get_identity(repair->store, repair->txn, offset, &identity);
    return status < 0 ? status : identity_put(repair->store, repair->txn, &identity);
}

// Missing articles that something in `db` speaks of.
static int blank_those_of(struct repair *repair, enum store_db db)
{
    int status;
    for (uint64_t at = 0; (status = next_in(repair, db, &at)) == 0; at++) {
        status = blank_article(repair, at, slice_from(NULL, 0));
        if (status < 0)
            return status;
    }
    return status == -ENOENT ? 0 : status;
}

static int blank_missing(struct repair *repair, uint64_t from)
{
    int status = blank_those_of(repair, DB_PENDING);
    if (status == 0)
        status = blank_those_of(repair, DB_DEAD);
    for (uint64_t at = from; at <= repair->last_offset && status == 0; at++) {
        status = repair_breathe(repair);
        if (status == 0)
            status = blank_article(repair, at, slice_from(NULL, 0));
    }
    return status;
}

static int mend_articles(struct repair *repair, const struct horizon *horizon)
{
    int status = blank_missing(repair, horizon->whole_from);
    for (uint64_t at = 0; status == 0 && (status = next_in(repair, DB_ARTICLES, &at)) == 0; at++) {
        status = mend_article(repair, at);
        if (status == 0)
            status = put_identity(repair, at);
    }
    if (status != -ENOENT)
        return status;
    repair->store->tail.next_offset =
        repair->last_offset >= horizon->whole_from ? repair->last_offset + 1 : horizon->whole_from;
    return identity_put_held(repair->store, repair->txn, repair->last_offset);
}

// --- 5. dead letters

static bool leads_to_its_event(struct repair *repair, const struct stored_dead *dead,
                               uint64_t first)
{
    struct stored_event event;
    return dead->sequence < first ||
           (events_get(repair->store, repair->txn, dead->sequence, &event) == 0 &&
            event.kind == EVENT_DEAD && event.offset == dead->offset);
}

static int mend_dead(struct repair *repair, uint64_t first)
{
    int status;
    for (uint64_t at = 0; (status = next_in(repair, DB_DEAD, &at)) == 0; at++) {
        struct stored_dead dead;
        status = dead_get(repair->store, repair->txn, at, &dead);
        if (status == 0 && leads_to_its_event(repair, &dead, first)) {
            repair->report->dead++;
            continue;
        }
        problems_tell(&repair->problems, "dead letter %" PRIu64 " leads nowhere; it is dropped",
                      at);
        status = drop(repair, DB_DEAD, at);
        if (status < 0)
            return status;
    }
    return status == -ENOENT ? 0 : status;
}

// --- 6. indexes, and the whole

static int make_indexes(struct repair *repair, uint64_t first)
{
    uint64_t merged = 0;
    int status = table_error(mdb_txn_commit(repair->txn));
    repair->txn = NULL;
    repair->store->indexed = first - 1;
    do
        status = status < 0 ? status : index_merge(repair->store, INDEX_RUN, &merged);
    while (status == 0 && merged);
    return status;
}

static void count_what_is_there(struct repair *repair)
{
    struct store_repair_report *report = repair->report;
    report->articles = table_entries(repair->store, repair->txn, DB_ARTICLES) -
                       repair->blanks.len / sizeof(uint64_t);
    report->events = table_entries(repair->store, repair->txn, DB_EVENTS) - report->lost_events;
    report->cursors = table_entries(repair->store, repair->txn, DB_CURSORS);
}

int mend_all(struct repair *repair)
{
    struct horizon horizon = {.first = 1};
    int status = repair_breathe(repair);
    if (status == 0)
        status = mend_horizon(repair, &horizon);
    if (status == 0) {
        find_ends(repair, &horizon);
        status = list_lost(repair, horizon.first);
    }
    if (status == 0)
        status = name_all_lost(repair);
    if (status == 0)
        status = mend_events(repair, &horizon);
    if (status == 0)
        status = mend_articles(repair, &horizon);
    if (status == 0)
        status = mend_dead(repair, horizon.first);
    if (status < 0)
        return status;
    count_what_is_there(repair);
    return make_indexes(repair, horizon.first);
}
