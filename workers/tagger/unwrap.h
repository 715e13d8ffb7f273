// Which line ends are wrapping and which are paragraphs.
#pragma once

#include "workers/tagger/lines.h"

// Sets break_after of every kept line. Works on the flags that lines_split and the furniture rules
// have set. Linear in the number of lines.
void unwrap_decide(const struct lines *lines, struct slice text);
