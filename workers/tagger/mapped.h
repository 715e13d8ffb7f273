// A read-only file in memory that all processes share: the lexicons and the names model.
#pragma once

#include <stddef.h>

#include "proto/base/err.h"

struct mapped {
    const void *bytes; // NULL: none is open
    size_t size;
};

// Maps a file of at least one and at most `most` bytes. `what` names it in errors ("lexicon").
// 0; -ENOENT or another errno's; -EINVAL for what is no file, empty or too large.
int mapped_open(struct mapped *mapped, const char *path, const char *what, size_t most,
                struct err *err);

// Accepts one that is not open.
void mapped_close(struct mapped *mapped);
