// LMDB trusts its pages: a damaged one, or a bad sector under the map, ends the process by a
// signal. This turns it into a clear end. Signals are the process's, and so is what is kept here.
#pragma once

#include <lmdb.h>

// Watches an open environment until trap_forget, if store_trap_faults was called. `directory` is
// for the text.
void trap_watch(MDB_env *env, const char *directory);
void trap_forget(const MDB_env *env);
