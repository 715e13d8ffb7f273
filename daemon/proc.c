#include "daemon/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/proc_private.h"
#include "proto/base/log.h"

enum {
    PING_IDLE_MS = 5000, // a worker without jobs is asked so often whether it lives
    LATE_MS = 50,        // see timer_cb
    STALL_MS = 500,  // on one job for so long, a worker keeps no others waiting; see proc_stall_ms
    GRACE_MS = 1000, // between exit and the end of its output, or the reverse
    WORDS_BYTES = 4 * LAST_WORDS_BYTES,
};

static void proc_check_end(struct proc *proc);

// --- closing

static void handle_closed_cb(uv_handle_t *handle)
{
    struct proc *proc = handle->data;
    if (--proc->open)
        return;
    proc->options.events.closed_cb(proc, proc->options.arg);
    worker_reader_fini(&proc->reader);
    free(proc->end.words);
    free(proc->jobs);
    free(proc);
}

static void handle_close(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle_closed_cb);
}

static void proc_close(struct proc *proc)
{
    proc->state = PROC_ENDED;
    handle_close(&proc->timer);
    handle_close(&proc->process);
    handle_close(&proc->in);
    handle_close(&proc->out);
    handle_close(&proc->err);
}

// --- the end

void proc_kill(struct proc *proc, const char *format, ...)
{
    if (proc->state >= PROC_KILLED)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(proc->reason, sizeof proc->reason, format, args);
    va_end(args);
    proc->state = PROC_KILLED;
    proc->out_done = true;
    uv_read_stop((uv_stream_t *)&proc->out);
    if (!proc->exited)
        uv_process_kill(&proc->process, SIGKILL);
    proc_arm(proc); // the end is told by the loop, never from within an order
}

// The reason we had, unless it died of something else before we got there.
static void put_cause(const struct proc *proc, struct buf *out)
{
    if (*proc->reason && (proc->exit_signal == SIGKILL || !proc->exited))
        buf_put_text(out, proc->reason);
    else if (proc->exit_signal)
        buf_printf(out, "killed by signal %d (%s)", proc->exit_signal,
                   strsignal(proc->exit_signal));
    else
        buf_printf(out, "exited with status %lld%s%s", (long long)proc->exit_status,
                   *proc->reason ? ", " : "", proc->reason);
}

static char *make_words(const struct proc *proc)
{
    struct buf out;
    buf_init(&out, WORDS_BYTES);
    put_cause(proc, &out);
    if (proc->words.total) {
        buf_put_text(&out, ": ");
        last_words_put(&proc->words, &out);
    }
    buf_put_byte(&out, '\0');
    if (!out.failed)
        return out.ptr;
    buf_fini(&out);
    return strdup("died");
}

// Ended is: it has exited, and what it wrote before has been read.
static void proc_check_end(struct proc *proc)
{
    if (proc->state == PROC_ENDED || !proc->exited || !proc->out_done || !proc->err_done)
        return;
    proc->end.words = make_words(proc);
    if (proc->count && !proc->jobs[proc->first].taken_back)
        proc->end.on = proc->jobs[proc->first].offset;
    proc_close(proc);
    proc->options.events.ended_cb(proc, proc->options.arg);
}

struct proc_job proc_pop_job(struct proc *proc)
{
    struct proc_job job = proc->jobs[proc->first];
    proc->first = (proc->first + 1) % proc->options.window;
    proc->count--;
    proc->back -= job.taken_back;
    return job;
}

void proc_output_done(struct proc *proc)
{
    uv_read_stop((uv_stream_t *)&proc->out);
    proc->out_done = true;
    proc_arm(proc);
    proc_check_end(proc);
}

void proc_stderr_done(struct proc *proc)
{
    uv_read_stop((uv_stream_t *)&proc->err);
    proc->err_done = true;
    proc_check_end(proc);
}

static void exit_cb(uv_process_t *process, int64_t status, int signal)
{
    struct proc *proc = process->data;
    proc->exited = true;
    proc->exit_status = status;
    proc->exit_signal = signal;
    proc_arm(proc);
    proc_check_end(proc);
}

// --- time

static void timer_cb(uv_timer_t *timer);

// An article takes milliseconds. With a short deadline a good part of it is left for the answer.
static uint64_t proc_stall_ms(const struct proc *proc)
{
    uint64_t quarter = proc->options.timeout_ms / 4;
    return quarter < STALL_MS ? quarter : STALL_MS;
}

static bool proc_is_on_job(const struct proc *proc)
{
    return proc->count && (proc->state == PROC_READY || proc->state == PROC_RETIRING);
}

static uint64_t proc_deadline(const struct proc *proc)
{
    if (proc->exited && proc->out_done && proc->err_done)
        return 0;
    if (proc->exited || proc->out_done || proc->in_failed)
        return GRACE_MS;
    if (proc->state == PROC_READY && !proc->count && !proc->pinged)
        return PING_IDLE_MS;
    if (!proc_is_on_job(proc))
        return proc->options.timeout_ms;
    uint64_t stall_ms = proc_stall_ms(proc);
    return proc->stalled ? proc->options.timeout_ms - stall_ms : stall_ms;
}

// There is always one thing that is waited for, and so one timer.
void proc_arm(struct proc *proc)
{
    proc->late = false;
    if (proc->state == PROC_ENDED || uv_is_closing((uv_handle_t *)&proc->timer))
        return;
    if (proc->paused && proc->state < PROC_KILLED)
        uv_timer_stop(&proc->timer);
    else
        uv_timer_start(&proc->timer, timer_cb, proc_deadline(proc), 0);
}

static void proc_give_up(struct proc *proc)
{
    unsigned long long seconds = proc->options.timeout_ms / 1000;
    proc->end.timed_out = true;
    if (proc->state == PROC_STARTING)
        proc_kill(proc, "timed out: not ready after %llu s", seconds);
    else if (proc->count)
        proc_kill(proc, "timed out after %llu s", seconds);
    else if (proc->state == PROC_LEAVING)
        proc_kill(proc, "timed out: still there %llu s after its input was closed", seconds);
    else
        proc_kill(proc, "timed out: no answer to a ping in %llu s", seconds);
}

static void proc_stall(struct proc *proc)
{
    proc->stalled = true;
    proc_arm(proc);
    proc->options.events.stalled_cb(proc, proc->options.arg);
}

// When the loop itself was held up, the answer may wait in the pipe: timers come before reads, so
// each deadline gets one more turn.
static void timer_cb(uv_timer_t *timer)
{
    struct proc *proc = timer->data;
    if (proc->exited) {
        proc->out_done = proc->err_done = true;
        proc_check_end(proc);
    } else if (proc->state == PROC_KILLED) {
        log_error("worker_unkillable pid=%d generation=%u", proc_pid(proc),
                  proc->options.generation);
    } else if (proc->out_done) {
        proc_kill(proc, "closed its output");
    } else if (proc->in_failed) {
        proc_kill(proc, "closed its input");
    } else if (proc->state == PROC_READY && !proc->count && !proc->pinged) {
        proc_send_ping(proc);
    } else if (!proc->late) {
        proc->late = true;
        uv_timer_start(timer, timer_cb, LATE_MS, 0);
    } else if (proc_is_on_job(proc) && !proc->stalled) {
        proc_stall(proc);
    } else {
        proc_give_up(proc);
    }
}

// --- orders

void proc_pause(struct proc *proc)
{
    if (proc->paused || proc->state >= PROC_KILLED)
        return;
    proc->paused = true;
    proc_talk_pause(proc);
    proc_arm(proc);
}

void proc_resume(struct proc *proc)
{
    if (!proc->paused)
        return;
    proc->paused = false;
    if (proc->state >= PROC_KILLED)
        return;
    proc_arm(proc);
    proc_talk_resume(proc);
}

void proc_leave(struct proc *proc)
{
    proc->state = PROC_LEAVING;
    handle_close(&proc->in);
    proc_arm(proc);
}

static void proc_finish(struct proc *proc, bool at_once)
{
    if (proc->state >= PROC_LEAVING)
        return;
    proc->end.orderly = true;
    if (proc->state == PROC_STARTING || (at_once && proc->count))
        proc_kill(proc, "ended by the daemon");
    else if (proc->count)
        proc->state = PROC_RETIRING;
    else
        proc_leave(proc);
}

void proc_retire(struct proc *proc)
{
    proc_finish(proc, false);
}

void proc_stop(struct proc *proc)
{
    proc_finish(proc, true);
}

bool proc_take_back(struct proc *proc, uint64_t *offset)
{
    for (unsigned i = 1; i < proc->count; i++) {
        struct proc_job *job = &proc->jobs[(proc->first + i) % proc->options.window];
        if (job->taken_back)
            continue;
        job->taken_back = true;
        proc->back++;
        *offset = job->offset;
        return true;
    }
    return false;
}

bool proc_take_orphan(struct proc *proc, uint64_t *offset)
{
    while (proc->count) {
        struct proc_job job = proc_pop_job(proc);
        *offset = job.offset;
        if (!job.taken_back)
            return true;
    }
    return false;
}

// --- questions

unsigned proc_load(const struct proc *proc)
{
    return proc->count - proc->back;
}

bool proc_is_stalled(const struct proc *proc)
{
    return proc->stalled;
}

const struct proc_end *proc_get_end(const struct proc *proc)
{
    return &proc->end;
}

bool proc_is_ready(const struct proc *proc)
{
    return proc->state == PROC_READY;
}

bool proc_is_starting(const struct proc *proc)
{
    return proc->state == PROC_STARTING;
}

int proc_pid(const struct proc *proc)
{
    return uv_process_get_pid(&proc->process);
}

unsigned proc_generation(const struct proc *proc)
{
    return proc->options.generation;
}

unsigned proc_edition(const struct proc *proc)
{
    return proc->options.edition;
}

const char *proc_lexicon(const struct proc *proc)
{
    return proc->lexicon;
}

struct list *proc_link(struct proc *proc)
{
    return &proc->link;
}

struct proc *proc_from_link(struct list *link)
{
    return list_entry(link, struct proc, link);
}

// --- the start

static void handles_init(struct proc *proc, uv_loop_t *loop)
{
    uv_timer_init(loop, &proc->timer);
    uv_pipe_init(loop, &proc->in, 0);
    uv_pipe_init(loop, &proc->out, 0);
    uv_pipe_init(loop, &proc->err, 0);
    proc->timer.data = proc->in.data = proc->out.data = proc->err.data = proc;
    proc->process.data = proc;
    proc->open = 5;
}

static struct proc *proc_new(const struct proc_options *options)
{
    struct proc *proc = calloc(1, sizeof *proc);
    struct proc_job *jobs = calloc(options->window, sizeof *jobs);
    if (!proc || !jobs) {
        free(proc);
        free(jobs);
        return NULL;
    }
    proc->options = *options;
    proc->options.program = proc->options.lexicon = proc->options.user_lexicon = NULL;
    proc->jobs = jobs;
    list_init(&proc->link);
    worker_reader_init(&proc->reader);
    last_words_init(&proc->words);
    return proc;
}

int proc_start(struct proc **out, bool *closing, uv_loop_t *loop,
               const struct proc_options *options, struct err *err)
{
    *out = NULL;
    *closing = false;
    struct proc *proc = proc_new(options);
    if (!proc)
        return err_set_errno(err, ENOMEM, "no memory for a worker");
    handles_init(proc, loop);
    int failed = proc_spawn(proc, options, exit_cb);
    if (failed) {
        *closing = true;
        proc_close(proc);
        return err_set_errno(err, -failed, "cannot run %s", options->program);
    }
    proc_talk_start(proc);
    proc_arm(proc);
    log_info("worker_started pid=%d generation=%u", proc_pid(proc), options->generation);
    *out = proc;
    return 0;
}
