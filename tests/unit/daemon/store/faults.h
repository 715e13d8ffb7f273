// System calls that LMDB and the store make on data.mdb, failed or held back at will. Linking
// faults.c puts its functions in front of the C library's.
#pragma once

#include <stdint.h>

enum fault_call { FAULT_FDATASYNC, FAULT_PAGES, FAULT_FALLOCATE, FAULT_CALLS };

// From now on every such call fails with `errnum`; 0 ends it. FAULT_PAGES are the writes of whole
// pages: LMDB's own head, which is always there, is overwritten in place.
void fault_set(enum fault_call call, int errnum);

// While held, fdatasync waits. Releasing lets all go on.
void fault_hold_sync(void);
void fault_wait_until_held(void); // until somebody waits in fdatasync
void fault_release_sync(void);
