#include "daemon/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/outcomes.h"
#include "daemon/queue.h"
#include "daemon/roster.h"
#include "daemon/telexd.h"
#include "proto/base/log.h"

enum {
    HAND_OUT_BATCH = 256, // articles handed out before other handles get their turn
    REFILL_BATCH = 256,   // pending offsets asked of the store at a time
};

struct crew {
    struct telexd *telexd;
    struct roster *roster;
    struct outcomes *outcomes;
    uv_idle_t idle;   // active: there may be something to hand out
    bool more;        // the store may have pending articles that the queue does not know
    bool passed_over; // something pending could not be read
    bool paused;      // too many results wait for their commit
    bool draining, closing;
    unsigned long blamed;
    unsigned open_parts;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// --- handing out

static bool may_hand_out(const struct crew *crew)
{
    return !crew->draining && !crew->paused && !outcomes_are_stalled(crew->outcomes);
}

// The store could not say what is pending, or an article of it could not be given: not lost, but
// passed over until the next commit asks again, or crew_feed_again.
static void refill_failed(struct crew *crew, int error)
{
    crew->passed_over = true;
    log_error("crew_cannot_read_store error=\"%s\"", strerror(-error));
    crew->more = false;
}

static void refill(struct crew *crew)
{
    struct queue *queue = crew->telexd->queue;
    uint64_t from, offset;
    size_t room = queue_wanted(queue, &from);
    if (room > REFILL_BATCH)
        room = REFILL_BATCH;
    for (; crew->more && room; room--, from = offset + 1) {
        int failed = store_next_pending(crew->telexd->reader, from, &offset);
        if (failed == -ENOENT)
            crew->more = false;
        else if (failed)
            refill_failed(crew, failed);
        else if (queue_add(queue, offset))
            return;
        if (failed)
            return;
    }
}

static void bury_damaged(struct crew *crew, uint64_t offset)
{
    static const char words[] = "the article is damaged in the journal";
    log_error("article_damaged offset=%llu", (unsigned long long)offset);
    if (outcomes_add_dead(crew->outcomes, offset, 0, "store", slice_from_text(words)))
        queue_done(crew->telexd->queue, offset);
}

static void put_back(struct crew *crew, uint64_t offset)
{
    struct queue_job job;
    queue_failed(crew->telexd->queue, offset, QUEUE_INNOCENT, &job);
}

// 0, or negative errno when handing out should stop for now.
static int hand_out(struct crew *crew, uint64_t offset, struct proc *proc)
{
    struct stored_article article;
    int failed = store_get_article(crew->telexd->reader, offset, &article);
    if (failed == -EBADMSG || failed == -ENOENT) {
        bury_damaged(crew, offset);
        return 0;
    }
    if (!failed && article.sequence) {
        queue_done(crew->telexd->queue, offset); // it was dealt with meanwhile
        return 0;
    }
    if (!failed)
        failed = proc_give(proc, offset, article.record);
    if (failed) {
        put_back(crew, offset);
        refill_failed(crew, failed);
    }
    return failed;
}

static bool take_job(struct crew *crew, const struct proc *proc, struct queue_job *job)
{
    if (!queue_waiting(crew->telexd->queue))
        refill(crew);
    return queue_take(crew->telexd->queue, proc_get_end(proc)->worked, job);
}

// Within one consistent state of the store. True when there may be more to hand out at once.
static bool hand_out_batch(struct crew *crew)
{
    struct proc *proc;
    struct queue_job job;
    for (int i = 0; i < HAND_OUT_BATCH; i++)
        if (!may_hand_out(crew) || !(proc = roster_least_loaded(crew->roster)) ||
            !take_job(crew, proc, &job) || hand_out(crew, job.offset, proc))
            return false;
    return true;
}

static void idle_cb(uv_idle_t *idle)
{
    struct crew *crew = idle->data;
    uv_idle_stop(idle);
    if (!may_hand_out(crew) || !roster_least_loaded(crew->roster) ||
        (!crew->more && !queue_waiting(crew->telexd->queue)))
        return;
    int failed = store_read_begin(crew->telexd->reader);
    if (failed) {
        refill_failed(crew, failed);
        return;
    }
    if (hand_out_batch(crew))
        uv_idle_start(idle, idle_cb);
    store_read_end(crew->telexd->reader);
}

// In the loop's next turn, so that everything this turn brings is handed out together.
static void crew_hand_out(struct crew *crew)
{
    if (!crew->closing)
        uv_idle_start(&crew->idle, idle_cb);
}

void crew_feed(struct crew *crew)
{
    crew->more = true;
    crew_hand_out(crew);
}

void crew_feed_again(struct crew *crew)
{
    if (!crew->passed_over)
        return;
    crew->passed_over = false;
    crew_feed(crew);
}

// --- results

static void crew_check_flow(struct crew *crew)
{
    if (!crew->paused && outcomes_are_many(crew->outcomes)) {
        crew->paused = true;
        roster_pause(crew->roster);
    } else if (crew->paused && outcomes_are_few(crew->outcomes)) {
        crew->paused = false;
        roster_resume(crew->roster);
    }
}

static void outcomes_room_cb(void *arg)
{
    struct crew *crew = arg;
    if (crew->closing)
        return;
    crew_check_flow(crew);
    crew_hand_out(crew);
}

static int result_cb(struct proc *proc, uint64_t offset, struct slice payload, struct err *err,
                     void *arg)
{
    (void)proc;
    struct crew *crew = arg;
    int failed = outcomes_add_result(crew->outcomes, offset, payload, err);
    if (failed)
        return failed;
    crew_check_flow(crew);
    crew_hand_out(crew);
    return 0;
}

static void ready_cb(void *arg)
{
    crew_hand_out(arg);
}

// --- blame

static void bury_poison(struct crew *crew, uint64_t offset, uint32_t attempts, const char *words)
{
    log_error("article_given_up offset=%llu attempts=%u last_words=\"%s\"",
              (unsigned long long)offset, attempts, words);
    if (!outcomes_add_dead(crew->outcomes, offset, attempts, "tagger", slice_from_text(words)))
        return;
    // Without memory for that it is forgotten here, and read from the store again.
    queue_done(crew->telexd->queue, offset);
    queue_rewind(crew->telexd->queue, offset);
    crew->more = true;
}

// True when the article, not the worker, is what is wrong.
static bool job_failed(struct crew *crew, uint64_t offset, enum queue_blame blame,
                       const char *words)
{
    struct queue_job job;
    crew->blamed++;
    if (!queue_failed(crew->telexd->queue, offset, blame, &job))
        bury_poison(crew, offset, job.attempts, words);
    else
        log_warning("article_blamed offset=%llu attempts=%u how=\"%s\"", (unsigned long long)offset,
                    job.attempts, words);
    return job.proven;
}

// A worker that was told to end has failed at nothing, and when the daemon is ending its workers
// may have got the same signal.
static bool ended_cb(struct proc *proc, bool crew_works, void *arg)
{
    struct crew *crew = arg;
    const struct proc_end *end = proc_get_end(proc);
    bool blame = !end->orderly && !crew->draining, explained = false;
    uint64_t offset;
    while (proc_take_orphan(proc, &offset)) {
        if (blame && offset == end->on)
            explained =
                job_failed(crew, offset, crew_works ? QUEUE_PROVEN : QUEUE_BLAMED, end->words);
        else
            put_back(crew, offset);
    }
    crew_hand_out(crew);
    return explained;
}

// What waits behind an article that takes long goes to others.
static void stalled_cb(struct proc *proc, void *arg)
{
    struct crew *crew = arg;
    uint64_t offset;
    while (proc_take_back(proc, &offset))
        put_back(crew, offset);
    crew_hand_out(crew);
}

// --- beginning and end

static int crew_build(struct crew *crew, struct telexd *telexd)
{
    static const struct roster_events events = {ready_cb, result_cb, stalled_cb, ended_cb};
    int failed = roster_create(&crew->roster, telexd->loop, telexd->config, &events, crew);
    return failed ? failed : outcomes_create(&crew->outcomes, telexd, outcomes_room_cb, crew);
}

int crew_create(struct crew **out, struct telexd *telexd, struct err *err)
{
    struct crew *crew = *out = calloc(1, sizeof *crew);
    if (!crew)
        return err_set_errno(err, ENOMEM, "crew");
    crew->telexd = telexd;
    crew->more = true;
    uv_idle_init(telexd->loop, &crew->idle);
    crew->idle.data = crew;
    int failed = crew_build(crew, telexd);
    if (failed)
        return err_set_errno(err, -failed, "crew");
    // A worker that dies while it is written to must not end the daemon.
    signal(SIGPIPE, SIG_IGN);
    roster_start(crew->roster);
    return 0;
}

void crew_replace(struct crew *crew)
{
    if (crew->draining || crew->closing)
        return;
    log_notice("crew_replacing");
    if (roster_replace(crew->roster, crew->telexd->config))
        log_error("crew_not_replaced reason=\"no memory\"");
}

void crew_drain(struct crew *crew)
{
    crew->draining = true;
    roster_freeze(crew->roster);
    outcomes_drain(crew->outcomes);
}

bool crew_is_idle(const struct crew *crew)
{
    return roster_load(crew->roster) == 0 && outcomes_pending(crew->outcomes) == 0;
}

static void part_closed_cb(void *arg)
{
    struct crew *crew = arg;
    if (--crew->open_parts == 0 && crew->closed_cb)
        crew->closed_cb(crew->closed_arg);
}

static void idle_closed_cb(uv_handle_t *handle)
{
    part_closed_cb(handle->data);
}

void crew_close(struct crew *crew, void (*closed_cb)(void *arg), void *arg)
{
    crew->closing = crew->draining = true;
    crew->closed_cb = closed_cb;
    crew->closed_arg = arg;
    crew->open_parts = 1u + (crew->roster != NULL) + (crew->outcomes != NULL);
    if (crew->roster)
        roster_close(crew->roster, part_closed_cb, crew);
    if (crew->outcomes)
        outcomes_close(crew->outcomes, part_closed_cb, crew);
    uv_close((uv_handle_t *)&crew->idle, idle_closed_cb);
}

void crew_destroy(struct crew *crew)
{
    if (!crew)
        return;
    roster_destroy(crew->roster);
    outcomes_destroy(crew->outcomes);
    free(crew);
}

void crew_get_stats(const struct crew *crew, struct crew_stats *out)
{
    struct outcomes_stats outcomes = outcomes_get_stats(crew->outcomes);
    *out = (struct crew_stats){
        .tagged = outcomes.tagged, .refused = outcomes.refused, .blamed = crew->blamed};
    roster_get_stats(crew->roster, out);
}
