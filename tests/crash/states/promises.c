#include "tests/crash/states/promises.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

void promises_add(struct promises *promises, struct promise promise)
{
    if (promises->count == promises->capacity) {
        promises->capacity = promises->capacity ? promises->capacity * 2 : 1024;
        promises->at = realloc(promises->at, promises->capacity * sizeof promise);
        check_must(promises->at);
    }
    promises->at[promises->count++] = promise;
}

void promises_free(struct promises *promises)
{
    free(promises->at);
    *promises = (struct promises){0};
}

struct hash128 promises_hash_event(const struct stored_event *event)
{
    struct buf all;
    buf_init(&all, SIZE_MAX);
    buf_put_u64(&all, event->offset);
    buf_put_u64(&all, (uint64_t)event->time_ms);
    buf_put_u32(&all, (uint32_t)event->kind);
    buf_put_slice(&all, event->source);
    buf_put_slice(&all, event->keys);
    buf_put_slice(&all, event->edits);
    buf_put_slice(&all, event->json);
    check_must(!all.failed);
    struct hash128 hash = hash128_of(buf_slice(&all));
    buf_fini(&all);
    return hash;
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static bool is_said_lost(struct slice bytes, const char *words)
{
    return memmem(bytes.ptr, bytes.len, words, strlen(words)) != NULL;
}

// 0 when it is what was promised, -EILSEQ when it is something else, or the store's refusal.
static int look(const struct promise *promise, struct store_reader *reader)
{
    struct stored_article article;
    struct stored_event event;
    uint64_t next;
    int status;
    switch (promise->kind) {
    case PROMISE_ARTICLE:
        status = store_get_article(reader, promise->number, &article);
        if (status == 0 && !same(hash128_of(article.record), promise->hash))
            return is_said_lost(article.record, STORE_DAMAGED_URI) ? -ENOENT : -EILSEQ;
        return status;
    case PROMISE_EVENT:
        status = store_get_event(reader, promise->number, &event);
        if (status == 0 && !same(promises_hash_event(&event), promise->hash))
            return event.kind == EVENT_DEAD && is_said_lost(event.json, "damaged on disk")
                       ? -ENOENT
                       : -EILSEQ;
        return status;
    case PROMISE_CURSOR:
        status = store_get_cursor(reader, slice_from_text(PROMISES_CURSOR), &next);
        return status == 0 && next < promise->number ? -EILSEQ : status;
    }
    return -EINVAL;
}

// The first event that must be there: the horizon, unless that lies where retention must not go.
static uint64_t first_due(const struct promises *promises, struct store_reader *reader)
{
    uint64_t first = store_first(reader), head = store_head(reader);
    uint64_t latest = promises->kept && head > promises->kept ? head - promises->kept + 1 : 1;
    return first < latest ? first : latest;
}

static bool may_be_removed(const struct promise *promise, uint64_t first)
{
    uint64_t event = promise->kind == PROMISE_EVENT ? promise->number : promise->event;
    return promise->kind != PROMISE_CURSOR && event && event < first;
}

struct tally promises_check(const struct promises *promises, size_t count,
                            struct store_reader *reader)
{
    struct tally tally = {0};
    check_must(store_read_begin(reader) == 0);
    uint64_t first = first_due(promises, reader);
    for (size_t i = 0; i < count; i++) {
        int status = look(&promises->at[i], reader);
        if (status == -ENOENT && may_be_removed(&promises->at[i], first))
            status = 0;
        size_t *counter = status == 0         ? &tally.kept
                          : status == -EILSEQ ? &tally.wrong
                          : status == -ENOENT ? &tally.missing
                                              : &tally.refused;
        ++*counter;
        if (status == -EILSEQ && getenv("TELEX_STATES_LOUD"))
            fprintf(stderr, "wrong: %s %" PRIu64 "\n",
                    promises->at[i].kind == PROMISE_ARTICLE ? "article"
                    : promises->at[i].kind == PROMISE_EVENT ? "event"
                                                            : "cursor",
                    promises->at[i].number);
        tally.stale_cursor += status == -EILSEQ && promises->at[i].kind == PROMISE_CURSOR;
        tally.missing_cursor += status == -ENOENT && promises->at[i].kind == PROMISE_CURSOR;
    }
    store_read_end(reader);
    return tally;
}
