// Builds the normalised text line by line and remembers where every byte came from.
#pragma once

#include "workers/tagger/lines.h"
#include "workers/tagger/text.h"

// Fills out->normalised, segments and segment_count from out->submitted and the verdicts in
// `lines`. 0 or -ENOMEM.
int normalise_text(struct text *out, const struct lines *lines, struct arena *arena);
