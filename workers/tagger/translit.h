// The key of a name: what its transliterations have in common. "Ławrow", "Lawrow", "Lavrov" and
// "Лавров" have one key, as have "Zełenski", "Selenskyj" and "Zelensky". Coarse on purpose: it is
// compared only where little else could be meant (whole names of unknown persons, local ids).
#pragma once

#include "proto/base/slice.h"

enum { TRANSLIT_KEY_MAX = 96 };

// Writes the key of a folded name (proto/base/fold.h), at most TRANSLIT_KEY_MAX bytes, words joined
// by single spaces. Returns its length; 0 when nothing is left.
size_t translit_key(char out[TRANSLIT_KEY_MAX], struct slice folded);
