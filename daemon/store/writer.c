// The writer's thread, one round after the other:
//   1. take what is waiting, up to a batch; wait when nothing is
//   2. carry it out in one transaction and commit, which syncs
//   3. only then hand the requests back and wake the loop
//   4. when there is nothing to do, or the indexes are far behind, take a step of merging events
//      into them (writer_steps.c)
//   5. when there is more than retention keeps, and no merging is half done, take a step of
//      removing the oldest events
// A batch that fails is carried out again one request at a time, so that one that is too large or
// meets damage fails alone.
#include "daemon/store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/store/env.h"
#include "daemon/store/identity.h"
#include "daemon/store/table.h"
#include "daemon/store/writer_private.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
    BATCH_BYTES = 16 << 20, // of articles in one transaction: bounds its dirty pages in memory
    IDLE_MS = 20,           // without requests for so long, merging may begin
    EVENT_LIMIT = 64 << 20,
    WORDS_LIMIT = 1 << 20,
};

// --- one transaction

bool writer_is_passing(int status)
{
    return status == -ENOSPC || status == -ENOBUFS || status == -ENOMEM || status == -EBADMSG ||
           status == -EAGAIN;
}

static int reserve_room(struct writer *writer, const struct list *batch)
{
    uint64_t need = 0;
    enum env_user user = ENV_EVENTS;
    list_for_each (link, batch) {
        const struct write *write = list_entry(link, struct write, link);
        need += apply_estimate(write);
        user = write->kind == WRITE_ARTICLES ? ENV_ARTICLES : user;
    }
    writer->written += need;
    return env_reserve(writer->store, need, user);
}

static int apply_batch(struct apply *apply, const struct list *batch)
{
    int status = 0;
    list_for_each (link, batch) {
        if (status == 0)
            status = apply_write(apply, list_entry(link, struct write, link));
    }
    return status;
}

static int commit(struct writer *writer, MDB_txn *txn)
{
    int64_t begun = clock_mono_ns();
    int status = table_error(mdb_txn_commit(txn));
    int64_t took = clock_mono_ns() - begun;
    pthread_mutex_lock(&writer->lock);
    writer->stats.commit_ns_last = took;
    if (took > writer->stats.commit_ns_max)
        writer->stats.commit_ns_max = took;
    pthread_mutex_unlock(&writer->lock);
    return status;
}

static int try_batch(struct writer *writer, const struct list *batch)
{
    struct store *store = writer->store;
    struct apply apply = {
        .store = store, .tail = store->tail, .scratch = &writer->scratch, .words = &writer->words};
    int status = reserve_room(writer, batch);
    if (status == 0)
        status = table_error(mdb_txn_begin(store->env, NULL, 0, &apply.txn));
    if (status < 0)
        return status;
    status = apply_batch(&apply, batch);
    if (status == 0)
        status = identity_move(store, apply.txn, apply.tail.next_offset);
    if (status == 0)
        status = commit(writer, apply.txn);
    else
        mdb_txn_abort(apply.txn);
    if (status < 0) {
        identity_aborted(store, store->tail.next_offset);
        return status;
    }
    identity_committed(store);
    store->tail = apply.tail;
    writer->counts = apply.counts;
    writer->merge_blocked = false;
    return 0;
}

bool writer_grow(struct writer *writer)
{
    if (!writer->cannot_grow)
        writer->cannot_grow = env_grow(writer->store) < 0;
    return !writer->cannot_grow;
}

static int try_batch_growing(struct writer *writer, const struct list *batch)
{
    int status;
    do
        status = try_batch(writer, batch);
    while (status == -ENOBUFS && writer_grow(writer));
    return status == -ENOBUFS ? -ENOSPC : status;
}

// --- a batch and its outcome

void writer_note_failure(struct writer *writer)
{
    if (!writer->failed)
        log_error("store_failed directory=\"%s\" the disk did not take a commit; nothing is "
                  "accepted any more",
                  writer->store->directory);
    writer->failed = true;
    pthread_mutex_lock(&writer->lock);
    writer->stats.failed = true;
    pthread_mutex_unlock(&writer->lock);
}

static void add_counts(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stats.commits++;
    writer->stats.articles += writer->counts.articles;
    writer->stats.duplicates += writer->counts.duplicates;
    writer->stats.events += writer->counts.events;
    writer->stats.dead += writer->counts.dead;
    pthread_mutex_unlock(&writer->lock);
    writer->keys_behind += writer->counts.key_bytes;
}

static void set_status(struct writer *writer, const struct list *batch, int status)
{
    uint64_t full = 0;
    list_for_each (link, batch) {
        struct write *write = list_entry(link, struct write, link);
        write->status = status;
        write->sequence = 0;
        full += status != -ENOSPC ? 0 : write->kind == WRITE_ARTICLES ? write->count : 1;
    }
    pthread_mutex_lock(&writer->lock);
    writer->stats.refused_full += full;
    pthread_mutex_unlock(&writer->lock);
}

// Carries out `batch`, whose requests then have their status. False when it must be split.
static bool run_batch(struct writer *writer, const struct list *batch, bool may_split)
{
    int status = writer->failed ? -EIO : try_batch_growing(writer, batch);
    if (status == 0) {
        add_counts(writer);
        return true;
    }
    if (!writer->failed && writer_is_passing(status) && may_split)
        return false;
    if (!writer_is_passing(status)) {
        writer_note_failure(writer);
        status = -EIO;
    }
    set_status(writer, batch, status);
    return true;
}

static void hand_back(struct writer *writer, struct list *batch)
{
    pthread_mutex_lock(&writer->lock);
    list_splice(&writer->done, batch);
    pthread_mutex_unlock(&writer->lock);
    writer->wake(writer->wake_arg);
}

static void carry_out(struct writer *writer, struct list *batch)
{
    writer->cannot_grow = false;
    if (!run_batch(writer, batch, batch->next->next != batch)) {
        struct list finished, single;
        list_init(&finished);
        for (struct list *link; (link = list_pop(batch));) {
            list_init(&single);
            list_append(&single, link);
            run_batch(writer, &single, false);
            list_splice(&finished, &single);
        }
        list_splice(batch, &finished);
    }
    hand_back(writer, batch);
}

// --- the thread

static struct timespec deadline_in(int ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += ms % 1000 * 1000000L;
    at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return at;
}

// Waits for a request, and no longer than `ms` when there is something else to do then; else 0.
// Under lock.
static void wait_for_work(struct writer *writer, int ms)
{
    struct timespec deadline = deadline_in(ms);
    int timed_out = 0;
    while (list_is_empty(&writer->queued) && !writer->stopping && !writer->retention_set &&
           !timed_out) {
        if (ms)
            timed_out = pthread_cond_timedwait(&writer->work, &writer->lock, &deadline);
        else
            pthread_cond_wait(&writer->work, &writer->lock);
    }
}

static size_t write_bytes(const struct write *write)
{
    size_t bytes = 0;
    for (size_t i = 0; write->kind == WRITE_ARTICLES && i < write->count; i++)
        bytes += write->records[i].len;
    return bytes;
}

// Moves requests from the queue to `batch` as long as they fit; the first one always does. Under
// lock.
static void fill_batch(struct writer *writer, struct list *batch)
{
    size_t items = 0, bytes = 0;
    while (!list_is_empty(&writer->queued)) {
        struct write *write = list_entry(writer->queued.next, struct write, link);
        items += write->kind == WRITE_ARTICLES ? write->count : 1;
        bytes += write_bytes(write);
        if (!list_is_empty(batch) && (items > WRITER_BATCH || bytes > BATCH_BYTES))
            return;
        list_remove(&write->link);
        list_append(batch, &write->link);
    }
}

// Waits, unless `busy` merging or removing. An empty batch means: nothing waits, or (false) it is
// over.
static bool next_batch(struct writer *writer, struct list *batch, bool busy)
{
    bool merging = !writer->failed && !writer->merge_blocked && writer_index_lag(writer);
    pthread_mutex_lock(&writer->lock);
    if (!busy)
        wait_for_work(writer, merging ? IDLE_MS : writer_retains(writer) ? WRITER_LOOK_MS : 0);
    fill_batch(writer, batch);
    bool over = list_is_empty(batch) && writer->stopping;
    pthread_mutex_unlock(&writer->lock);
    return !over;
}

static void *writer_main(void *arg)
{
    struct writer *writer = arg;
    struct list batch;
    list_init(&batch);
    for (bool busy = false; next_batch(writer, &batch, busy);) {
        bool idle = list_is_empty(&batch);
        if (!idle)
            carry_out(writer, &batch);
        bool merged = (idle || writer_is_behind(writer)) && writer_merge(writer);
        busy = writer_retain(writer) || (merged && idle);
    }
    return NULL;
}

// --- what the loop calls

static void writer_init(struct writer *writer, struct store *store, void (*wake)(void *arg),
                        void *arg)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    writer->store = store;
    writer->wake = wake;
    writer->wake_arg = arg;
    list_init(&writer->queued);
    list_init(&writer->done);
    retain_init(&writer->retain, store);
    buf_init(&writer->scratch, EVENT_LIMIT);
    buf_init(&writer->words, WORDS_LIMIT);
}

int writer_start(struct store *store, void (*wake)(void *arg), void *arg, struct writer **out,
                 struct err *err)
{
    *out = NULL;
    if (store->read_only)
        return err_set_errno(err, EROFS, "the store was opened for reading only");
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return err_set_errno(err, ENOMEM, "cannot start the writer");
    writer_init(writer, store, wake, arg);
    int failed = pthread_create(&writer->thread, NULL, writer_main, writer);
    if (failed) {
        writer_free(writer);
        return err_set_errno(err, failed, "cannot start the writer's thread");
    }
    *out = writer;
    return 0;
}

void writer_submit(struct writer *writer, struct write *write)
{
    pthread_mutex_lock(&writer->lock);
    list_append(&writer->queued, &write->link);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

void writer_set_retention(struct writer *writer, const struct store_retention *retention)
{
    pthread_mutex_lock(&writer->lock);
    writer->retention = *retention;
    writer->retention_set = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

void writer_collect(struct writer *writer, struct list *done)
{
    pthread_mutex_lock(&writer->lock);
    list_splice(done, &writer->done);
    pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    index_run_free(writer->run);
    buf_fini(&writer->scratch);
    buf_fini(&writer->words);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

void writer_get_stats(struct writer *writer, struct writer_stats *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->stats;
    pthread_mutex_unlock(&writer->lock);
}
