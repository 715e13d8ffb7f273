// What a store has promised to whoever wrote to it, and whether it keeps it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/store/store.h"

enum promise_kind { PROMISE_ARTICLE, PROMISE_EVENT, PROMISE_CURSOR };

struct promise {
    enum promise_kind kind;
    uint64_t number;     // offset, sequence, or where the cursor was set to
    struct hash128 hash; // of an article's record; of all that an event says
    uint64_t event;      // of an article: the sequence of its newest event; 0: none yet
};

struct promises {
    struct promise *at;
    size_t count, capacity;
    uint64_t kept; // as many of the newest events are never removed; 0: none is
};

void promises_add(struct promises *promises, struct promise promise);
void promises_free(struct promises *promises);

// The one cursor that the workload sets, always forward.
#define PROMISES_CURSOR "desk"

struct hash128 promises_hash_event(const struct stored_event *event);

// What became of the first `count` promises. `wrong` is what may never be: something else was
// handed out than what was written.
struct tally {
    size_t kept, refused, missing, wrong;
    size_t missing_cursor; // of the missing, those of the one cursor
    size_t stale_cursor;   // of the wrong: it is where it was earlier
};

// Asks the store for each. What retention has removed by right is kept as promised. What repair has
// put in a lost one's place, and says so, is `missing`. Aborts when it cannot be read at all.
struct tally promises_check(const struct promises *promises, size_t count,
                            struct store_reader *reader);
