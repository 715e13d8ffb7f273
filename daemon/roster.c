#include "daemon/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/crew_settings.h"
#include "daemon/pace.h"
#include "proto/base/log.h"

struct roster {
    uv_loop_t *loop;
    struct roster_events events;
    void *arg;
    struct crew_settings settings; // of the next start
    struct crew_settings fallback; // while one is on trial
    struct proc *trial;            // the first of a new edition, until HELLO
    unsigned last_edition;
    struct list procs;
    size_t open; // handles and processes that are not closed
    struct pace pace;
    uv_timer_t throttle; // active: nothing is started
    bool paused, frozen, closing;
    unsigned long spawned, died, timed_out;
    char lexicon[64]; // of the newest ready worker
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

static void roster_fill(struct roster *roster);

// --- counting

struct census {
    unsigned starting, ready; // of the edition in force
    unsigned stalled;         // of the ready ones
    unsigned untried;         // of both: without a result so far
    unsigned old;             // of others, still taking jobs
    unsigned leaving;
};

static bool proc_is_current(const struct roster *roster, const struct proc *proc)
{
    return proc_edition(proc) == roster->settings.edition;
}

static struct census roster_count(const struct roster *roster)
{
    struct census census = {0};
    list_for_each (link, &roster->procs) {
        const struct proc *proc = proc_from_link(link);
        bool starting = proc_is_starting(proc);
        if (!starting && !proc_is_ready(proc)) {
            census.leaving++;
        } else if (!proc_is_current(roster, proc)) {
            census.old++;
        } else {
            census.starting += starting;
            census.ready += !starting;
            census.stalled += proc_is_stalled(proc);
            census.untried += !proc_get_end(proc)->worked;
        }
    }
    return census;
}

static unsigned at_most(unsigned number, unsigned most)
{
    return number < most ? number : most;
}

// How many there may be before it is known that they work: one until HELLO, few until a result. So
// broken ones are not started more often than pace.h says, however many are configured.
static unsigned roster_most(const struct census *census)
{
    bool works = census->untried < census->starting + census->ready;
    return !census->ready ? 1 : works ? UINT_MAX : PACE_MOST;
}

static unsigned roster_usual(const struct roster *roster, const struct census *census)
{
    return at_most(roster->settings.workers, roster_most(census));
}

// While workers fail, one is tried at a time. One that is on an article for long has a stand-in: an
// article that hangs delays nobody else for long.
static unsigned roster_wanted(const struct roster *roster, const struct census *census)
{
    unsigned usual = roster_usual(roster, census), have = census->starting + census->ready;
    if (roster->pace.pause_ms && have < usual)
        return census->untried ? have : have + 1;
    return at_most(usual + at_most(census->stalled, usual), roster_most(census));
}

// Some worker with the settings of this one has given a result and is there.
static bool roster_works(const struct roster *roster, const struct proc *like)
{
    if (proc_get_end(like)->worked)
        return true;
    list_for_each (link, &roster->procs) {
        const struct proc *proc = proc_from_link(link);
        if (proc_edition(proc) == proc_edition(like) && proc_get_end(proc)->worked)
            return true;
    }
    return false;
}

// --- throttling

static void throttle_cb(uv_timer_t *timer)
{
    roster_fill(timer->data);
}

static void throttle_start(struct roster *roster)
{
    uint64_t wait_ms = pace_wait(&roster->pace, uv_now(roster->loop));
    uv_timer_stop(&roster->throttle);
    if (!wait_ms)
        return;
    uv_timer_start(&roster->throttle, throttle_cb, wait_ms, 0);
    log_warning("crew_throttled next_start_ms=%llu", (unsigned long long)wait_ms);
}

static void throttle_more(struct roster *roster)
{
    if (roster->closing)
        return;
    pace_failed(&roster->pace, uv_now(roster->loop));
    throttle_start(roster);
}

// A result: whatever failed before, the settings are good.
static void throttle_less(struct roster *roster)
{
    pace_worked(&roster->pace);
    throttle_start(roster);
    roster_fill(roster);
}

// --- what processes tell

static void part_closed(struct roster *roster)
{
    if (--roster->open == 0 && roster->closing)
        roster->closed_cb(roster->closed_arg);
}

static void proc_closed_cb(struct proc *proc, void *arg)
{
    (void)proc;
    part_closed(arg);
}

static void retire_old(struct roster *roster, unsigned count)
{
    list_for_each_safe (link, &roster->procs) {
        struct proc *proc = proc_from_link(link);
        if (!count || proc_is_current(roster, proc))
            continue;
        if (proc_is_ready(proc) || proc_is_starting(proc)) {
            proc_retire(proc);
            count--;
        }
    }
}

static void proc_ready_cb(struct proc *proc, void *arg)
{
    struct roster *roster = arg;
    memcpy(roster->lexicon, proc_lexicon(proc), sizeof roster->lexicon);
    if (proc == roster->trial) {
        roster->trial = NULL;
        crew_settings_fini(&roster->fallback);
    }
    struct census census = roster_count(roster);
    if (census.old && census.ready >= roster_usual(roster, &census))
        retire_old(roster, census.old);
    else if (census.old && census.ready + census.old > roster->settings.workers)
        retire_old(roster, 1);
    roster_fill(roster);
    roster->events.ready_cb(roster->arg);
}

// The newest one that has not said HELLO; NULL when all have.
static struct proc *roster_starting(const struct roster *roster)
{
    struct proc *newest = NULL;
    list_for_each (link, &roster->procs) {
        struct proc *proc = proc_from_link(link);
        if (proc_is_current(roster, proc) && proc_is_starting(proc))
            newest = proc;
    }
    return newest;
}

// A worker that was thought to hang goes on: one is too many, and rather one that may never work.
static void retire_surplus(struct roster *roster, struct proc *proc)
{
    struct census census = roster_count(roster);
    census.stalled--;
    if (!proc_is_current(roster, proc) ||
        census.starting + census.ready <= roster_wanted(roster, &census))
        return;
    struct proc *starting = roster_starting(roster);
    proc_retire(starting ? starting : proc);
}

static int proc_result_cb(struct proc *proc, uint64_t offset, struct slice payload, struct err *err,
                          void *arg)
{
    struct roster *roster = arg;
    bool first = !proc_get_end(proc)->worked;
    int failed = roster->events.result_cb(proc, offset, payload, err, roster->arg);
    if (!failed && first)
        throttle_less(roster);
    if (!failed && proc_is_stalled(proc))
        retire_surplus(roster, proc);
    return failed;
}

static void proc_stalled_cb(struct proc *proc, void *arg)
{
    struct roster *roster = arg;
    log_notice("worker_stalled pid=%d generation=%u jobs=%u", proc_pid(proc), proc_generation(proc),
               proc_load(proc));
    roster->events.stalled_cb(proc, roster->arg);
    roster_fill(roster);
}

static void trial_failed(struct roster *roster, const char *why)
{
    log_error("crew_not_replaced reason=\"%s\" workers=\"the old ones stay\"", why);
    roster->trial = NULL;
    crew_settings_fini(&roster->settings);
    roster->settings = roster->fallback;
    roster->fallback = (struct crew_settings){0};
}

static void note_end(struct roster *roster, const struct proc *proc)
{
    const struct proc_end *end = proc_get_end(proc);
    roster->timed_out += end->timed_out;
    roster->died += !end->orderly;
    if (end->orderly)
        log_info("worker_ended pid=%d generation=%u how=\"%s\"", proc_pid(proc),
                 proc_generation(proc), end->words);
    else
        log_warning("worker_died pid=%d generation=%u jobs=%u how=\"%s\"", proc_pid(proc),
                    proc_generation(proc), proc_load(proc), end->words);
}

static void proc_ended_cb(struct proc *proc, void *arg)
{
    struct roster *roster = arg;
    const struct proc_end *end = proc_get_end(proc);
    list_remove(proc_link(proc));
    note_end(roster, proc);
    bool explained = roster->events.ended_cb(proc, roster_works(roster, proc), roster->arg);
    if (proc == roster->trial)
        trial_failed(roster, end->words);
    else if (!end->worked && !end->orderly && !explained)
        throttle_more(roster);
    roster_fill(roster);
}

// --- starting

static struct proc *roster_start_one(struct roster *roster, struct err *err)
{
    char program[PATH_MAX];
    if (crew_settings_find_tagger(&roster->settings, program, err))
        return NULL;
    struct proc_options options = {
        .program = program,
        .lexicon = roster->settings.lexicon,
        .user_lexicon = roster->settings.user_lexicon,
        .window = roster->settings.window,
        .timeout_ms = roster->settings.timeout_ms,
        .generation = (unsigned)++roster->spawned,
        .edition = roster->settings.edition,
        .events = {proc_ready_cb, proc_result_cb, proc_stalled_cb, proc_ended_cb, proc_closed_cb},
        .arg = roster,
    };
    struct proc *proc;
    bool closing;
    proc_start(&proc, &closing, roster->loop, &options, err);
    roster->open += proc || closing;
    if (proc)
        list_append(&roster->procs, proc_link(proc));
    return proc;
}

static bool start_or_throttle(struct roster *roster)
{
    struct err err = {0};
    if (roster_start_one(roster, &err))
        return true;
    log_error("worker_not_started reason=\"%s\"", err_text(&err));
    throttle_more(roster);
    return false;
}

// While old ones are there, one new one at a time, and only when nobody is about to leave.
static void roster_fill(struct roster *roster)
{
    if (roster->frozen || roster->closing || roster->trial ||
        uv_is_active((uv_handle_t *)&roster->throttle))
        return;
    struct census census = roster_count(roster);
    unsigned have = census.starting + census.ready;
    if (census.old && (census.starting || census.leaving))
        return;
    unsigned wanted = roster_wanted(roster, &census);
    while (have < wanted && start_or_throttle(roster)) {
        have++;
        if (census.old || roster->pace.pause_ms)
            return;
    }
}

void roster_start(struct roster *roster)
{
    roster_fill(roster);
}

static void start_trial(struct roster *roster)
{
    struct err err = {0};
    roster->trial = roster_start_one(roster, &err);
    if (!roster->trial)
        trial_failed(roster, err_text(&err));
}

int roster_replace(struct roster *roster, const struct config *config)
{
    struct crew_settings fresh;
    int failed = crew_settings_init(&fresh, config, roster->last_edition + 1);
    if (failed)
        return failed;
    roster->last_edition++;
    struct proc *overtaken = roster->trial;
    if (overtaken)
        crew_settings_fini(&roster->settings);
    else
        roster->fallback = roster->settings;
    roster->settings = fresh;
    roster->trial = NULL;
    if (overtaken)
        proc_stop(overtaken);
    if (roster_count(roster).old && !roster->frozen) {
        start_trial(roster);
        return 0;
    }
    // Nobody is there who could stay.
    crew_settings_fini(&roster->fallback);
    roster->pace = (struct pace){0};
    uv_timer_stop(&roster->throttle);
    roster_fill(roster);
    return 0;
}

// --- questions and orders

struct proc *roster_least_loaded(struct roster *roster)
{
    struct proc *least = NULL;
    list_for_each (link, &roster->procs) {
        struct proc *proc = proc_from_link(link);
        if (proc_has_room(proc) && (!least || proc_load(proc) < proc_load(least)))
            least = proc;
    }
    return least;
}

size_t roster_load(const struct roster *roster)
{
    size_t load = 0;
    list_for_each (link, &roster->procs)
        load += proc_load(proc_from_link(link));
    return load;
}

void roster_pause(struct roster *roster)
{
    list_for_each (link, &roster->procs)
        proc_pause(proc_from_link(link));
}

// A worker that goes on may end at once, or fill what waits up again.
void roster_resume(struct roster *roster)
{
    list_for_each_safe (link, &roster->procs)
        proc_resume(proc_from_link(link));
}

void roster_freeze(struct roster *roster)
{
    roster->frozen = true;
}

void roster_get_stats(const struct roster *roster, struct crew_stats *out)
{
    struct census census = roster_count(roster);
    out->workers = roster->settings.workers;
    out->ready = census.ready;
    list_for_each (link, &roster->procs)
        out->ready +=
            !proc_is_current(roster, proc_from_link(link)) && proc_is_ready(proc_from_link(link));
    out->spawned = roster->spawned;
    out->died = roster->died;
    out->timed_out = roster->timed_out;
    out->throttle_ms = uv_is_active((uv_handle_t *)&roster->throttle)
                           ? (unsigned)uv_timer_get_due_in(&roster->throttle)
                           : 0;
    memcpy(out->lexicon, roster->lexicon, sizeof out->lexicon);
}

// --- beginning and end

int roster_create(struct roster **out, uv_loop_t *loop, const struct config *config,
                  const struct roster_events *events, void *arg)
{
    struct roster *roster = *out = calloc(1, sizeof *roster);
    if (!roster || crew_settings_init(&roster->settings, config, 0)) {
        free(roster);
        *out = NULL;
        return -ENOMEM;
    }
    roster->loop = loop;
    roster->events = *events;
    roster->arg = arg;
    list_init(&roster->procs);
    uv_timer_init(loop, &roster->throttle);
    roster->throttle.data = roster;
    roster->open = 1;
    return 0;
}

static void throttle_closed_cb(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void roster_close(struct roster *roster, void (*closed_cb)(void *arg), void *arg)
{
    roster->closing = true;
    roster->closed_cb = closed_cb;
    roster->closed_arg = arg;
    uv_close((uv_handle_t *)&roster->throttle, throttle_closed_cb);
    list_for_each_safe (link, &roster->procs)
        proc_stop(proc_from_link(link));
}

void roster_destroy(struct roster *roster)
{
    if (!roster)
        return;
    crew_settings_fini(&roster->settings);
    crew_settings_fini(&roster->fallback);
    free(roster);
}
