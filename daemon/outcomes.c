#include "daemon/outcomes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commit.h"
#include "daemon/queue.h"
#include "daemon/telexd.h"
#include "proto/base/check.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

enum {
    RETRY_FIRST_MS = 250,
    RETRY_MOST_MS = 10000,
    MANY_WINDOWS = 4, // results of so many windows may wait for their commit, or so many if that is
    MANY_AT_LEAST = 256, // more: one full commit of the writer
    MANY_BYTES = 16 * 1024 * 1024,
    WORDS_MAX = 4096,                  // bytes of last words that a dead letter keeps
    RESULT_MAX = WIRE_PAYLOAD_MAX / 2, // an event must fit into a message, with text beside it
};

struct outcome {
    struct commit commit;
    struct list link; // while the disk is full
    struct outcomes *outcomes;
    struct result result;
    bool refused; // dead because the worker said so
    size_t size;
    char bytes[]; // the worker's payload, or last words
};

struct outcomes {
    struct telexd *telexd;
    void (*room_cb)(void *arg);
    void *arg;
    size_t pending, bytes;
    struct list held; // wait for room on the disk
    uv_timer_t retry;
    uint64_t retry_ms; // 0: the disk has room
    bool failed, draining;
    struct outcomes_stats stats;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// --- after the commit

static void outcome_free(struct outcome *outcome)
{
    struct outcomes *outcomes = outcome->outcomes;
    outcomes->pending--;
    outcomes->bytes -= outcome->size;
    free(outcome);
}

static void outcome_count(const struct outcome *outcome)
{
    struct outcomes_stats *stats = &outcome->outcomes->stats;
    if (outcome->commit.write.kind == WRITE_TAGGED)
        stats->tagged++;
    else if (outcome->refused)
        stats->refused++;
    else
        stats->dead++;
}

static void retry_cb(uv_timer_t *timer)
{
    struct outcomes *outcomes = timer->data;
    struct list held;
    list_init(&held);
    list_splice(&held, &outcomes->held);
    for (struct list *link; (link = list_pop(&held));)
        commits_submit(outcomes->telexd->commits, &list_entry(link, struct outcome, link)->commit);
}

static void outcome_hold(struct outcome *outcome)
{
    struct outcomes *outcomes = outcome->outcomes;
    if (outcomes->draining) {
        outcome_free(outcome);
        return;
    }
    list_append(&outcomes->held, &outcome->link);
    if (uv_is_active((uv_handle_t *)&outcomes->retry))
        return;
    if (!outcomes->retry_ms)
        log_error("store_full tagging=\"waits for room on the disk\"");
    uint64_t doubled = outcomes->retry_ms ? 2 * outcomes->retry_ms : RETRY_FIRST_MS;
    outcomes->retry_ms = doubled < RETRY_MOST_MS ? doubled : RETRY_MOST_MS;
    uv_timer_start(&outcomes->retry, retry_cb, outcomes->retry_ms, 0);
}

static void note_room(struct outcomes *outcomes)
{
    if (!outcomes->retry_ms)
        return;
    log_notice("store_has_room tagging=\"goes on\"");
    outcomes->retry_ms = 0;
    uv_timer_stop(&outcomes->retry);
    retry_cb(&outcomes->retry);
}

// The journal's record is damaged, so no event can be made of the result.
static bool outcome_bury(struct outcome *outcome)
{
    struct write *write = &outcome->commit.write;
    if (write->kind == WRITE_DEAD)
        return false;
    write->kind = WRITE_DEAD;
    write->result = NULL;
    write->attempts = 0;
    write->stage = slice_from_text("store");
    write->last_words = slice_from_text("the article is damaged in the journal");
    commits_submit(outcome->outcomes->telexd->commits, &outcome->commit);
    return true;
}

static void outcome_done(struct outcome *outcome)
{
    struct outcomes *outcomes = outcome->outcomes;
    queue_done(outcomes->telexd->queue, outcome->commit.write.offset);
    outcome_free(outcome);
    outcomes->room_cb(outcomes->arg);
}

static void done_cb(struct commit *commit)
{
    struct outcome *outcome = list_entry(commit, struct outcome, commit);
    struct outcomes *outcomes = outcome->outcomes;
    unsigned long long offset = commit->write.offset;
    switch (commit->write.status) {
    case 0:
        outcome_count(outcome);
        note_room(outcomes);
        outcome_done(outcome);
        return;
    case -ENOSPC:
    case -ENOMEM:
        outcome_hold(outcome);
        return;
    case -EIO: // whoever collects commits ends the daemon
    case -ESHUTDOWN:
        outcomes->failed = true;
        outcome_free(outcome);
        return;
    case -EBADMSG:
        if (outcome_bury(outcome))
            return;
        break;
    default:
        break;
    }
    if (commit->write.status != -EALREADY)
        log_error("outcome_not_stored offset=%llu error=\"%s\" article=\"stays pending until the "
                  "next start\"",
                  offset, strerror(-commit->write.status));
    outcome_done(outcome);
}

// --- before it

static struct outcome *outcome_new(struct outcomes *outcomes, uint64_t offset, struct slice bytes)
{
    struct outcome *outcome = malloc(sizeof *outcome + bytes.len);
    if (!outcome)
        return NULL;
    *outcome = (struct outcome){.outcomes = outcomes, .size = bytes.len};
    outcome->commit.write.offset = offset;
    outcome->commit.done_cb = done_cb;
    list_init(&outcome->link);
    if (bytes.len)
        memcpy(outcome->bytes, bytes.ptr, bytes.len);
    outcomes->pending++;
    outcomes->bytes += bytes.len;
    return outcome;
}

static struct slice words_cut(struct slice words)
{
    if (words.len > WORDS_MAX)
        words.len = WORDS_MAX;
    words.len = utf8_valid_prefix(words);
    return words;
}

static void write_dead(struct outcome *outcome, uint32_t attempts, const char *stage,
                       struct slice words)
{
    outcome->commit.write.kind = WRITE_DEAD;
    outcome->commit.write.attempts = attempts;
    outcome->commit.write.stage = slice_from_text(stage);
    outcome->commit.write.last_words = words_cut(words);
}

static void write_result(struct outcome *outcome)
{
    const struct result *result = &outcome->result;
    outcome->refused = result->status == RESULT_REFUSED || outcome->size > RESULT_MAX;
    if (result->status == RESULT_REFUSED) {
        write_dead(outcome, 1, "tagger", result->data);
    } else if (outcome->refused) {
        write_dead(outcome, 1, "tagger", slice_from_text("its event is too large to be sent"));
    } else {
        outcome->commit.write.kind = WRITE_TAGGED;
        outcome->commit.write.result = result;
    }
}

int outcomes_add_result(struct outcomes *outcomes, uint64_t offset, struct slice payload,
                        struct err *err)
{
    struct outcome *outcome = outcome_new(outcomes, offset, payload);
    if (!outcome)
        return err_set_errno(err, ENOMEM, "a result of %zu bytes", payload.len);
    int failed = result_decode(slice_from(outcome->bytes, payload.len), &outcome->result, err);
    if (failed) {
        outcome_free(outcome);
        return failed;
    }
    write_result(outcome);
    commits_submit(outcomes->telexd->commits, &outcome->commit);
    return 0;
}

int outcomes_add_dead(struct outcomes *outcomes, uint64_t offset, uint32_t attempts,
                      const char *stage, struct slice last_words)
{
    struct outcome *outcome = outcome_new(outcomes, offset, last_words);
    if (!outcome)
        return -ENOMEM;
    write_dead(outcome, attempts, stage, slice_from(outcome->bytes, last_words.len));
    commits_submit(outcomes->telexd->commits, &outcome->commit);
    return 0;
}

// --- questions

size_t outcomes_pending(const struct outcomes *outcomes)
{
    return outcomes->pending;
}

static size_t outcomes_limit(const struct outcomes *outcomes)
{
    size_t windows = MANY_WINDOWS * (size_t)outcomes->telexd->config->crew_window;
    return windows > MANY_AT_LEAST ? windows : MANY_AT_LEAST;
}

bool outcomes_are_many(const struct outcomes *outcomes)
{
    return outcomes->pending >= outcomes_limit(outcomes) || outcomes->bytes >= MANY_BYTES;
}

bool outcomes_are_few(const struct outcomes *outcomes)
{
    return outcomes->pending <= outcomes_limit(outcomes) / 3 && outcomes->bytes <= MANY_BYTES / 3;
}

bool outcomes_are_stalled(const struct outcomes *outcomes)
{
    return outcomes->retry_ms || outcomes->failed;
}

struct outcomes_stats outcomes_get_stats(const struct outcomes *outcomes)
{
    return outcomes->stats;
}

// --- beginning and end

int outcomes_create(struct outcomes **out, struct telexd *telexd, void (*room_cb)(void *arg),
                    void *arg)
{
    struct outcomes *outcomes = *out = calloc(1, sizeof *outcomes);
    if (!outcomes)
        return -ENOMEM;
    outcomes->telexd = telexd;
    outcomes->room_cb = room_cb;
    outcomes->arg = arg;
    list_init(&outcomes->held);
    uv_timer_init(telexd->loop, &outcomes->retry);
    outcomes->retry.data = outcomes;
    return 0;
}

void outcomes_drain(struct outcomes *outcomes)
{
    outcomes->draining = true;
    for (struct list *link; (link = list_pop(&outcomes->held));)
        outcome_free(list_entry(link, struct outcome, link));
}

static void retry_closed_cb(uv_handle_t *handle)
{
    struct outcomes *outcomes = handle->data;
    outcomes->closed_cb(outcomes->closed_arg);
}

void outcomes_close(struct outcomes *outcomes, void (*closed_cb)(void *arg), void *arg)
{
    outcomes_drain(outcomes);
    outcomes->closed_cb = closed_cb;
    outcomes->closed_arg = arg;
    uv_close((uv_handle_t *)&outcomes->retry, retry_closed_cb);
}

void outcomes_destroy(struct outcomes *outcomes)
{
    if (!outcomes)
        return;
    check_should(outcomes->pending == 0);
    free(outcomes);
}
