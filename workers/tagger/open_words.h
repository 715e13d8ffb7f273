// Which words the names model reads: those that may belong to a name. All others never do.
#pragma once

#include "workers/tagger/marks.h"

// Sets open[i] for each word i: for words that a name may begin with, unless their language hardly
// ever has them in names and no other such word is near; and for the small words that names have
// between others and, in Polish, behind one. Returns how many are open. Linear time.
size_t open_words_mark(const struct marked *field, bool *open);
