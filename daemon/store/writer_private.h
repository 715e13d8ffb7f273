// What writer.c and writer_steps.c share.
#pragma once

#include "daemon/store/apply.h"
#include "daemon/store/index.h"
#include "daemon/store/retain.h"
#include "daemon/store/writer.h"

enum { WRITER_LOOK_MS = 1000 }; // how often retention looks what has to go, at least

struct writer {
    struct store *store;
    void (*wake)(void *arg);
    void *wake_arg;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list queued;               // under lock
    struct list done;                 // under lock
    bool stopping;                    // under lock
    struct writer_stats stats;        // under lock
    struct store_retention retention; // under lock
    bool retention_set;               // under lock: not taken over yet

    // The thread's own.
    bool failed;
    bool cannot_grow;       // tried in vain for this batch: not again for each of its requests
    bool merge_blocked;     // the last step failed; not again before a commit succeeds
    bool retain_blocked;    // the last step failed; not again before the next look
    struct index_run *run;  // being merged
    uint64_t keys_behind;   // bytes of the keys that wait for it, of events since the start
    bool run_is_waited_for; // nothing can be removed while it is half merged
    struct retain retain;
    int64_t looked_ms; // monotonic: when retention last looked
    uint64_t written;  // bytes that may have been written since
    struct buf scratch;
    struct buf words;
    struct apply_counts counts; // of the last transaction
};

static inline uint64_t writer_index_lag(const struct writer *writer)
{
    return writer->store->tail.next_sequence - 1 - writer->store->indexed;
}

static inline bool writer_retains(const struct writer *writer)
{
    const struct store_retention *limits = &writer->retain.limits;
    return limits->age_ms || limits->events || limits->bytes;
}

// An error that leaves the store sound, so that the request may be tried again.
bool writer_is_passing(int status);

// Nothing is written any more.
void writer_note_failure(struct writer *writer);

// Makes the map larger; may wait for a reader to end. False when that cannot be.
bool writer_grow(struct writer *writer);

// Merging cannot wait until there is nothing else to do.
bool writer_is_behind(const struct writer *writer);

// One step of merging, of removing. False when there was nothing to do, or it cannot be done now.
bool writer_merge(struct writer *writer);
bool writer_retain(struct writer *writer);
