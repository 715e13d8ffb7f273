#include "workers/tagger/marks.h"

static uint8_t fame_of(const struct lexicon *lexicon, const struct span *span)
{
    return (uint8_t)((lexicon_entity(lexicon, span->entity)->weight + 1u) / 3u);
}

static void mark_span(struct mark *marks, const struct span *span, uint8_t fame)
{
    for (uint32_t i = 0; i < span->count; i++)
        marks[span->first + i] = (struct mark){
            .place = span->count == 1       ? MARK_SINGLE
                     : i == 0               ? MARK_BEGIN
                     : i + 1 == span->count ? MARK_END
                                            : MARK_INSIDE,
            .type = (uint8_t)span->type,
            .flags = (uint8_t)span->flags,
            .fame = fame,
        };
}

const struct mark *marks_of_spans(const struct lexicon *lexicon, const struct words *words,
                                  const struct spans *spans, struct arena *arena)
{
    struct mark *marks = arena_alloc_array(arena, words->count + 1, sizeof *marks);
    if (!marks)
        return NULL;
    for (size_t i = 0; i < spans->count; i++)
        if (!(spans->at[i].flags & SPAN_DROPPED))
            mark_span(marks, &spans->at[i], fame_of(lexicon, &spans->at[i]));
    return marks;
}
