// File descriptors: as many as the system allows, and never so few left that the daemon itself has
// none.
#pragma once

#include "proto/base/err.h"

enum { FDS_LEAST = 64 };

// Raises the soft limit to the hard one and sets the bound that accepted connections stay below: a
// quarter of the limit, at most 1,024, is kept for store, workers and backups. Without it libzmq
// aborts the process when accept answers EMFILE. Once a process, from main. -1 with err when fewer
// than FDS_LEAST are allowed.
int fds_prepare(struct err *err);

// Connections turned away for it.
unsigned long fds_refused(void);
