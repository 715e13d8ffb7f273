// The compiled lexicon: names, ids and inflection tables in one memory-mapped, read-only,
// checksummed file.
#pragma once

#include "proto/base/err.h"

struct lexicon;

// 0; -ENOENT; -EINVAL for a file that is not a lexicon, of another version, or damaged (err says
// which and what to do).
int lexicon_open(struct lexicon **out, const char *path, struct err *err);
void lexicon_close(struct lexicon *lexicon);

// "<build date of its data>-<first 8 digits of its checksum>". Valid as long as the lexicon.
const char *lexicon_id(const struct lexicon *lexicon);
