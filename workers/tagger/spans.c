#include "workers/tagger/spans.h"

void spans_add(struct spans *spans, struct words *words, struct span span)
{
    if (spans->count == spans->capacity)
        return;
    for (uint32_t i = span.first; i < span.first + span.count; i++)
        words->at[i].flags |= WORD_IS_COVERED;
    spans->at[spans->count++] = span;
}
