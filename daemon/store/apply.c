#include "daemon/store/apply.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/store/dead.h"
#include "daemon/store/event_json.h"
#include "daemon/store/events.h"
#include "daemon/store/journal.h"
#include "daemon/store/table.h"

static int apply_articles(struct apply *apply, struct write *write)
{
    int64_t now = apply->store->wall_ms();
    for (size_t i = 0; i < write->count; i++) {
        struct ack *ack = &write->acks[i];
        int status =
            journal_accept(apply->store, apply->txn, &apply->tail, write->records[i], now, ack);
        if (status < 0)
            return status;
        if (ack->code == WIRE_OK)
            *(ack->duplicate ? &apply->counts.duplicates : &apply->counts.articles) += 1;
    }
    return 0;
}

// The article, if it still waits for its event; -EALREADY when it does not.
static int find_pending(struct apply *apply, uint64_t offset, struct stored_article *article)
{
    int status = journal_get_record(apply->store, apply->txn, offset, article);
    if (status < 0)
        return status;
    status = journal_is_pending(apply->store, apply->txn, offset);
    return status == -ENOENT ? -EALREADY : status;
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

static int finish_article(struct apply *apply, struct write *write,
                          const struct stored_article *article, const struct outcome *outcome,
                          int64_t *time_ms)
{
    int status = events_append(apply->store, apply->txn, &apply->tail, article, outcome,
                               apply->scratch, &write->sequence, time_ms);
    if (status == 0)
        status = journal_finish(apply->store, apply->txn, write->offset, write->sequence);
    if (status == 0)
        apply->counts.events++;
    return status;
}

static int apply_tagged(struct apply *apply, struct write *write)
{
    struct stored_article article;
    int64_t time_ms;
    int status = find_pending(apply, write->offset, &article);
    if (status < 0)
        return answer(write, status);
    struct outcome outcome = {.kind = EVENT_TAGGED, .result = write->result};
    return finish_article(apply, write, &article, &outcome, &time_ms);
}

static struct slice clean_words(struct apply *apply, struct slice words)
{
    size_t len = words.len < DEAD_WORDS_MAX ? words.len : DEAD_WORDS_MAX;
    buf_reset(apply->words);
    event_json_put_words(apply->words, slice_from(words.ptr + (words.len - len), len));
    return buf_slice(apply->words);
}

static int bury(struct apply *apply, struct write *write, const struct stored_article *article)
{
    struct stored_dead dead = {.offset = write->offset,
                               .attempts = write->attempts,
                               .stage = write->stage,
                               .last_words = clean_words(apply, write->last_words)};
    struct outcome outcome = {.kind = EVENT_DEAD,
                              .stage = dead.stage,
                              .attempts = dead.attempts,
                              .last_words = dead.last_words};
    int status = finish_article(apply, write, article, &outcome, &dead.time_ms);
    dead.sequence = write->sequence;
    if (status == 0)
        status = dead_put(apply->store, apply->txn, &dead, apply->scratch);
    if (status == 0)
        apply->counts.dead++;
    return status;
}

// The article's own record cannot be read, so that its event names a stand-in.
static int bury_damaged(struct apply *apply, struct write *write)
{
    int status = journal_is_pending(apply->store, apply->txn, write->offset);
    if (status < 0)
        return answer(write, status == -ENOENT ? -EALREADY : status);
    char uri[64];
    snprintf(uri, sizeof uri, "urn:telex:damaged:%llu", (unsigned long long)write->offset);
    struct article article = {.uri = slice_from_text(uri)};
    struct buf record;
    buf_init(&record, sizeof uri + ARTICLE_HEAD_BYTES);
    article_encode(&record, &article);
    struct stored_article stored = {.offset = write->offset, .record = buf_slice(&record)};
    status = record.failed ? -ENOMEM : bury(apply, write, &stored);
    buf_fini(&record);
    return status;
}

static int apply_dead(struct apply *apply, struct write *write)
{
    struct stored_article article;
    int status = find_pending(apply, write->offset, &article);
    if (status == -EBADMSG)
        return bury_damaged(apply, write);
    return status < 0 ? answer(write, status) : bury(apply, write, &article);
}

static int apply_retry(struct apply *apply, struct write *write)
{
    int status = dead_delete(apply->store, apply->txn, write->offset);
    if (status < 0)
        return answer(write, status);
    return journal_reopen(apply->store, apply->txn, write->offset);
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
        return answer(write, dead_delete(apply->store, apply->txn, write->offset));
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
