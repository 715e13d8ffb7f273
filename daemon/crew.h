// The crew: N worker processes that tag articles.
// 1. Keep `crew.workers` processes running (proc.h); throttle those that die before their first
// result (pace.h).
// 2. Refill the queue from the store's pending articles; read each record when its turn comes.
// 3. Give it to the least loaded worker that has room in its window.
// 4. Take its result to the writer; after the commit tell queue, stream and live.
// 5. When a worker dies or hangs, blame the article it was on; requeue the rest unblamed; after N
// attempts make it a dead letter.
// 6. On reload replace workers one by one: a new one must be ready before an old one is drained and
// closed.
#pragma once

#include <stdbool.h>

#include "proto/base/err.h"

struct telexd;
struct crew;

struct crew_stats {
    unsigned workers, ready; // configured; said HELLO
    unsigned long spawned, died, timed_out;
    unsigned long tagged, refused, blamed;
    unsigned throttle_ms; // until the next spawn is tried
    char lexicon[64];     // of the newest ready worker
};

int crew_create(struct crew **out, struct telexd *telexd, struct err *err);

// Articles may have become pending: refill and hand out. Cheap; call after every commit.
void crew_feed(struct crew *crew);

// The same if the store could not be read the last time, for want of memory say. Call it now and
// then.
void crew_feed_again(struct crew *crew);

// New workers with the configuration in force (crew section, lexicon); old ones finish what they
// have.
void crew_replace(struct crew *crew);

// Draining: hands out nothing new. crew_is_idle tells when nothing is under way.
void crew_drain(struct crew *crew);
bool crew_is_idle(const struct crew *crew);

// Ends all workers; `closed_cb` is called on the loop once every handle is closed. What is with the
// writer still comes back: destroy only after commits_stop.
void crew_close(struct crew *crew, void (*closed_cb)(void *arg), void *arg);
void crew_destroy(struct crew *crew);

void crew_get_stats(const struct crew *crew, struct crew_stats *out);
