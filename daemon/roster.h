// The processes of the crew.
// 1. Keep so many running: one until it says HELLO, few until the first result. Those that die
// before theirs are throttled (pace.h).
// A death that the article explains is not: the crew knows (ended_cb).
// 2. For each that is on one article for long a stand-in is started, at most as many as workers.
// 3. On new settings, start one worker with them first: when it says HELLO the settings are in
// force and old workers are retired one by one; when it fails, the old ones stay.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/config.h"
#include "daemon/crew.h"
#include "daemon/proc.h"
#include "proto/base/err.h"

struct roster;

// Called on the loop with the argument of roster_create.
struct roster_events {
    void (*ready_cb)(void *arg); // some worker has become ready
    int (*result_cb)(struct proc *proc, uint64_t offset, struct slice payload, struct err *err,
                     void *arg);                      // as in proc.h
    void (*stalled_cb)(struct proc *proc, void *arg); // take back what waits behind its job
    // Take its orphans. `crew_works`: it or another one of its edition has given a result. True
    // when the job it was on explains its death: its settings are not to be suspected.
    bool (*ended_cb)(struct proc *proc, bool crew_works, void *arg);
};

// Copies what it needs of the configuration. Starts no process yet. 0 or -ENOMEM.
int roster_create(struct roster **out, uv_loop_t *loop, const struct config *config,
                  const struct roster_events *events, void *arg);

// Starts what is missing.
void roster_start(struct roster *roster);

// New settings are to be tried. 0 or -ENOMEM.
int roster_replace(struct roster *roster, const struct config *config);

// The ready worker with the fewest jobs that has room for one more; NULL when none has.
struct proc *roster_least_loaded(struct roster *roster);

// Jobs with workers.
size_t roster_load(const struct roster *roster);

// Stops and resumes taking results from all.
void roster_pause(struct roster *roster);
void roster_resume(struct roster *roster);

// Starts nothing any more.
void roster_freeze(struct roster *roster);

// Ends all; closed_cb when every handle is closed. Then roster_destroy.
void roster_close(struct roster *roster, void (*closed_cb)(void *arg), void *arg);
void roster_destroy(struct roster *roster);

// Fills in what the roster knows of it.
void roster_get_stats(const struct roster *roster, struct crew_stats *out);
