// Positions of named cursors, made durable.
// 1. A subscription holds its cursor; another one with the same name takes it over.
// 2. Saves of one cursor are carried out one at a time; those that come meanwhile are carried out
// together, the newest value winning.
// 3. Each save is answered when a commit at or behind it is durable.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/zsock.h"
#include "proto/base/list.h"
#include "proto/base/slice.h"

struct position;
struct positions;
struct subscription;
struct telexd;

// Who waits for a save.
struct save {
    struct list link;
    struct zsock_reply_to to;
    struct frame request;
    uint64_t next;
};

// `status` as of the commit: 0, or negative errno.
typedef void positions_saved_cb(const struct save *save, int status, void *arg);

int positions_create(struct positions **out, struct telexd *telexd, positions_saved_cb *saved_cb,
                     void *arg);

// The position of this name, held by `owner` from now on; *displaced is who held it before, or
// NULL. NULL without memory.
struct position *position_hold(struct positions *positions, struct slice name,
                               struct subscription *owner, struct subscription **displaced);

// Let go; saves under way are still carried out and answered. Accepts NULL.
void position_release(struct position *position, const struct subscription *owner);

// The newest value that was saved or is being saved since somebody holds it. False: the store knows
// better.
bool position_get(const struct position *position, uint64_t *next);

// The cursor of this name was dropped from the store: what is known of it no longer holds, but for
// saves under way, which make it anew.
void positions_forget(struct positions *positions, struct slice name);

// Saves a value. 0, -ENOMEM, or -ENOBUFS: too many saves wait.
int position_save(struct position *position, uint64_t next, const struct zsock_reply_to *to,
                  const struct frame *request);

// Nothing is answered any more. Destroy only after commits_stop. Both accept NULL.
void positions_close(struct positions *positions);
void positions_destroy(struct positions *positions);
