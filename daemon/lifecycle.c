#include "daemon/lifecycle.h"

#include <errno.h>

#include "proto/base/log.h"

// [state][event]: the next state plus one; 0 where the event is not expected.
#define TO(state) (LIFECYCLE_##state + 1)
static const unsigned char transitions[LIFECYCLE_STATES][LIFECYCLE_EVENTS] = {
    [LIFECYCLE_STARTING] = {[LIFECYCLE_BUILT] = TO(RECOVERING),
                            [LIFECYCLE_STOP] = TO(STOPPING),
                            [LIFECYCLE_STORE_FAILED] = TO(STOPPING)},
    [LIFECYCLE_RECOVERING] = {[LIFECYCLE_RECOVERED] = TO(RUNNING),
                              [LIFECYCLE_STOP] = TO(STOPPING),
                              [LIFECYCLE_STORE_FAILED] = TO(STOPPING)},
    [LIFECYCLE_RUNNING] =
        {[LIFECYCLE_STOP] = TO(DRAINING), [LIFECYCLE_STORE_FAILED] = TO(STOPPING)},
    [LIFECYCLE_DRAINING] =
        {[LIFECYCLE_DRAINED] = TO(STOPPING), [LIFECYCLE_STORE_FAILED] = TO(STOPPING)},
};
#undef TO

static const char *const state_names[LIFECYCLE_STATES] = {
    [LIFECYCLE_STARTING] = "starting", [LIFECYCLE_RECOVERING] = "recovering",
    [LIFECYCLE_RUNNING] = "running",   [LIFECYCLE_DRAINING] = "draining",
    [LIFECYCLE_STOPPING] = "stopping",
};

static const char *const event_names[LIFECYCLE_EVENTS] = {
    [LIFECYCLE_BUILT] = "built",     [LIFECYCLE_RECOVERED] = "recovered",
    [LIFECYCLE_STOP] = "stop",       [LIFECYCLE_STORE_FAILED] = "store_failed",
    [LIFECYCLE_DRAINED] = "drained",
};

void lifecycle_init(struct lifecycle *lifecycle, lifecycle_action *const *actions, void *owner)
{
    *lifecycle =
        (struct lifecycle){.state = LIFECYCLE_STARTING, .actions = actions, .owner = owner};
}

void lifecycle_post(struct lifecycle *lifecycle, enum lifecycle_event event, const char *why)
{
    unsigned next = transitions[lifecycle->state][event];
    // A failed store is remembered whatever the state: the exit status must tell.
    if (event == LIFECYCLE_STORE_FAILED)
        lifecycle->exit_status = -EIO;
    if (!next)
        return;
    log_notice("lifecycle from=%s to=%s event=%s why=\"%s\"", state_names[lifecycle->state],
               state_names[next - 1], event_names[event], why);
    lifecycle->state = (enum lifecycle_state)(next - 1);
    if (lifecycle->actions[lifecycle->state])
        lifecycle->actions[lifecycle->state](lifecycle->owner);
}

const char *lifecycle_state_name(enum lifecycle_state state)
{
    return state_names[state];
}

const char *lifecycle_event_name(enum lifecycle_event event)
{
    return event_names[event];
}
