// How soon the next worker may be started when workers do not come to work: 2 s after the first
// that failed, doubling to 60 s, and never more than five that fail a minute. Pure: the caller has
// the clock, in milliseconds.
#pragma once

#include <stdint.h>

enum { PACE_MOST = 5, PACE_SPAN_MS = 60000, PACE_FIRST_MS = 2000 };

// All zero: nothing has failed.
struct pace {
    uint64_t failed_at[PACE_MOST]; // the newest failures, in turn
    unsigned count;
    uint64_t pause_ms; // after the last failure; 0: all is well
    uint64_t pause_end;
};

// One could not be started, or died before its first result. Those that fail within one pause
// lengthen it only by being many.
void pace_failed(struct pace *pace, uint64_t now);

// One has given a result: no pause. That five failed within a minute still holds.
void pace_worked(struct pace *pace);

// Milliseconds until one may be started; 0: now.
uint64_t pace_wait(const struct pace *pace, uint64_t now);
