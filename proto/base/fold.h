// Folding a name to the key by which its spellings are compared: lower case, no diacritics, Latin
// letters. "Ławrow" -> "lawrow", "Weiß" -> "weiss", "Лавров" -> "lavrov", "Zełenśkyj" ->
// "zelenskyj". Scripts without a table pass unchanged.
#pragma once

#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/slice.h"

// Appends the folded form of `text` (well-formed UTF-8): letters and digits folded, every run of
// other characters becomes one space, none at either end. Apostrophes inside words are dropped.
void fold_name(struct buf *out, struct slice text);

// ASCII letters and digits folded, by byte; a dot for every other byte.
enum { FOLD_PLAIN = 0x100 };
extern const char fold_plain[];

// The folded form of one code point (letters and digits only): 0 to 4 bytes. Returns how many; what
// is in `out` behind them has no meaning. fold_code_beyond is for those that are not ASCII.
size_t fold_code_beyond(char out[4], uint32_t code);
static inline size_t fold_code(char out[4], uint32_t code)
{
    if (code >= 0x80)
        return fold_code_beyond(out, code);
    out[0] = fold_plain[code];
    return out[0] != '.';
}
