#include "workers/tagger/lexicon_twins.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/hash.h"

static struct slice id_of(const struct lexicon_file *file, size_t entity)
{
    return slice_from_text(file->in.strings + (file->in.entities[entity].id ^ file->in.mark));
}

// The slot of an id: its entity's, or the free one that ends the search.
static uint32_t *id_slot(const struct lexicon_twins *twins, const struct lexicon_file *own,
                         struct slice id)
{
    size_t at = hash64(id, 0) & twins->id_mask;
    while (twins->ids[at] && !slice_equal(id_of(own, twins->ids[at] - 1), id))
        at = (at + 1) & twins->id_mask;
    return &twins->ids[at];
}

static int allocate(struct lexicon_twins *twins, size_t count)
{
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    *twins = (struct lexicon_twins){.ids = calloc(slots, sizeof *twins->ids),
                                    .id_mask = slots - 1,
                                    .bundled = calloc(count + 1, sizeof *twins->bundled),
                                    .pairs = calloc(count + 1, sizeof *twins->pairs)};
    if (twins->ids && twins->bundled && twins->pairs)
        return 0;
    lexicon_twins_fini(twins);
    return -ENOMEM;
}

int lexicon_twins_find(struct lexicon_twins *twins, const struct lexicon_file *bundled,
                       const struct lexicon_file *own)
{
    size_t count = own->in.count[SECTION_ENTITIES];
    if (allocate(twins, count) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        uint32_t *slot = id_slot(twins, own, id_of(own, i));
        *slot = *slot ? *slot : (uint32_t)i + 1; // of several with one id, the first
        twins->bundled[i] = LEXICON_NONE;
    }
    for (size_t i = 0; i < bundled->in.count[SECTION_ENTITIES]; i++) {
        uint32_t same = *id_slot(twins, own, id_of(bundled, i));
        if (!same || twins->bundled[same - 1] != LEXICON_NONE)
            continue;
        twins->bundled[same - 1] = (uint32_t)i;
        twins->pairs[twins->pair_count++] =
            (struct lexicon_pair){.bundled = (uint32_t)i, .own = (same - 1) | LEXICON_OWN_MARK};
    }
    return 0;
}

void lexicon_twins_fini(struct lexicon_twins *twins)
{
    free(twins->ids);
    free(twins->bundled);
    free(twins->pairs);
    *twins = (struct lexicon_twins){0};
}

uint32_t lexicon_twins_own(const struct lexicon_twins *twins, uint32_t bundled)
{
    size_t low = 0, high = twins->pair_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (twins->pairs[middle].bundled < bundled)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < twins->pair_count && twins->pairs[low].bundled == bundled;
    return found ? twins->pairs[low].own : LEXICON_NONE;
}

uint32_t lexicon_twins_find_id(const struct lexicon_twins *twins, const struct lexicon_file *own,
                               struct slice id)
{
    uint32_t found = *id_slot(twins, own, id);
    return found ? (found - 1) | LEXICON_OWN_MARK : LEXICON_NONE;
}
