// A short piece of text folded for a look-up in one of the tables, on the stack.
#pragma once

#include <stdbool.h>

#include "proto/base/fold.h"

enum { FOLDED_BYTES_MAX = 255 };

struct folded {
    char text[FOLDED_BYTES_MAX + 1]; // NUL-terminated
    size_t len;
};

// Folds `text` (proto/base/fold.h). False when nothing is left, or more than fits.
static inline bool folded_make(struct folded *folded, struct slice text)
{
    struct buf out = {.ptr = folded->text, .capacity = FOLDED_BYTES_MAX, .limit = FOLDED_BYTES_MAX};
    fold_name(&out, text);
    folded->text[out.len] = 0;
    folded->len = out.len;
    return !out.failed && out.len;
}
