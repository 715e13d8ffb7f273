#include "daemon/store/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/store/dead.h"
#include "daemon/store/event_json.h"
#include "daemon/store/events.h"
#include "daemon/store/horizon.h"
#include "daemon/store/identity.h"
#include "daemon/store/journal.h"
#include "daemon/store/remove.h"
#include "daemon/store/table.h"

static int apply_articles(struct apply *apply, struct write *write)
{
    int64_t now = apply->store->wall_ms();
    for (size_t i = 0; i < write->count; i++) {
        struct ack *ack = &write->acks[i];
        int status = journal_accept(apply->store, apply->txn, &apply->tail, write->records[i],
                                    write->sender, now, ack);
        if (status < 0)
            return status;
        if (ack->code == WIRE_OK)
            *(ack->duplicate ? &apply->counts.duplicates : &apply->counts.articles) += 1;
    }
    return 0;
}

static int read_subject(const struct apply *apply, uint64_t offset, struct subject *subject)
{
    struct stored_article stored;
    int status = journal_get_record(apply->store, apply->txn, offset, &stored);
    if (status < 0)
        return status;
    *subject = (struct subject){.offset = offset, .hash = stored.hash};
    struct cursor record = cursor_from(stored.record);
    return article_decode(&record, &subject->article);
}

// The article, if it still waits for its event; -EALREADY when it does not, -EBADMSG when it does
// but cannot be read. A damaged mark marks, too: the article would be handed out for ever.
static int find_pending(const struct apply *apply, uint64_t offset, struct subject *subject)
{
    int status = read_subject(apply, offset, subject);
    if (status < 0 && status != -ENOENT && status != -EBADMSG)
        return status;
    int pending = journal_is_pending(apply->store, apply->txn, offset);
    if (pending == -ENOENT)
        return status == -ENOENT ? -ENOENT : -EALREADY;
    if (pending < 0 && pending != -EBADMSG)
        return pending;
    return status == -ENOENT ? -EBADMSG : status;
}

// What can be said of an article that cannot be read.
struct remains {
    char uri[sizeof STORE_DAMAGED_URI + 20];
};

static void describe_remains(const struct apply *apply, uint64_t offset, struct remains *remains,
                             struct subject *subject)
{
    struct identity identity;
    *subject = (struct subject){.offset = offset};
    if (journal_get_identity(apply->store, apply->txn, offset, &identity) == 0)
        subject->hash = identity.hash;
    snprintf(remains->uri, sizeof remains->uri, STORE_DAMAGED_URI "%" PRIu64, offset);
    subject->article.uri = slice_from_text(remains->uri);
}

// Statuses that are the request's own answer, as long as it has changed nothing yet.
static bool is_answer(int status)
{
    return status == -ENOENT || status == -EALREADY || status == -EBADMSG || status == -EINVAL;
}

static int answer(struct write *write, int status)
{
    write->status = status;
    return is_answer(status) ? 0 : status;
}

static int finish_article(struct apply *apply, struct write *write, const struct subject *subject,
                          const struct outcome *outcome, int64_t *time_ms)
{
    int status = events_append(apply->store, apply->txn, &apply->tail, subject, outcome,
                               apply->scratch, &write->sequence, time_ms);
    if (status == 0)
        status = journal_finish(apply->store, apply->txn, write->offset, write->sequence);
    if (status == 0) {
        apply->counts.events++;
        apply->counts.key_bytes += outcome->result ? outcome->result->keys.len : 0;
    }
    return status;
}

static int apply_tagged(struct apply *apply, struct write *write)
{
    struct subject subject;
    int64_t time_ms;
    int status = find_pending(apply, write->offset, &subject);
    if (status < 0)
        return answer(write, status);
    struct outcome outcome = {.kind = EVENT_TAGGED, .result = write->result};
    return finish_article(apply, write, &subject, &outcome, &time_ms);
}

static struct slice clean_words(struct apply *apply, struct slice words)
{
    size_t len = words.len < DEAD_WORDS_MAX ? words.len : DEAD_WORDS_MAX;
    buf_reset(apply->words);
    event_json_put_words(apply->words, slice_from(words.ptr + (words.len - len), len));
    return buf_slice(apply->words);
}

static int bury(struct apply *apply, struct write *write, const struct subject *subject)
{
    struct stored_dead dead = {.offset = write->offset,
                               .attempts = write->attempts,
                               .stage = write->stage,
                               .last_words = clean_words(apply, write->last_words)};
    struct outcome outcome = {.kind = EVENT_DEAD,
                              .stage = dead.stage,
                              .attempts = dead.attempts,
                              .last_words = dead.last_words};
    int status = finish_article(apply, write, subject, &outcome, &dead.time_ms);
    dead.sequence = write->sequence;
    if (status == 0)
        status = dead_put(apply->store, apply->txn, &dead, apply->scratch);
    if (status == 0)
        apply->counts.dead++;
    return status;
}

static int apply_dead(struct apply *apply, struct write *write)
{
    struct subject subject;
    struct remains remains;
    int status = find_pending(apply, write->offset, &subject);
    if (status == -EBADMSG)
        describe_remains(apply, write->offset, &remains, &subject);
    else if (status < 0)
        return answer(write, status);
    return bury(apply, write, &subject);
}

static int apply_retry(struct apply *apply, struct write *write)
{
    int status = dead_delete(apply->store, apply->txn, write->offset);
    if (status < 0)
        return answer(write, status);
    return journal_reopen(apply->store, apply->txn, write->offset);
}

// With the dead letter goes an article whose event has gone before.
static int apply_drop(struct apply *apply, struct write *write)
{
    struct horizon *horizon = &apply->tail.horizon;
    struct removal removal = {0};
    uint64_t sequence;
    int status = dead_delete(apply->store, apply->txn, write->offset);
    if (status < 0)
        return answer(write, status);
    status = table_get_number(apply->store, apply->txn, DB_EVENT_OF,
                              slice_of_number(&write->offset), &sequence);
    if (status == -ENOENT || status == -EBADMSG || (status == 0 && sequence >= horizon->first))
        return 0;
    if (status == 0)
        status =
            remove_article(apply->store, apply->txn, horizon, write->offset, sequence, &removal);
    return status ? status : horizon_write(apply->store, apply->txn, horizon);
}

static int apply_cursor(struct apply *apply, struct write *write)
{
    return answer(write, table_put_number(apply->store, apply->txn, DB_CURSORS, write->cursor,
                                          write->next, 0));
}

int apply_write(struct apply *apply, struct write *write)
{
    write->status = 0;
    write->sequence = 0;
    switch (write->kind) {
    case WRITE_ARTICLES:
        return apply_articles(apply, write);
    case WRITE_TAGGED:
        return apply_tagged(apply, write);
    case WRITE_DEAD:
        return apply_dead(apply, write);
    case WRITE_CURSOR:
        return apply_cursor(apply, write);
    case WRITE_CURSOR_DROP:
        return answer(write, table_delete(apply->store, apply->txn, DB_CURSORS, write->cursor));
    case WRITE_RETRY:
        return apply_retry(apply, write);
    case WRITE_DROP:
        return apply_drop(apply, write);
    }
    write->status = -EINVAL;
    return 0;
}

// Pages of trees that one article or event may touch: its leaves, and new branches now and then.
enum { TREE_BYTES = 8 * 4096, SMALL_BYTES = 16 * 4096 };

uint64_t apply_estimate(const struct write *write)
{
    uint64_t bytes = SMALL_BYTES;
    for (size_t i = 0; write->kind == WRITE_ARTICLES && i < write->count; i++)
        bytes += write->records[i].len + TREE_BYTES;
    if (write->kind == WRITE_TAGGED)
        bytes += write->result->keys.len + write->result->edits.len + write->result->data.len +
                 TREE_BYTES;
    return bytes;
}
