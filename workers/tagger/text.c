// The steps, in order: lines, furniture, unwrapping, normalising, tokens, sentences.
#include "workers/tagger/text.h"

#include <errno.h>

#include "proto/base/utf8.h"
#include "proto/wire/edit.h"
#include "workers/tagger/furniture.h"
#include "workers/tagger/normalise.h"
#include "workers/tagger/sentences.h"
#include "workers/tagger/tokens.h"
#include "workers/tagger/unwrap.h"

enum { SUBMITTED_MAX = 1 << 30 }; // positions are 32 bits, and so are sums of two of them

int text_normalise(struct text *out, enum tag_field field, struct slice submitted, bool furniture,
                   struct arena *arena)
{
    *out = (struct text){.field = field, .submitted = submitted};
    if (submitted.len >= SUBMITTED_MAX)
        return -EFBIG;
    if (!utf8_is_valid(submitted))
        return -EILSEQ;
    struct lines lines;
    struct credits credits = {.count = 0};
    if (lines_split(&lines, submitted, arena) < 0 ||
        (furniture && furniture_mark(&lines, submitted, &credits, arena) < 0))
        return -ENOMEM;
    out->credits = credits.at;
    out->credit_count = credits.count;
    unwrap_decide(&lines, submitted);
    return normalise_text(out, &lines, arena);
}

int text_cut(struct text *text, struct slice language, struct arena *arena)
{
    struct token *tokens;
    if (tokens_cut(text, &tokens, arena) < 0)
        return -ENOMEM;
    sentences_mark(text, tokens, language);
    return 0;
}

int text_prepare(struct text *out, enum tag_field field, struct slice submitted,
                 struct slice language, bool furniture, struct arena *arena)
{
    int failed = text_normalise(out, field, submitted, furniture, arena);
    return failed ? failed : text_cut(out, language, arena);
}

struct slice text_language_at(const struct text *text, uint32_t byte, struct slice article,
                              size_t *state)
{
    while (*state < text->stretch_count && text->stretches[*state].end <= byte)
        ++*state;
    if (*state == text->stretch_count || text->stretches[*state].start > byte)
        return article;
    return slice_from_text(text->stretches[*state].language.tag);
}

// The segment that holds normalised byte `at`; `at` is within the text.
static const struct segment *segment_of(const struct text *text, uint32_t at)
{
    size_t low = 0, high = text->segment_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->segments[middle].normalised <= at)
            low = middle;
        else
            high = middle;
    }
    return &text->segments[low];
}

void text_to_submitted(const struct text *text, uint32_t start, uint32_t end,
                       uint32_t *submitted_start, uint32_t *submitted_end)
{
    *submitted_start = *submitted_end = 0;
    if (start >= end || end > text->normalised.len)
        return;
    const struct segment *first = segment_of(text, start), *last = segment_of(text, end - 1);
    *submitted_start = first->submitted + (first->copied ? start - first->normalised : 0);
    *submitted_end =
        last->submitted + (last->copied ? end - last->normalised : last->submitted_len);
}

uint32_t text_code_point(const struct text *text, uint32_t submitted_byte,
                         struct text_position *state)
{
    if (submitted_byte < state->byte)
        *state = (struct text_position){0};
    struct slice between =
        slice_from(text->submitted.ptr + state->byte, submitted_byte - state->byte);
    state->code_point += (uint32_t)utf8_count(between);
    state->byte = submitted_byte;
    return state->code_point;
}

// Bytes of the edits: one for each copied segment or start of a replaced one, and the replaced
// text.
static size_t edits_size(const struct text *text)
{
    size_t size = 0;
    for (size_t i = 0; i < text->segment_count; i++) {
        const struct segment *segment = &text->segments[i];
        bool follows = i && text->segments[i - 1].copied && !segment->copied;
        size += follows ? 0 : EDIT_BYTES;
        size += segment->copied ? 0 : segment->normalised_len;
    }
    return size;
}

struct slice text_edits(const struct text *text, struct arena *arena)
{
    size_t size = edits_size(text);
    char *memory = arena_alloc_uncleared(arena, size + 1);
    struct buf out = {.ptr = memory, .capacity = size, .limit = size};
    for (size_t i = 0; memory && i < text->segment_count; i++) {
        const struct segment *segment = &text->segments[i];
        struct edit edit = {0};
        if (segment->copied) {
            edit.from = segment->submitted;
            edit.copy = segment->submitted_len;
            if (i + 1 < text->segment_count && !text->segments[i + 1].copied)
                segment = &text->segments[++i];
        }
        if (!segment->copied)
            edit.insert =
                slice_from(text->normalised.ptr + segment->normalised, segment->normalised_len);
        edit_encode(&out, &edit);
    }
    return slice_from(memory, out.len);
}
