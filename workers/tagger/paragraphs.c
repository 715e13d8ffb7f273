#include "workers/tagger/paragraphs.h"

#include <errno.h>

enum { PARAGRAPH_BYTES_MIN = 40 };

struct stretches {
    struct text_stretch *at;
    size_t count, capacity;
};

// Lengthens the last stretch when it ends where this one begins and is in the same language.
static int stretch_add(struct stretches *stretches, const struct text_stretch *stretch,
                       struct arena *arena)
{
    struct text_stretch *last = stretches->count ? &stretches->at[stretches->count - 1] : NULL;
    if (last && last->joined && strcmp(last->language.tag, stretch->language.tag) == 0) {
        last->end = stretch->end;
        return 0;
    }
    if (stretches->count == stretches->capacity) {
        size_t grown = stretches->capacity ? stretches->capacity * 2 : 8;
        struct text_stretch *at = arena_alloc_array(arena, grown, sizeof *at);
        if (!at)
            return -ENOMEM;
        if (stretches->count)
            memcpy(at, stretches->at, stretches->count * sizeof *at);
        stretches->at = at;
        stretches->capacity = grown;
    }
    stretches->at[stretches->count++] = *stretch;
    return 0;
}

static int paragraph_identify(struct stretches *stretches, struct slice text, size_t start,
                              size_t end, struct slice article, struct arena *arena)
{
    struct text_stretch stretch = {(uint32_t)start, (uint32_t)end, {.confidence = 0}, true};
    struct slice paragraph = slice_from(text.ptr + start, end - start);
    bool other = paragraph.len >= PARAGRAPH_BYTES_MIN &&
                 language_differs(paragraph, article, &stretch.language);
    if (other)
        return stretch_add(stretches, &stretch, arena);
    if (stretches->count && paragraph.len)
        stretches->at[stretches->count - 1].joined = false;
    return 0;
}

int paragraphs_identify(struct text *text, struct slice article, struct arena *arena)
{
    struct stretches stretches = {.count = 0};
    struct slice all = text->normalised;
    for (size_t start = 0; start < all.len;) {
        const char *found = memchr(all.ptr + start, '\n', all.len - start);
        size_t end = found ? (size_t)(found - all.ptr) : all.len;
        if (paragraph_identify(&stretches, all, start, end, article, arena) < 0)
            return -ENOMEM;
        start = end + 1;
    }
    text->stretches = stretches.at;
    text->stretch_count = stretches.count;
    return 0;
}
