// Ids of entities that no register lists, made of the name alone: the same for every
// transliteration, tomorrow, and in every article.
#pragma once

#include "proto/base/slice.h"
#include "workers/tagger/tagger.h"
#include "workers/tagger/translit.h"

enum { LOCAL_ID_BYTES = TRANSLIT_KEY_MAX + 16 };

// "local:p-key-of-its-name", the letter from the type, the key of translit.h. A woman's surname in
// -ova counts without it (Czech adds it to foreign names), an organisation's name without its legal
// form; an acronym is kept as it is. Returns the slice written; never empty.
struct slice local_id_make(char out[LOCAL_ID_BYTES], enum tag_type type, struct slice name);
