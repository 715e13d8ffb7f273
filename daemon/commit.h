// The bridge to the store's writer: submit on the loop's thread, be called back on the loop's
// thread after the commit.
#pragma once

#include "daemon/store/writer.h"

struct telexd;
struct commits;

struct commit {
    struct write write;
    void (*done_cb)(struct commit *commit); // after the commit; write.status and results are set;
                                            // may free the commit, may submit others
    int64_t submitted_ns;                   // set by commits_submit
};

// Buckets of the time from submission to call back: at most 2^i * 250 microseconds; the last takes
// the rest.
enum { COMMITS_BUCKETS = 16, COMMITS_BUCKET_FIRST_US = 250 };

struct commits_latency {
    uint64_t buckets[COMMITS_BUCKETS]; // not cumulative
    uint64_t sum_ns;
};

// telexd's loop and store must be there; its crew, stream and live are woken when they are. 0 or
// negative errno with err; when *out is set all the same, it has to be stopped and destroyed.
int commits_create(struct commits **out, struct telexd *telexd, struct err *err);

// The caller owns `commit` and all it points to until done_cb. What a callback submits while
// commits_stop runs is called back with -ESHUTDOWN.
void commits_submit(struct commits *commits, struct commit *commit);

// Requests submitted and not yet called back; requests called back since the start.
size_t commits_pending(const struct commits *commits);
uint64_t commits_finished(const struct commits *commits);

// What is kept of the past, from now on (writer.h).
void commits_set_retention(struct commits *commits, const struct store_retention *retention);

struct writer_stats commits_stats(const struct commits *commits);
const struct commits_latency *commits_latency(const struct commits *commits);

// Stops the writer, calling back everything that was submitted (from within this call). The loop
// may then be closed once the async handle has gone, which takes one turn of it.
void commits_stop(struct commits *commits);

// After commits_stop and that turn. Accepts NULL.
void commits_destroy(struct commits *commits);
