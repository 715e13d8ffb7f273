// Which words are names: the lexicon's matches and the names model's reading become spans.
#pragma once

#include "workers/tagger/model.h"
#include "workers/tagger/spans.h"

struct recogniser {
    const struct lexicon *lexicon;
    const struct model *model;
    bool explain; // say of each mention why
};

// Finds the spans of all fields of an article together, since one field explains another. 0 or
// -ENOMEM.
int recognise(const struct recogniser *recogniser, struct words *fields, struct spans *spans,
              size_t count, struct arena *arena);
