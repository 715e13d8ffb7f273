// What a worker gives up before it looks at an article: every file but its three pipes, the right
// to open, connect or execute anything, and memory without bound.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/base/err.h"

struct sandbox {
    size_t memory_max;    // bytes of address space, everything mapped before included
    bool die_with_parent; // SIGKILL when the parent's thread that started us ends
    pid_t parent;         // getppid() at the start of main: tells whether it is gone already
};

// Closes all descriptors above 2 and enters the sandbox for good. Call it on the only thread, when
// everything that needs a file is done. 0 or negative errno with err (-ESRCH: the parent is gone);
// the process should then end.
int sandbox_enter(const struct sandbox *sandbox, struct err *err);

// False in builds that keep their system calls and address space, because a sanitizer or valgrind
// needs them (TELEX_UNSANDBOXED): never to be used for articles of strangers.
bool sandbox_is_whole(void);
