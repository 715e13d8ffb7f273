#include "workers/tagger/readings.h"

#include <math.h>

struct search {
    const struct lexicon *lexicon;
    const struct words *words;
    uint32_t first, count;
    enum tag_type type;
    struct readings *readings;
    uint8_t forms[READING_WORDS_MAX]; // on the way here
};

static bool is_upper_throughout(const struct search *search)
{
    const struct word *at = &search->words->at[search->first];
    for (uint32_t i = 0; i < search->count; i++)
        if (!(at[i].flags & (WORD_IS_UPPER | WORD_IS_NUMBER | WORD_IS_MIXED)))
            return false;
    return true;
}

static bool fits(const struct search *search, const struct lexicon_posting *posting)
{
    const unsigned other = 1u << LEXICON_OTHER;
    if (posting->flags & POSTING_KEY ||
        (posting->languages == other && !search->words->other_language))
        return false;
    if (posting->flags & POSTING_UPPER && !is_upper_throughout(search))
        return false;
    const struct lexicon_entity *entity = lexicon_entity(search->lexicon, posting->entity);
    return search->type == TAG_OTHER || entity->type == search->type;
}

static int score_of(const struct search *search, const struct lexicon_posting *posting,
                    uint32_t inflected)
{
    unsigned own = 1u << (search->words->other_language ? LEXICON_OTHER : search->words->language);
    int score = lexicon_entity(search->lexicon, posting->entity)->weight * 4;
    score += posting->languages & own ? 6 : posting->languages ? -4 : 0;
    return score - (int)inflected - (posting->flags & POSTING_SURNAME ? 3 : 0);
}

static void add_reading(struct readings *readings, struct reading reading)
{
    size_t at = 0;
    while (at < readings->count && readings->at[at].entity != reading.entity)
        at++;
    if (at < readings->count && readings->at[at].score >= reading.score)
        return;
    if (at == READINGS_MAX && readings->at[--at].score >= reading.score)
        return;
    readings->count = at == readings->count ? at + 1 : readings->count;
    // Of equal scores the one that was found first stays before.
    for (; at > 0 && readings->at[at - 1].score < reading.score; at--)
        readings->at[at] = readings->at[at - 1];
    readings->at[at] = reading;
}

static void take(const struct search *search, const struct lexicon_node *node, uint32_t inflected)
{
    if (!node || node->posting == LEXICON_NONE)
        return;
    const struct lexicon_posting *posting = lexicon_postings(search->lexicon, node->posting);
    for (;; posting++) {
        if (fits(search, posting)) {
            struct reading reading = {.entity = lexicon_prefer(search->lexicon, posting->entity),
                                      .text = lexicon_string(search->lexicon, posting->text),
                                      .surname = (posting->flags & POSTING_SURNAME) != 0,
                                      .score = score_of(search, posting, inflected)};
            memcpy(reading.forms, search->forms, sizeof reading.forms);
            add_reading(search->readings, reading);
        }
        if (posting->flags & POSTING_LAST)
            return;
    }
}

// A word in -ą is folded like its dictionary form in -a, and is not written like it.
static uint8_t own_form(const struct words *words, uint32_t index)
{
    const struct word *word = &words->at[index];
    struct slice exact = words_exact(words, index);
    if (word->morph != MORPH_POLISH || exact.len < 3 ||
        memcmp(exact.ptr + exact.len - 2, "ą", 2) != 0)
        return 0;
    for (uint8_t i = 1; i < word->lemma_count; i++)
        if (word->lemmas[i].hash == word->hash)
            return i;
    return 0;
}

// Only beginnings of real names are followed, so that the walk stays short whatever the text holds.
static void extend(struct search *search, uint64_t hash, uint32_t depth, uint32_t inflected)
{
    const struct word *word = &search->words->at[search->first + depth];
    size_t forms = word->lemma_count ? word->lemma_count : 1;
    for (size_t i = 0; i < forms; i++) {
        uint64_t form = i == 0 ? word->hash : word->lemmas[i].hash;
        if (i > 0 && form == word->hash)
            continue;
        uint64_t longer = lexicon_hash_append(hash, form);
        search->forms[depth] = i > 0 ? (uint8_t)i : own_form(search->words, search->first + depth);
        const struct lexicon_node *node = lexicon_find_node(search->lexicon, longer);
        if (depth + 1 == search->count)
            take(search, node, inflected + (i > 0));
        else if (node)
            extend(search, longer, depth + 1, inflected + (i > 0));
    }
}

void readings_find(struct readings *readings, const struct lexicon *lexicon,
                   const struct words *words, uint32_t first, uint32_t count, enum tag_type type)
{
    readings->count = 0;
    struct search search = {.lexicon = lexicon,
                            .words = words,
                            .first = first,
                            .count = count,
                            .type = type,
                            .readings = readings};
    if (count > 0 && count <= READING_WORDS_MAX)
        extend(&search, 0, 0, 0);
}

double readings_share(const struct readings *readings, size_t index)
{
    double sum = 0;
    for (size_t i = 0; i < readings->count; i++)
        sum += exp2((readings->at[i].score - readings->at[0].score) / 4.0);
    return exp2((readings->at[index].score - readings->at[0].score) / 4.0) / sum;
}
