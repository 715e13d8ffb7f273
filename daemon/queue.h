// Offsets that wait for a worker, in order. Pure: no sockets, no processes, no clock. A bounded
// window over the store's pending articles: the store holds the backlog, this holds the next few
// thousand.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_WINDOW = 4096 };

struct queue;

struct queue_job {
    uint64_t offset;
    uint32_t attempts; // times a worker died over it
    bool proven;       // at least once while workers were known to work: it is the article's fault
};

// What a job that was not finished has to do with it.
enum queue_blame {
    QUEUE_INNOCENT, // nothing: its worker ended over another one, or was told to
    QUEUE_BLAMED,   // a worker died over it of which nobody knows whether it works at all
    QUEUE_PROVEN,   // a worker died over it, and the crew is known to work
};

// `max_attempts`: a job that failed so often is not queued again (queue_failed says so).
int queue_create(struct queue **out, uint32_t max_attempts);
void queue_destroy(struct queue *queue);

// The offset from which the store is to be asked for more pending articles, and how many fit. 0
// when the window is full.
size_t queue_wanted(const struct queue *queue, uint64_t *from);

// Adds the next pending offset (ascending; one already known is ignored, so that asking twice is
// harmless). 0 or -ENOSPC.
int queue_add(struct queue *queue, uint64_t offset);

// The store has pending articles at or behind `from` again that were passed over (a retried dead
// letter).
void queue_rewind(struct queue *queue, uint64_t offset);

// Takes the job with the smallest offset; it is then under way. A worker that has not worked yet
// (`tried` is false) gets one that nobody died over, as long as there is one: so a poisonous
// article cannot make every new worker look broken. False when nothing waits.
bool queue_take(struct queue *queue, bool tried, struct queue_job *job);

// The job goes back into its place; the attempt counts only when it is blamed. *job is then what is
// known of it. True: it will be tried again; false: it has used up its attempts, stays under way,
// and the caller makes it a dead letter.
bool queue_failed(struct queue *queue, uint64_t offset, enum queue_blame blame,
                  struct queue_job *job);

// The job's event is committed; the queue forgets it.
void queue_done(struct queue *queue, uint64_t offset);

size_t queue_waiting(const struct queue *queue);
size_t queue_under_way(const struct queue *queue);
