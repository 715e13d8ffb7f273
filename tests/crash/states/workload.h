// What is done to a store while its writes are recorded: articles one by one and in groups, events,
// dead letters, retries, cursors, merged indexes, a map that grows, a daemon that starts again, and
// the past removed all but the newest promises->kept events.
#pragma once

#include "tests/crash/states/promises.h"
#include "tests/unit/daemon/store/support.h"

// `promised` is called whenever promises were added. The store is left closed.
void workload_run(struct fixture *fx, unsigned rounds, struct promises *promises,
                  void (*promised)(size_t count));
