// One job of telex-tagger: an article record in, a result record out.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "workers/tagger/tagger.h"

enum {
    // Most memory for one article: 80 times the largest default body; an article that needs more is
    // refused.
    JOB_ARENA_MAX = 512 * 1024 * 1024,
    JOB_ARENA_KEEP = 16 * 1024 * 1024, // what an article may leave allocated for the next one
};

struct job {
    const struct tagger *tagger;
    struct arena arena;
    struct buf keys, data;
};

void job_init(struct job *job, const struct tagger *tagger);
void job_fini(struct job *job);

// Appends the result record for `record` to `out`. An article that cannot be tagged gets a refusal.
// 0, or -ENOMEM with err.
int job_run(struct job *job, struct slice record, struct buf *out, struct err *err);

// Forgets the article, and gives back the memory of a giant.
void job_reset(struct job *job);
