#include "workers/tagger/recognise.h"

#include <errno.h>

#include "workers/tagger/match.h"
#include "workers/tagger/sequence.h"

enum { FIELDS_MAX = 2 };

// What the model has no type for, and what the user named, stays as the lexicon has it where that is
// sure.
static bool is_settled(const struct span *span)
{
    bool typed =
        span->type == TAG_PERSON || span->type == TAG_ORGANISATION || span->type == TAG_PLACE;
    return (!typed || span->flags & SPAN_OWN) && !(span->flags & SPAN_WEAK);
}

static enum tag_type type_of(uint8_t label)
{
    return label <= LABEL_PERSON_MORE         ? TAG_PERSON
           : label <= LABEL_ORGANISATION_MORE ? TAG_ORGANISATION
                                              : TAG_PLACE;
}

// The next lexicon span that does not end before `first`.
static const struct span *skip_to(const struct spans *known, size_t *at, size_t first)
{
    while (*at < known->count && known->at[*at].first + known->at[*at].count <= first)
        (*at)++;
    return *at < known->count ? &known->at[*at] : NULL;
}

static struct span span_of(const struct recogniser *recogniser, const struct words *words,
                           const struct span *known, size_t first, size_t count,
                           const struct labelled *labels)
{
    struct span span = {.first = (uint32_t)first,
                        .count = (uint32_t)count,
                        .type = type_of(labels[first].label),
                        .entity = LEXICON_NONE,
                        .flags = SPAN_GUESS};
    (void)recogniser;
    (void)words;
    if (known && known->first == first && known->count == count && known->type == span.type) {
        span = *known;
        span.flags &= ~(uint32_t)SPAN_WEAK;
    }
    return span;
}

static void take_spans(const struct recogniser *recogniser, struct words *words,
                       const struct labelled *labels, const struct spans *known,
                       struct spans *spans)
{
    size_t at = 0;
    for (size_t i = 0; i < words->count;) {
        const struct span *near = skip_to(known, &at, i);
        if (near && near->first == i && is_settled(near)) {
            spans_add(spans, words, *near);
            i += near->count;
            continue;
        }
        if (!label_begins(labels[i].label)) {
            i++;
            continue;
        }
        size_t count = 1;
        while (i + count < words->count && label_goes_on(labels[i + count].label))
            count++;
        spans_add(spans, words, span_of(recogniser, words, near, i, count, &labels[0]));
        i += count;
    }
}

static int allocate(struct spans *spans, const struct words *words, struct arena *arena)
{
    *spans = (struct spans){.capacity = words->candidates + words->count};
    spans->at = arena_alloc_array(arena, spans->capacity + 1, sizeof *spans->at);
    return spans->at ? 0 : -ENOMEM;
}

int recognise(const struct recogniser *recogniser, struct words *fields, struct spans *spans,
              size_t count, struct arena *arena)
{
    struct spans known[FIELDS_MAX];
    struct marked marked[FIELDS_MAX] = {{.words = NULL}};
    for (size_t f = 0; f < count; f++) {
        if (allocate(&known[f], &fields[f], arena) < 0 || allocate(&spans[f], &fields[f], arena) < 0)
            return -ENOMEM;
        match_lexicon(recogniser->lexicon, &fields[f], &known[f]);
        marked[f] = (struct marked){
            .words = &fields[f],
            .marks = marks_of_spans(recogniser->lexicon, &fields[f], &known[f], arena)};
        if (!marked[f].marks)
            return -ENOMEM;
    }
    const struct recall *recall = recall_collect(marked, count, arena);
    for (size_t f = 0; recall && f < count; f++) {
        const struct labelled *labels =
            sequence_read(recogniser->model, &marked[f], recall, arena);
        if (!labels)
            return -ENOMEM;
        for (size_t i = 0; i < fields[f].count; i++)
            fields[f].at[i].flags &= (uint16_t)~WORD_IS_COVERED;
        take_spans(recogniser, &fields[f], labels, &known[f], &spans[f]);
    }
    return recall ? 0 : -ENOMEM;
}
