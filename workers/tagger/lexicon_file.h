// One compiled lexicon in memory: mapped, checked, its sections found.
#pragma once

#include "proto/base/err.h"
#include "workers/tagger/lexicon_check.h"
#include "workers/tagger/mapped.h"

struct lexicon_file {
    struct mapped mapped;
    const struct lexicon_header *header;
    struct lexicon_sections in;
    uint64_t node_mask, word_mask, form_mask;
    char id[32]; // "<date>-<first 8 digits of the checksum>"
};

// 0; -ENOENT; -EINVAL for a file that is not a lexicon of this layer, of another version, or
// damaged (err says which and what to do). On failure nothing is open.
int lexicon_file_open(struct lexicon_file *file, enum lexicon_layer layer, const char *path,
                      struct err *err);

// Accepts one that is not open.
void lexicon_file_close(struct lexicon_file *file);
