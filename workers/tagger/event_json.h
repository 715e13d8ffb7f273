// What the tagger found, as it travels: the data of an event, the keys it is found by, and the
// whole CloudEvents line that `telex tag` prints.
#pragma once

#include "proto/base/buf.h"
#include "workers/tagger/tagger.h"

// Appends {"language":{...},"entities":[...],"credits":[...],"tagger":{...}}.
void event_put_data(struct buf *out, const struct tag_result *result, const char *lexicon_id);

// Appends the result's keys (proto/wire/result.h): the language, then each entity followed by its
// spellings. Every entity has a key; spellings are left out where RESULT_KEYS_MAX would be
// exceeded. Returns the number of keys.
uint32_t event_put_keys(struct buf *out, const struct tag_result *result);

// Appends one line of CloudEvents 1.0 JSON without its newline: no sequence and no offset, `id` the
// article's hash, `time` when it was published (1970-01-01T00:00:00.000Z where that is not known):
// the same article gives the same bytes. A body that was made of HTML stands in it, since mentions
// point into that. 0 or -ENOMEM.
int event_put_line(struct buf *out, const struct article *article, const struct tag_result *result,
                   const char *lexicon_id);
