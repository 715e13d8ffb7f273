// `telex tag`: one article a line in, one tagged event a line out.
#pragma once

#include "proto/base/err.h"
#include "workers/tagger/tagger.h"

// Reads lines from descriptor 0 until it ends and writes events to descriptor 1, in the same order;
// what has been tagged is written before it waits for more to read. A line that is no article is
// named on stderr and left out. Returns the exit status: 0, or 1 when a line was refused or
// something failed.
int tag_lines_run(const struct tagger *tagger);
