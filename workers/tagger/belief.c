#include "workers/tagger/belief.h"

#include "workers/tagger/local_id.h"
#include "workers/tagger/readings.h"

// How often each way of linking is right, by slavicner (QUALITY.md).
static double trust_of(const struct span *span)
{
    switch (span->link) {
    case LINK_LEXICON:
        return span->flags & SPAN_SURNAME ? 0.9 : 0.97;
    case LINK_SOUND:
        return 0.85;
    case LINK_SURNAME:
    case LINK_INITIAL:
        return 0.95;
    case LINK_GIVEN:
        return 0.8;
    case LINK_ACRONYM:
        return 0.9;
    case LINK_PART:
    case LINK_EXPLAINED:
        return 0.85;
    }
    return 0.5;
}

static struct tag_alternative alternative_of(const struct lexicon *lexicon, uint32_t index,
                                             double score)
{
    const struct lexicon_entity *entity = lexicon_entity(lexicon, index);
    return (struct tag_alternative){.id = lexicon_string(lexicon, entity->id),
                                    .name = lexicon_string(lexicon, entity->name),
                                    .type = (enum tag_type)entity->type,
                                    .score = score};
}

// The lexicon's other entities of the same name share the belief with the one that was chosen.
static void weigh_readings(struct belief *belief, const struct lexicon *lexicon,
                           const struct words *words, const struct span *span)
{
    enum { WORTH_SAYING = 10 }; // percent
    struct readings readings;
    double own = 1, trust = belief->confidence;
    readings_find(&readings, lexicon, words, span->first, span->count, span->type);
    for (size_t i = 0; i < readings.count; i++)
        if (readings.at[i].entity == span->entity)
            own = readings_share(&readings, i);
    belief->confidence = trust * own;
    for (size_t i = 0; i < readings.count && belief->count < BELIEF_ALTERNATIVES_MAX; i++) {
        double share = readings_share(&readings, i);
        if (readings.at[i].entity != span->entity && share * 100 >= WORTH_SAYING)
            belief->alternatives[belief->count++] =
                alternative_of(lexicon, readings.at[i].entity, trust * share);
    }
}

static struct tag_alternative rival_of(const struct lexicon *lexicon, const struct span *span,
                                       double score, struct arena *arena)
{
    if (span->rival != LEXICON_NONE)
        return alternative_of(lexicon, span->rival, score);
    char id[LOCAL_ID_BYTES];
    return (struct tag_alternative){
        .id = arena_copy(arena, local_id_make(id, span->type, span->rival_name)),
        .name = span->rival_name,
        .type = span->type,
        .score = score};
}

// An unknown name is told apart by itself alone: the longer, the better.
static double trust_of_local(const struct words *words, const struct span *span)
{
    if (span->count > 1)
        return span->type == TAG_PERSON ? 0.9 : 0.8;
    return words->at[span->first].flags & WORD_IS_UPPER || span->type == TAG_PERSON ? 0.6 : 0.7;
}

void belief_of_span(struct belief *belief, const struct lexicon *lexicon, const struct words *words,
                    const struct span *span, struct arena *arena)
{
    bool local = span->entity == LEXICON_NONE && !span->whole.len;
    *belief = (struct belief){.confidence = local ? trust_of_local(words, span) : trust_of(span)};
    if (span->flags & SPAN_OWN) {
        belief->confidence = 1;
    } else if (span->rival_name.len) {
        belief->alternatives[belief->count++] =
            rival_of(lexicon, span, belief->confidence * 0.3, arena);
        belief->confidence *= 0.7;
    } else if (span->entity != LEXICON_NONE && span->link == LINK_LEXICON) {
        weigh_readings(belief, lexicon, words, span);
    }
}
