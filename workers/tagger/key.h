// A short piece of text folded for a look-up in one of the tables, on the stack.
#pragma once

#include <stdbool.h>

#include "proto/base/fold.h"

enum { KEY_BYTES_MAX = 255 };

struct key {
    char text[KEY_BYTES_MAX + 1]; // NUL-terminated
    size_t len;
};

// Folds `text` (proto/base/fold.h). False when nothing is left, or more than fits.
static inline bool key_make(struct key *key, struct slice text)
{
    struct buf out = {.ptr = key->text, .capacity = KEY_BYTES_MAX, .limit = KEY_BYTES_MAX};
    fold_name(&out, text);
    key->text[out.len] = 0;
    key->len = out.len;
    return !out.failed && out.len;
}
