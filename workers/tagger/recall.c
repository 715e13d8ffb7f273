#include "workers/tagger/recall.h"

struct entry {
    uint64_t stem; // 0: empty
    uint16_t signs;
};

struct recall {
    struct entry *at; // power of two
    size_t mask;
};

static struct entry *find(const struct recall *recall, uint64_t stem)
{
    size_t at = stem & recall->mask;
    while (recall->at[at].stem && recall->at[at].stem != stem)
        at = (at + 1) & recall->mask;
    return &recall->at[at];
}

static bool is_capital(const struct word *word)
{
    return words_is_capital(word) && !(word->flags & WORD_IS_NUMBER);
}

static unsigned signs_before(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (index == 0 || word->gap != GAP_SPACE || word[-1].sentence != word->sentence)
        return 0;
    unsigned signs = 0;
    uint16_t cues = word[-1].cues;
    if (cues & WORD_TITLE || (word[-1].info && word[-1].info->given && is_capital(&word[-1])))
        signs |= RECALL_TITLED;
    if (cues & WORD_SAYS)
        signs |= RECALL_SAYS;
    if (cues & (WORD_IN | WORD_GEO))
        signs |= RECALL_IN;
    if (cues & WORD_ORGANISATION)
        signs |= RECALL_GROUP;
    if (is_capital(&word[-1]))
        signs |= RECALL_JOINED;
    return signs;
}

static unsigned signs_after(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (index + 1 >= words->count || word[1].gap != GAP_SPACE || word[1].sentence != word->sentence)
        return 0;
    unsigned signs = 0;
    if (word[1].cues & WORD_SAYS)
        signs |= RECALL_SAYS;
    if (word[1].cues & (WORD_SUFFIX | WORD_ORGANISATION))
        signs |= RECALL_GROUP;
    if (is_capital(&word[1]))
        signs |= RECALL_JOINED | (word->info && word->info->given ? RECALL_GIVEN : 0);
    return signs;
}

static unsigned signs_of_mark(struct mark mark)
{
    if (mark.place != MARK_BEGIN && mark.place != MARK_INSIDE && mark.place != MARK_END)
        return 0;
    return mark.type == TAG_PERSON         ? RECALL_PERSON
           : mark.type == TAG_ORGANISATION ? RECALL_ORGANISATION
           : mark.type == TAG_PLACE        ? RECALL_PLACE
                                           : 0;
}

static void note_word(struct recall *recall, const struct marked *field, size_t index)
{
    const struct word *word = &field->words->at[index];
    struct entry *entry = find(recall, word->stem);
    if (!entry->stem)
        return; // no word a name may begin with has this stem
    if (!is_capital(word)) {
        entry->signs |= RECALL_SMALL;
        return;
    }
    bool free = !(word->flags & (WORD_IS_FIRST | WORD_IS_HEADLINE | WORD_IS_QUOTED));
    unsigned signs = signs_before(field->words, index) | signs_after(field->words, index) |
                     signs_of_mark(field->marks[index]) | (free ? RECALL_CAPITAL : 0);
    entry->signs |= (uint16_t)signs;
}

static void note_stem(struct recall *recall, const struct word *word)
{
    uint64_t stem = word->stem;
    struct entry *entry = find(recall, stem);
    if (entry->stem)
        entry->signs |= RECALL_AGAIN;
    entry->stem = stem;
}

const struct recall *recall_collect(const struct marked *fields, size_t count, struct arena *arena)
{
    size_t capitals = 0, slots = 64;
    for (size_t f = 0; f < count; f++)
        capitals += fields[f].words->candidates;
    while (slots < capitals * 2)
        slots *= 2;
    struct recall *recall = arena_alloc(arena, sizeof *recall);
    struct entry *at = arena_alloc_array(arena, slots, sizeof *at);
    if (!recall || !at)
        return NULL;
    *recall = (struct recall){.at = at, .mask = slots - 1};
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < fields[f].words->count; i++)
            if (is_capital(&fields[f].words->at[i]))
                note_stem(recall, &fields[f].words->at[i]);
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < fields[f].words->count; i++)
            note_word(recall, &fields[f], i);
    return recall;
}

uint16_t recall_of(const struct recall *recall, const struct word *word)
{
    return find(recall, word->stem)->signs;
}
