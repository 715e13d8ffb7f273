// Page furniture: what the page around the article left in its text.
#pragma once

#include "workers/tagger/credits.h"
#include "workers/tagger/lines.h"

// Marks the lines that are furniture (LINE_FURNITURE) or credits (LINE_CREDIT too), cuts agencies'
// lead-ins out of the first lines and signatures off the ends of paragraphs, and collects the
// credits. Linear in the size of the text. 0 or -ENOMEM.
int furniture_mark(const struct lines *lines, struct slice text, struct credits *credits,
                   struct arena *arena);
