// What became of articles, on its way to the store: tagged results and dead letters.
// 1. A result is decoded, kept, and submitted to the writer.
// 2. After the commit the queue forgets the article.
// 3. While the disk is full, outcomes are kept and submitted again, 250 ms later, doubling to 10 s:
// none is lost, and there are never more than the workers' windows hold.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"

struct outcomes;
struct telexd;

struct outcomes_stats {
    unsigned long tagged, refused, dead;
};

// `room_cb`: some outcome has left, or the disk takes them again.
int outcomes_create(struct outcomes **out, struct telexd *telexd, void (*room_cb)(void *arg),
                    void *arg);

// A worker's RESULT payload, which is copied. 0, -ENOMEM, or -EBADMSG with err: it is garbage.
int outcomes_add_result(struct outcomes *outcomes, uint64_t offset, struct slice payload,
                        struct err *err);

// An article that is given up; the texts are copied. 0 or -ENOMEM.
int outcomes_add_dead(struct outcomes *outcomes, uint64_t offset, uint32_t attempts,
                      const char *stage, struct slice last_words);

size_t outcomes_pending(const struct outcomes *outcomes);

// So many wait that no more results should be read; until it says that few do.
bool outcomes_are_many(const struct outcomes *outcomes);
bool outcomes_are_few(const struct outcomes *outcomes);

// The disk is full, or the store has failed: no more articles should be handed out.
bool outcomes_are_stalled(const struct outcomes *outcomes);

// What the full disk holds up is given up: it is still pending in the store. Nothing more is kept.
void outcomes_drain(struct outcomes *outcomes);

// Closes the timer. What is with the writer still comes back, so destroy only after commits_stop.
void outcomes_close(struct outcomes *outcomes, void (*closed_cb)(void *arg), void *arg);
void outcomes_destroy(struct outcomes *outcomes);

struct outcomes_stats outcomes_get_stats(const struct outcomes *outcomes);
