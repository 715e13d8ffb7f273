// Verification of what is neither article nor event: every entry can be read, and what it points to
// is there and points back.
#include <inttypes.h>

#include "daemon/store/dead.h"
#include "daemon/store/events.h"
#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/journal.h"
#include "daemon/store/posting.h"
#include "daemon/store/verify_private.h"
#include "daemon/store/walk.h"

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
        !verify_has(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems, "pending article %" PRIu64 " cannot be read",
                      number_of(key));
    return !verify_is_stopped(verify);
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
        return !verify_is_stopped(verify); // reported with its article
    if (!verify_is_there(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems,
                      "event number %" PRIu64 " is of article %" PRIu64 ", which is missing",
                      sequence, offset);
    if (sequence < verify->reader->first && !verify_is_there(verify, DB_DEAD, key))
        problems_tell(&verify->problems, "article %" PRIu64 " was left behind by event %" PRIu64,
                      offset, sequence);
    else if (sequence >= verify->reader->first && !is_event_of(verify, sequence, offset))
        problems_tell(&verify->problems,
                      "article %" PRIu64 " names event %" PRIu64 ", which is not its own", offset,
                      sequence);
    return !verify_is_stopped(verify);
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
    return !verify_is_stopped(verify);
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
        problems_tell(&verify->problems, "dead letter %" PRIu64 " %s", offset, verify_why(status));
    else if (!verify_is_there(verify, DB_ARTICLES, key))
        problems_tell(&verify->problems, "dead letter %" PRIu64 " is of an article that is missing",
                      offset);
    else if (dead.sequence < verify->reader->first)
        return !verify_is_stopped(verify);
    else if (events_get(verify->store, verify->reader->txn, dead.sequence, &event) < 0 ||
             event.kind != EVENT_DEAD || event.offset != offset)
        problems_tell(&verify->problems,
                      "dead letter %" PRIu64 " names event %" PRIu64 ", which is not its own",
                      offset, dead.sequence);
    return !verify_is_stopped(verify);
}

static bool cursor_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    uint64_t next;
    if (number_open(DB_CURSORS, key, value, &next) < 0)
        problems_tell(&verify->problems, "cursor \"%.*s\" is damaged",
                      (int)(key.len < 64 ? key.len : 64), key.ptr);
    return !verify_is_stopped(verify);
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
    (void)store_entity_newest(verify->reader, id, verify->reader->indexed + 1, &sequence, 1);
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
    return !verify_is_stopped(verify);
}

static bool name_cb(struct slice key, struct slice value, void *arg)
{
    struct verify *verify = arg;
    verify->verdict->index_entries++;
    int len = (int)(key.len < 64 ? key.len : 64);
    if (verify->reader->first > 1) // retention leaves some for a while (sweep.h)
        return !verify_is_stopped(verify);
    spellings_catch_up(&verify->spellings, verify->reader);
    if (!verify_has(verify, DB_ENTITIES, value))
        problems_tell(&verify->problems, "spelling \"%.*s\" names no entity", len, key.ptr);
    else if (!spellings_has(&verify->spellings, key, value))
        problems_tell(&verify->problems, "spelling \"%.*s\" is in no event of its entity", len,
                      key.ptr);
    return !verify_is_stopped(verify);
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
    return !verify_is_stopped(verify);
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

int verify_tables(struct verify *verify)
{
    for (size_t i = 0; i < sizeof WALKS / sizeof *WALKS && !verify_is_stopped(verify); i++) {
        int status = walk_table(verify->reader, WALKS[i].db, WALKS[i].cb, verify);
        if (status == -EBADMSG)
            problems_tell(&verify->problems, "pages of table %s are damaged", WALKS[i].name);
        else if (status < 0)
            return status;
    }
    return 0;
}
