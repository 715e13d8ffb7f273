// Reading an article with the names model, twice: each sentence by itself, then with what the first
// reading made of the same words elsewhere.
#pragma once

#include "workers/tagger/features.h"
#include "workers/tagger/model.h"

enum { SEQUENCE_FIELDS_MAX = 2 };

struct labelled {
    uint8_t label; // enum label
    float sure;    // probability of the label, 0 to 1; by the first reading where there is no name
};

// Reads `count` fields, at most SEQUENCE_FIELDS_MAX, together. Sets labels[f][i] for each word i of
// field f, in the arena. 0 or -ENOMEM. Linear time.
int sequence_read(const struct lexicon *lexicon, const struct model *model,
                  const struct marked *fields, size_t count, const struct recall *recall,
                  struct labelled **labels, struct arena *arena);
