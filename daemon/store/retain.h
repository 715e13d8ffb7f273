// Retention: what of the past is kept, by age, count and bytes. The oldest events go first, until
// every limit is kept; what waits for tagging and what dead letters keep stays whatever the limits
// say. All of this is for the writer's thread.
#pragma once

#include "daemon/store/remove.h"
#include "daemon/store/store.h"
#include "daemon/store/sweep.h"

// The wall clock, as far as it is believed: a jump ahead must not empty the store. What goes ahead
// by more than an hour against the monotonic clock is believed once it has lasted a day.
struct retain_clock {
    bool set;
    int64_t lead_ms;   // of the wall clock over the monotonic one
    int64_t jumped_ms; // monotonic: since when the wall clock is too far ahead; 0: it is not
};

int64_t retain_clock_now(struct retain_clock *clock, int64_t wall_ms, int64_t mono_ms);

struct retain {
    struct store *store;
    struct store_retention limits;
    uint64_t excess; // bytes too many when it was last looked at, without what has gone since
    uint64_t before; // events below this one are too many
    int64_t too_old; // events from before this moment are too old; INT64_MIN: none are
    unsigned pace;   // events a step removes
    bool halved;     // the last step failed, and the next one takes on less
    struct retain_clock clock;
    struct sweep sweep;
};

void retain_init(struct retain *retain, struct store *store);

// Finds out what has to go. Walks the list of free pages when there is a limit of bytes: not for
// every commit.
void retain_look(struct retain *retain);

// Whether retain_step has something to remove.
bool retain_is_due(struct retain *retain);

// After -ENOBUFS: whether the next step takes less on than the last.
bool retain_can_do_less(const struct retain *retain);

// One transaction of about `budget_ns`, and the time of its commit. No index_run may be under way.
// 0, also when nothing had to go; -ENOBUFS, -ENOSPC, -ENOMEM: it may be tried again; -EBADMSG, or
// -EIO. Adds to *removal what is gone.
int retain_step(struct retain *retain, int64_t budget_ns, struct removal *removal);
