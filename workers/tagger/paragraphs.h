// Paragraphs in another language than their article: a quoted statement, a form in English below a
// Polish report.
#pragma once

#include "workers/tagger/text.h"

// Fills text->stretches from its normalised paragraphs. `article` is the article's primary tag.
// Only clear cases: a paragraph of a few words is taken to be in the article's language. 0 or
// -ENOMEM. Linear in the length.
int paragraphs_identify(struct text *text, struct slice article, struct arena *arena);
