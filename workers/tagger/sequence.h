// Reading a field with the names model: the likeliest labels of its words, and how sure each is.
#pragma once

#include "workers/tagger/features.h"
#include "workers/tagger/model.h"

struct labelled {
    uint8_t label; // enum label
    float sure;    // probability of the label, 0 to 1
};

// One for each word, in the arena; NULL when it is full. Linear time.
const struct labelled *sequence_read(const struct model *model, const struct marked *field,
                                     const struct recall *recall, struct arena *arena);
