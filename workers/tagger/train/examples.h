// Annotated documents as the names model sees them: words with their signs and labels.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "workers/tagger/echo.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/model.h"

struct position {
    uint32_t first[MODEL_READINGS], count[MODEL_READINGS]; // its signs
    uint8_t label;                                         // enum label
    uint8_t gap;                                           // enum word_gap before it
    uint8_t forbidden;                                     // features_forbidden
};

// A run of open words of one sentence.
struct segment_example {
    uint32_t first, count; // positions
    uint32_t document;
    uint16_t set;
    uint8_t language; // place in the model's transitions
    uint8_t fold;     // 0..9, the same for a whole document
};

enum { EXAMPLE_SETS = 48 };

// The signs of all positions, for one reading.
struct sign_list {
    uint64_t *hashes;
    size_t count, capacity;
    uint32_t *numbers; // once examples_number has given them; 0: rare
};

struct examples {
    const struct lexicon *lexicon;
    struct sign_list lists[MODEL_READINGS];
    struct position *positions;
    struct heard *heard; // of each position
    size_t position_count, position_capacity, heard_capacity;
    uint32_t document_count;
    struct segment_example *segments;
    size_t segment_count, segment_capacity;
    char sets[EXAMPLE_SETS][24];
    uint32_t set_count;
    size_t lost[EXAMPLE_SETS][10]; // annotated names that no word, or no open word, can carry
    bool counted[EXAMPLE_SETS];    // its words are counted in the lexicon
};

// Reads a file of gather_examples.py's lines and appends them. `counted`: the lexicon's counts
// contain these texts, so that each document's own are taken out again. 0, or negative errno with
// err, which names the file and the line.
int examples_read(struct examples *examples, const char *path, bool counted, struct err *err);

// Makes the second reading's signs of what `heard` holds.
void examples_hear(struct examples *examples);

// Gives a number, from 1, to each sign that the segments for which `wanted` is set have at least
// `least` times. Returns how many; their hashes in *keys (from place 1), to be freed.
uint32_t examples_number(struct examples *examples, unsigned reading, const bool *wanted,
                         uint32_t least, uint64_t **keys);
void examples_free(struct examples *examples);
