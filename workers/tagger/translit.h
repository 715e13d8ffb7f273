// The key of a name: what its transliterations have in common. "Ławrow", "Lawrow", "Lavrov" and
// "Лавров" have one key, as have "Zełenski", "Selenskyj" and "Zelensky". Coarse on purpose: it is
// compared only where little else could be meant (whole names of unknown persons, local ids).
#pragma once

#include "proto/base/slice.h"

enum { TRANSLIT_KEY_MAX = 96, TRANSLIT_ID_BYTES = TRANSLIT_KEY_MAX + 16 };

// Writes the key of a folded name (proto/base/fold.h), at most TRANSLIT_KEY_MAX bytes, words joined
// by single spaces. Returns its length; 0 when nothing is left.
size_t translit_key(char out[TRANSLIT_KEY_MAX], struct slice folded);

// The local id of an entity that no public register is known to list: "local:p-key-of-its-name",
// the letter from its type: the same for every transliteration. Returns the slice written.
struct slice translit_local_id(char out[TRANSLIT_ID_BYTES], char type_letter, struct slice folded);
