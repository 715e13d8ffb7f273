#include "workers/tagger/agencies.h"

#include <stdlib.h>

#include "workers/tagger/folded.h"

enum { NAME_BYTES_MAX = 40 };

static const struct agency {
    const char *key;
    enum agency_kind kind;
} agencies[] = {
#define AGENCY(key, kind) {key, kind},
#include "workers/tagger/agencies.def"
#undef AGENCY
};

static int agency_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct agency *)entry)->key);
}

enum agency_kind agency_kind_of(struct slice name)
{
    struct folded key;
    if (!name.len || name.len > NAME_BYTES_MAX || !folded_make(&key, name))
        return AGENCY_NONE;
    const struct agency *found = bsearch(key.text, agencies, sizeof agencies / sizeof *agencies,
                                         sizeof *agencies, agency_compare_cb);
    return found ? found->kind : AGENCY_NONE;
}
