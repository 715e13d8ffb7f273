// The loop of every worker process: frames in on stdin, frames out on stdout (proto/wire/worker.h).
// HELLO first, jobs in their order, PONG; the end of stdin is the order to end.
#pragma once

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "workers/runtime/sandbox.h"

enum { WORKER_MEMORY_MAX = 1024 * 1024 * 1024 };

struct worker {
    const char *hello; // JSON of the HELLO frame
    // Answers one job: appends a result record (proto/wire/result.h) to `out`, which holds earlier
    // answers too. 0; or negative errno with err, and the worker ends: a job that cannot be tagged
    // is an answer, not a failure.
    int (*job_cb)(struct slice job, struct buf *out, void *arg, struct err *err);
    void *arg;
    struct sandbox sandbox;
};

// Enters the sandbox and works until stdin ends. The exit status: 0, or 1 when something failed,
// which it has said on stderr.
int worker_main(const struct worker *worker);
