// What the daemon is doing, as two tables: events move it from state to state, and each state has
// one entry action.
#pragma once

enum lifecycle_state {
    LIFECYCLE_STARTING,   // building the parts, nothing is accepted
    LIFECYCLE_RECOVERING, // loading what was accepted but not tagged before the last end
    LIFECYCLE_RUNNING,
    LIFECYCLE_DRAINING, // refuses new articles, finishes commits and the workers' current articles
    LIFECYCLE_STOPPING, // closing handles
    LIFECYCLE_STATES
};

enum lifecycle_event {
    LIFECYCLE_BUILT,        // every part is there
    LIFECYCLE_RECOVERED,    // the queue knows what is pending, the sockets are bound
    LIFECYCLE_STOP,         // SIGTERM or SIGINT
    LIFECYCLE_STORE_FAILED, // first EIO
    LIFECYCLE_DRAINED,      // nothing is under way any more, or the time for it is over
    LIFECYCLE_EVENTS
};

// Runs when a state is entered.
typedef void lifecycle_action(void *owner);

struct lifecycle {
    enum lifecycle_state state;
    lifecycle_action *const *actions; // one a state; NULL where there is nothing to do
    void *owner;                      // given to the actions
    int exit_status;                  // negative errno once the store failed
};

// `actions` has LIFECYCLE_STATES entries and outlives the lifecycle.
void lifecycle_init(struct lifecycle *lifecycle, lifecycle_action *const *actions, void *owner);

// Takes the transition the table names, logs it with `why`, and runs the new state's action. An
// event the state does not expect is ignored.
void lifecycle_post(struct lifecycle *lifecycle, enum lifecycle_event event, const char *why);

const char *lifecycle_state_name(enum lifecycle_state state);
const char *lifecycle_event_name(enum lifecycle_event event);
