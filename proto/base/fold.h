// Folding a name to the key by which its spellings are compared: lower case, no diacritics, Latin
// letters. "Ławrow" -> "lawrow", "Weiß" -> "weiss", "Лавров" -> "lavrov", "Zełenśkyj" ->
// "zelenskyj". Scripts without a table pass unchanged.
#pragma once

#include "proto/base/buf.h"
#include "proto/base/slice.h"

// Appends the folded form of `text` (well-formed UTF-8): letters and digits folded, every run of
// other characters becomes one space, none at either end. Apostrophes inside words are dropped.
void fold_name(struct buf *out, struct slice text);

// Appends the folded form of one code point (letters and digits only): 0 to 4 bytes. Returns how
// many.
size_t fold_code(char out[4], uint32_t code);
