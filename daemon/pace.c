#include "daemon/pace.h"

static uint64_t until(uint64_t end, uint64_t now)
{
    return end > now ? end - now : 0;
}

void pace_failed(struct pace *pace, uint64_t now)
{
    pace->failed_at[pace->count++ % PACE_MOST] = now;
    if (until(pace->pause_end, now))
        return;
    uint64_t doubled = pace->pause_ms ? 2 * pace->pause_ms : PACE_FIRST_MS;
    pace->pause_ms = doubled < PACE_SPAN_MS ? doubled : PACE_SPAN_MS;
    pace->pause_end = now + pace->pause_ms;
}

void pace_worked(struct pace *pace)
{
    pace->pause_ms = pace->pause_end = 0;
}

uint64_t pace_wait(const struct pace *pace, uint64_t now)
{
    uint64_t pause = until(pace->pause_end, now);
    if (pace->count < PACE_MOST)
        return pause;
    uint64_t oldest = pace->failed_at[pace->count % PACE_MOST];
    uint64_t rest = until(oldest + PACE_SPAN_MS, now);
    return rest > pause ? rest : pause;
}
