// One state of a store's file, looked at in a process of its own: whatever happens in there is a
// finding, not the end of the test.
#pragma once

#include "tests/crash/states/image.h"
#include "tests/crash/states/promises.h"

enum trial_outcome {
    TRIAL_SOUND,    // every promise is kept and verify finds nothing
    TRIAL_DAMAGED,  // some are not, or verify found something; it said so
    TRIAL_REFUSED,  // the store was not opened, with a reason
    TRIAL_REPAIRED, // either of these, and after repair all is sound but what it named
    TRIAL_LOST,     // promises are not kept, and verify finds nothing
    TRIAL_WRONG,    // something else was handed out than was written
    TRIAL_CRASHED,  // the process died
    TRIAL_HUNG,
    TRIAL_UNREPAIRED, // repair failed, or did not name what was lost
    TRIAL_OUTCOMES
};

const char *trial_name(enum trial_outcome outcome);

struct trial {
    const char *directory; // where the file is put; made and emptied by the trial
    const struct promises *promises;
    size_t promised; // of them had been made
    bool go_on;      // also write to it afterwards, and verify again
    bool repair;     // what is damaged or refused is repaired, and looked at again
};

enum trial_outcome trial_run(const struct trial *trial, const struct image *image);

// A directory for trials, in memory where there is one for that; and its removal.
const char *trial_directory_make(void);
void trial_directory_remove(const char *directory);
