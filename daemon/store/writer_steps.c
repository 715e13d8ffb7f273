// What the writer does between batches, a bounded step at a time: events are merged into the
// indexes, and what retention does not keep is removed.
#include <errno.h>

#include "daemon/store/env.h"
#include "daemon/store/writer_private.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
    MERGE_BYTES = 16 << 20,  // room a step of merging wants on disk
    MERGE_STEP_NS = 4000000, // and the time it takes of the writer's, before its commit
    MERGE_SHARE = 16,        // of a small map it wants less
    REMOVE_BYTES = 1 << 20,  // room a step of removing wants: it writes pages anew, too
    REMOVE_STEP_NS = 4000000,
    REMOVE_STEPS_MAX = 8,     // as many times as long a step may take when there is far too much
    LOOK_SHARE = 64,          // retention looks again after writing this part of what it keeps,
    LOOK_BYTES_MIN = 1 << 20, // but no less
};

// Tells of a step that failed, or that has to be taken later.
static bool step_failed(struct writer *writer, int status, const char *what)
{
    if (status < 0 && !writer_is_passing(status))
        writer_note_failure(writer);
    else if (status < 0)
        log_warning("%s_postponed reason=\"%s\"", what, strerror(-status));
    return status < 0;
}

// --- indexes

// A step may take longer the further the indexes are behind, so that they catch up.
static int64_t step_budget(const struct writer *writer)
{
    return MERGE_STEP_NS * (int64_t)(1 + writer_index_lag(writer) / (4 * WRITER_INDEX_LAG) +
                                     writer->keys_behind / (4 * WRITER_KEYS_LAG));
}

bool writer_is_behind(const struct writer *writer)
{
    return writer_index_lag(writer) >= WRITER_INDEX_LAG || writer->keys_behind >= WRITER_KEYS_LAG ||
           writer->run_is_waited_for;
}

static void note_merged(struct writer *writer)
{
    uint64_t bytes = index_run_bytes(writer->run);
    bool left = writer_index_lag(writer) > 0 && bytes < writer->keys_behind;
    writer->keys_behind = left ? writer->keys_behind - bytes : 0;
}

static void count_step(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stats.index_commits++;
    pthread_mutex_unlock(&writer->lock);
}

static int run_step(struct writer *writer)
{
    bool writes = writer->run && index_run_is_collected(writer->run);
    uint64_t share = writer->store->map_limit / MERGE_SHARE;
    uint64_t need = share < MERGE_BYTES ? share : MERGE_BYTES;
    int status = env_reserve(writer->store, need, ENV_INDEXES);
    writer->written += need / 4;
    if (status == 0 && !writer->run)
        status = index_run_start(writer->store, INDEX_RUN, &writer->run);
    if (status == 0)
        do
            status = index_run_step(writer->run, step_budget(writer));
        while (status == -ENOBUFS && writer_grow(writer));
    if (status >= 0 && writes)
        count_step(writer);
    if (status == 0)
        note_merged(writer);
    if (status <= 0 && status != -ENOSPC && status != -ENOBUFS) {
        index_run_free(writer->run);
        writer->run = NULL;
    }
    return status;
}

bool writer_merge(struct writer *writer)
{
    if (writer->failed || writer->merge_blocked || !writer_index_lag(writer))
        return false;
    int status = run_step(writer);
    writer->merge_blocked = step_failed(writer, status, "index");
    return !writer->merge_blocked;
}

// --- retention

static void take_over_retention(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool anew = writer->retention_set;
    writer->retain.limits = writer->retention;
    writer->retention_set = false;
    pthread_mutex_unlock(&writer->lock);
    if (anew)
        writer->looked_ms = 0;
}

static void look_at_retention(struct writer *writer)
{
    uint64_t much = writer->retain.limits.bytes / LOOK_SHARE;
    int64_t now = clock_mono_ms();
    much = much > LOOK_BYTES_MIN ? much : LOOK_BYTES_MIN;
    if (writer->looked_ms && now - writer->looked_ms < WRITER_LOOK_MS && writer->written < much)
        return;
    retain_look(&writer->retain);
    writer->looked_ms = now ? now : 1;
    writer->written = 0;
    writer->retain_blocked = false;
}

// The further above its limit the store is, the longer.
static int64_t remove_budget(const struct writer *writer)
{
    const struct retain *retain = &writer->retain;
    uint64_t times = 1;
    if (retain->limits.bytes)
        times += 16 * retain->excess / retain->limits.bytes;
    return REMOVE_STEP_NS * (int64_t)(times < REMOVE_STEPS_MAX ? times : REMOVE_STEPS_MAX);
}

static int remove_step(struct writer *writer)
{
    struct removal removal = {0};
    uint64_t indexed = writer->store->indexed;
    int64_t begun = clock_mono_ns();
    int status = env_reserve(writer->store, REMOVE_BYTES, ENV_RETENTION);
    if (status == 0)
        do
            status = retain_step(&writer->retain, remove_budget(writer), &removal);
        while (status == -ENOBUFS && (writer_grow(writer) || retain_can_do_less(&writer->retain)));
    int64_t took = clock_mono_ns() - begun;
    pthread_mutex_lock(&writer->lock);
    writer->stats.retention_commits += removal.events > 0;
    writer->stats.removed_events += removal.events;
    writer->stats.removed_articles += removal.articles;
    if (took > writer->stats.retention_ns_max)
        writer->stats.retention_ns_max = took;
    pthread_mutex_unlock(&writer->lock);
    if (removal.events)
        writer->merge_blocked = false;
    if (writer->store->indexed != indexed)
        writer->keys_behind = 0; // some went before they were merged: counted anew
    return status;
}

bool writer_retain(struct writer *writer)
{
    take_over_retention(writer);
    if (!writer_retains(writer) || writer->failed)
        return false;
    look_at_retention(writer);
    writer->run_is_waited_for = false;
    if (writer->retain_blocked || !retain_is_due(&writer->retain))
        return false;
    writer->run_is_waited_for = writer->run && !writer->merge_blocked;
    if (writer->run_is_waited_for)
        return false;
    index_run_free(writer->run); // it is begun again, without what goes now
    writer->run = NULL;
    writer->cannot_grow = false;
    int status = remove_step(writer);
    writer->retain_blocked = step_failed(writer, status, "retention");
    return !writer->retain_blocked;
}
