// One worker process, from its start to the last close callback.
// 1. Start it with pipes on stdin, stdout and stderr; it must say HELLO in time.
// 2. Give it jobs up to its window; take its results, which must come in the order of the jobs.
// 3. Watch it: the job it is on has a deadline, an idle one is pinged; whatever it says out of turn
// ends it. Long before the deadline the jobs behind that one may be taken back: they wait for
// nobody.
// 4. When it ends, read what it still wrote, then report the end with its last words; the jobs it
// left behind are asked for one by one, the one it was on first.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "proto/base/err.h"
#include "proto/base/list.h"
#include "proto/base/slice.h"

struct proc;

// All are called on the loop. None may be NULL.
struct proc_events {
    // HELLO came: jobs may be given.
    void (*ready_cb)(struct proc *proc, void *arg);
    // The result of the oldest job; the payload is valid during the call. Anything but 0 means that
    // it is garbage (err says how): the process is killed and the job stays, to be blamed.
    int (*result_cb)(struct proc *proc, uint64_t offset, struct slice payload, struct err *err,
                     void *arg);
    // It is on one job for long (proc_is_stalled). The others may be taken back (proc_take_back).
    void (*stalled_cb)(struct proc *proc, void *arg);
    // It has exited and everything it wrote was read. Take its jobs (proc_take_orphan) now.
    void (*ended_cb)(struct proc *proc, void *arg);
    // Every handle is closed; the memory is freed when this returns.
    void (*closed_cb)(struct proc *proc, void *arg);
};

struct proc_options {
    const char *program;
    const char *lexicon;      // empty: the worker's own choice
    const char *user_lexicon; // laid over it; may name no file; empty or "none": nothing
    unsigned window;          // jobs at a time, at least 1
    uint64_t timeout_ms;      // for HELLO, for each job, for PONG, for an orderly exit
    unsigned generation;      // tells processes with the same pid apart
    unsigned edition;         // the owner's: of the settings it was started with
    struct proc_events events;
    void *arg;
};

// What is known of one that has ended.
struct proc_end {
    bool ready;     // it had said HELLO
    bool worked;    // it had given a result
    bool timed_out; // it was killed because something took too long
    bool orderly;   // it was told to end: nothing is to be blamed on its jobs
    uint64_t on;    // the job it was on; 0: none, or one that was taken back
    char *words;    // "killed by signal 11 (Segmentation fault): <tail of stderr>", UTF-8
};

// Starts a process. Options are copied, but for the texts, which are needed during the call only. 0
// or negative errno with err. On failure *out is NULL; if `*closing` is then true, handles are
// still to be closed and closed_cb will be called (ended_cb will not).
int proc_start(struct proc **out, bool *closing, uv_loop_t *loop,
               const struct proc_options *options, struct err *err);

// Ready, not stalled, window not full, and not too many bytes unwritten.
bool proc_has_room(const struct proc *proc);

// Jobs given and neither answered nor taken back.
unsigned proc_load(const struct proc *proc);

// Gives it a job; the record is copied. Only with room. 0 or -ENOMEM.
int proc_give(struct proc *proc, uint64_t offset, struct slice record);

// Stops and resumes taking results; deadlines wait meanwhile.
void proc_pause(struct proc *proc);
void proc_resume(struct proc *proc);

// No more jobs: it finishes those it has, gets EOF, and has `timeout_ms` to exit.
void proc_retire(struct proc *proc);

// The same, but what it is on is given up.
void proc_stop(struct proc *proc);

// From stalled_cb until its next result. A stalled worker gets no more jobs.
bool proc_is_stalled(const struct proc *proc);

// In stalled_cb: the next job behind the one it is on, taken off; what it may yet answer to it is
// passed over. False when there is none.
bool proc_take_back(struct proc *proc, uint64_t *offset);

// In ended_cb: the oldest job without an answer, taken off. False when there is none.
bool proc_take_orphan(struct proc *proc, uint64_t *offset);
const struct proc_end *proc_get_end(const struct proc *proc);

bool proc_is_ready(const struct proc *proc);    // takes jobs
bool proc_is_starting(const struct proc *proc); // has not said HELLO
int proc_pid(const struct proc *proc);
unsigned proc_generation(const struct proc *proc);
unsigned proc_edition(const struct proc *proc);
const char *proc_lexicon(const struct proc *proc); // as HELLO named it

// For the owner: a link in a list of its own, and a number of its own.
struct list *proc_link(struct proc *proc);
struct proc *proc_from_link(struct list *link);
