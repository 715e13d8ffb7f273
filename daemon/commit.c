#include "daemon/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include "daemon/crew.h"
#include "daemon/live.h"
#include "daemon/stream.h"
#include "daemon/telexd.h"
#include "proto/base/check.h"
#include "proto/base/clock.h"

struct commits {
    struct telexd *telexd;
    struct writer *writer;
    uv_async_t async;
    size_t pending;
    uint64_t finished;
    struct commits_latency latency;
    struct list late; // submitted while stopping
    bool stopped, closed;
};

static void wake_cb(void *arg)
{
    struct commits *commits = arg;
    uv_async_send(&commits->async);
}

static void note_latency(struct commits_latency *latency, int64_t ns)
{
    int bucket = 0;
    while (bucket < COMMITS_BUCKETS - 1 && ns > ((int64_t)COMMITS_BUCKET_FIRST_US * 1000) << bucket)
        bucket++;
    latency->buckets[bucket]++;
    latency->sum_ns += (uint64_t)ns;
}

// Calls back what is finished. True when there was anything.
static bool collect(struct commits *commits)
{
    struct list done;
    list_init(&done);
    writer_collect(commits->writer, &done);
    bool any = !list_is_empty(&done), failed = false;
    int64_t now = clock_mono_ns();
    for (struct list *link; (link = list_pop(&done));) {
        struct commit *commit =
            list_entry(list_entry(link, struct write, link), struct commit, write);
        check_must(commits->pending > 0);
        commits->pending--;
        commits->finished++;
        failed |= commit->write.status == -EIO;
        note_latency(&commits->latency, now - commit->submitted_ns);
        commit->done_cb(commit);
    }
    if (failed)
        lifecycle_post(&commits->telexd->lifecycle, LIFECYCLE_STORE_FAILED,
                       "the disk reported an error");
    return any;
}

// Once for all commits that were collected together: each of these looks at the store anew.
static void wake_parts(struct telexd *telexd)
{
    if (telexd->lifecycle.state == LIFECYCLE_STOPPING)
        return;
    if (telexd->crew)
        crew_feed(telexd->crew);
    if (telexd->stream)
        stream_wake(telexd->stream);
    if (telexd->live)
        live_wake(telexd->live);
}

static void async_cb(uv_async_t *async)
{
    struct commits *commits = async->data;
    if (!commits->stopped && collect(commits))
        wake_parts(commits->telexd);
}

int commits_create(struct commits **out, struct telexd *telexd, struct err *err)
{
    *out = NULL;
    struct commits *commits = calloc(1, sizeof *commits);
    if (!commits)
        return err_set_errno(err, ENOMEM, "commits");
    commits->telexd = telexd;
    list_init(&commits->late);
    int result = uv_async_init(telexd->loop, &commits->async, async_cb);
    if (result != 0) {
        free(commits);
        return err_set_errno(err, -result, "commits");
    }
    commits->async.data = commits;
    *out = commits;
    return writer_start(telexd->store, wake_cb, commits, &commits->writer, err);
}

void commits_submit(struct commits *commits, struct commit *commit)
{
    commits->pending++;
    commit->submitted_ns = clock_mono_ns();
    if (commits->stopped)
        list_append(&commits->late, &commit->write.link);
    else
        writer_submit(commits->writer, &commit->write);
}

size_t commits_pending(const struct commits *commits)
{
    return commits->pending;
}

uint64_t commits_finished(const struct commits *commits)
{
    return commits->finished;
}

void commits_set_retention(struct commits *commits, const struct store_retention *retention)
{
    writer_set_retention(commits->writer, retention);
}

struct writer_stats commits_stats(const struct commits *commits)
{
    struct writer_stats stats = {0};
    if (commits->writer)
        writer_get_stats(commits->writer, &stats);
    return stats;
}

const struct commits_latency *commits_latency(const struct commits *commits)
{
    return &commits->latency;
}

static void closed_cb(uv_handle_t *handle)
{
    struct commits *commits = handle->data;
    commits->closed = true;
}

void commits_stop(struct commits *commits)
{
    if (commits->stopped)
        return;
    commits->stopped = true;
    if (commits->writer) {
        writer_stop(commits->writer);
        collect(commits);
    }
    for (struct list *link; (link = list_pop(&commits->late));) {
        struct commit *commit =
            list_entry(list_entry(link, struct write, link), struct commit, write);
        commits->pending--;
        commit->write.status = -ESHUTDOWN;
        commit->done_cb(commit);
    }
    uv_close((uv_handle_t *)&commits->async, closed_cb);
}

void commits_destroy(struct commits *commits)
{
    if (!commits)
        return;
    check_must(commits->stopped && commits->closed);
    if (commits->writer)
        writer_free(commits->writer);
    free(commits);
}
