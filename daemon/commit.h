// The bridge to the store's writer: submit on the loop's thread, be called back on the loop's
// thread after the commit.
#pragma once

#include "daemon/store/writer.h"

struct telexd;
struct commits;

struct commit {
    struct write write;
    void (*done_cb)(struct commit *commit); // after the commit; write.status and results are set;
                                            // may free the commit
};

int commits_create(struct commits **out, struct telexd *telexd, struct err *err);

// The caller owns `commit` and all it points to until done_cb.
void commits_submit(struct commits *commits, struct commit *commit);

// Requests submitted and not yet called back.
size_t commits_pending(const struct commits *commits);

struct writer_stats commits_stats(const struct commits *commits);

// Stops the writer, calling back everything that was submitted. The loop may then be closed once
// the async handle has gone.
void commits_stop(struct commits *commits);
void commits_destroy(struct commits *commits);
