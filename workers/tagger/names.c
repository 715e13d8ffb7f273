// How names are found, in this order:
// 1. words.c: tokens become words, each with what the lexicon knows of it and its dictionary forms;
// 2. match.c: the lexicon's names, longest match first;
// 3. recognise.c: the names model (sequence.c) reads the words, with the lexicon's matches
// (marks.c), what the whole article shows of each (recall.c) and their surroundings (features.c) as
// evidence;
// 4. link.c and base.c: surnames alone, weak signs, dictionary forms, one entity for all spellings;
// 5. here: spans become mentions at their places in the submitted text.
#include "workers/tagger/names.h"

#include <errno.h>

#include "proto/base/buf.h"
#include "workers/tagger/explain.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/link.h"

static void fill_mention(const struct words *words, const struct span *span,
                         struct text_position *position, struct tag_mention *mention)
{
    const struct text *text = words->text;
    const struct word *first = &words->at[span->first];
    uint32_t start, end, last = words->at[span->first + span->count - 1].end;
    bool point = last < text->normalised.len && text->normalised.ptr[last] == '.';
    if (span->flags & SPAN_POINT && point)
        last++;
    text_to_submitted(text, first->start, last, &start, &end);
    mention->field = text->field;
    mention->start = text_code_point(text, start, position);
    mention->end = text_code_point(text, end, position);
    mention->exact = slice_from(text->submitted.ptr + start, end - start);
    mention->base = span->base;
    mention->confidence = span->sure;
}

// Hands each group its run of the common mention array, then fills the runs in text order.
static int fill_mentions(const struct linker *linker, struct tag_entity *entities,
                         struct arena *arena)
{
    size_t total = 0, next = 0;
    for (size_t i = 0; i < linker->group_count; i++)
        total += linker->groups[i].mentions;
    struct tag_mention *mentions = arena_alloc_array(arena, total + 1, sizeof *mentions);
    if (!mentions)
        return -ENOMEM;
    for (size_t i = 0; i < linker->group_count; i++) {
        entities[i].mentions = mentions + next;
        next += linker->groups[i].mentions;
    }
    for (size_t f = 0; f < LINK_FIELDS; f++) {
        struct text_position position = {.byte = 0};
        for (size_t i = 0; i < linker->spans[f].count; i++) {
            const struct span *span = &linker->spans[f].at[i];
            if (span->flags & SPAN_DROPPED)
                continue;
            struct tag_entity *entity = &entities[span->group];
            size_t index = (size_t)(entity->mentions - mentions) + entity->mention_count++;
            fill_mention(&linker->fields[f], span, &position, &mentions[index]);
            if (linker->explain)
                mentions[index].why =
                    explain_span(linker->lexicon, &linker->fields[f], span, arena);
        }
    }
    return 0;
}

static bool has_spelling(const struct slice *spellings, size_t count, struct slice spelling)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(spellings[i], spelling))
            return true;
    return false;
}

struct spellings {
    struct slice *at;
    size_t count, limit;
};

static void add_spelling(struct spellings *spellings, struct slice name, struct arena *arena)
{
    struct lexicon_words words;
    if (spellings->count == spellings->limit || !lexicon_words_split(&words, name))
        return;
    struct slice folded = slice_from(words.text, words.text_len);
    if (!has_spelling(spellings->at, spellings->count, folded))
        spellings->at[spellings->count++] = arena_copy(arena, folded);
}

static void add_known(struct spellings *spellings, const struct lexicon *lexicon,
                      const struct lexicon_entity *known)
{
    for (uint32_t i = 0; known && i < known->spelling_count; i++)
        spellings->at[spellings->count++] = lexicon_spelling(lexicon, known, i);
}

static const struct lexicon_entity *entity_or_null(const struct lexicon *lexicon, uint32_t index)
{
    return index == LEXICON_NONE ? NULL : lexicon_entity(lexicon, index);
}

// The lexicon's spellings first, then the bases of the mentions and the mentions as they stand; a
// bound keeps this linear.
static int fill_spellings(const struct linker *linker, const struct linked_entity *group,
                          struct tag_entity *entity, struct arena *arena)
{
    enum { OWN_SPELLINGS_MAX = 24 };
    const struct lexicon *lexicon = linker->lexicon;
    const struct lexicon_entity *known = entity_or_null(lexicon, group->entity);
    const struct lexicon_entity *twin =
        entity_or_null(lexicon, lexicon_twin(lexicon, group->entity));
    struct spellings spellings = {.count = 0};
    spellings.limit = (known ? known->spelling_count : 0u) + (twin ? twin->spelling_count : 0u) +
                      OWN_SPELLINGS_MAX;
    spellings.at = arena_alloc_array(arena, spellings.limit, sizeof *spellings.at);
    if (!spellings.at)
        return -ENOMEM;
    add_known(&spellings, lexicon, known);
    add_known(&spellings, lexicon, twin);
    struct slice last = {.len = 0}, last_base = last;
    for (size_t i = 0; i < entity->mention_count; i++) {
        const struct tag_mention *mention = &entity->mentions[i];
        if (slice_equal(mention->exact, last))
            continue;
        last = mention->exact;
        if (!slice_equal(mention->base, last_base))
            add_spelling(&spellings, mention->base, arena);
        last_base = mention->base;
        if (!slice_equal(mention->base, mention->exact))
            add_spelling(&spellings, mention->exact, arena);
    }
    entity->spellings = spellings.at;
    entity->spelling_count = spellings.count;
    return 0;
}

static int fill_result(const struct linker *linker, struct arena *arena, struct tag_result *out)
{
    struct tag_entity *entities =
        arena_alloc_array(arena, linker->group_count + 1, sizeof *entities);
    if (!entities || fill_mentions(linker, entities, arena) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < linker->group_count; i++) {
        const struct linked_entity *group = &linker->groups[i];
        entities[i].id = group->id;
        entities[i].type = group->type;
        entities[i].name = group->name;
        entities[i].confidence = group->belief.confidence;
        entities[i].alternatives = group->belief.alternatives;
        entities[i].alternative_count = group->belief.count;
        if (fill_spellings(linker, group, &entities[i], arena) < 0)
            return -ENOMEM;
    }
    out->entities = entities;
    out->entity_count = linker->group_count;
    return arena->overflowed ? -ENOMEM : 0;
}

int names_find(const struct recogniser *recogniser, const struct text *title,
               const struct text *body, struct slice language, struct arena *arena,
               struct tag_result *out)
{
    struct words fields[LINK_FIELDS];
    struct spans spans[LINK_FIELDS] = {{.count = 0}};
    const struct text *texts[LINK_FIELDS] = {title, body};
    int rc = 0;
    for (size_t f = 0; rc == 0 && f < LINK_FIELDS; f++)
        rc = words_prepare(&fields[f], recogniser->lexicon, texts[f], language, arena);
    if (rc == 0)
        rc = recognise(recogniser, fields, spans, LINK_FIELDS, arena);
    struct linker linker = {.lexicon = recogniser->lexicon,
                            .arena = arena,
                            .fields = fields,
                            .explain = recogniser->explain,
                            .spans = spans};
    if (rc == 0)
        rc = link_entities(&linker);
    return rc < 0 ? rc : fill_result(&linker, arena, out);
}
