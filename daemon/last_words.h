// What a worker says on its stderr: each line goes to the log, the tail is kept for the day it
// dies.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/slice.h"

enum { LAST_WORDS_BYTES = 2048 };

struct last_words {
    char tail[LAST_WORDS_BYTES]; // a ring
    size_t total;                // bytes seen; the next goes to tail[total % LAST_WORDS_BYTES]
    char line[512];              // the line that is not finished yet; longer ones are cut
    size_t line_len;
    int64_t second;         // of the monotonic clock: lines of one second are counted
    unsigned logged, muted; // in it
};

void last_words_init(struct last_words *words);

// Keeps the bytes and logs finished lines with `pid`, at most 50 a second: a worker that rants must
// not fill the journal.
void last_words_add(struct last_words *words, struct slice bytes, int pid);

// Appends the tail as one line of clean UTF-8: control characters become spaces, what is no UTF-8
// becomes '?'.
void last_words_put(const struct last_words *words, struct buf *out);
