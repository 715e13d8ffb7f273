#include "workers/tagger/explain.h"

#include <stdio.h>

#include "proto/base/buf.h"
#include "workers/tagger/readings.h"

enum { TEXT_BYTES_MAX = 4096 };

static void put_number(struct buf *out, double number)
{
    char text[16];
    snprintf(text, sizeof text, "%.3f", number);
    buf_put_text(out, text);
}

static void put_found(struct buf *out, const struct span *span)
{
    if (span->flags & SPAN_OWN)
        buf_put_text(out, "found in your own lexicon");
    else if (span->flags & SPAN_LISTED)
        buf_put_text(out, "found in the lexicon");
    else if (span->flags & SPAN_BARE)
        buf_put_text(out, "found as a surname of the article");
    else
        buf_put_text(out, "found by the names model");
    buf_put_text(out, " (");
    put_number(out, span->sure);
    buf_put_text(out, ")");
}

static void put_cases(struct buf *out, const struct lemma *lemma)
{
    static const char *const names[] = {"nominative", "genitive",     "dative",
                                        "accusative", "instrumental", "locative"};
    const char *before = " (";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lemma->cases & 1u << i && lemma->cases != CASE_ANY) {
            buf_put_text(out, before);
            buf_put_text(out, names[i]);
            before = " or ";
        }
    buf_put_text(out, before[1] == '(' ? " (" : ", ");
    buf_put_text(out, lemma->known ? "from the table)" : "by rule)");
}

// The word's part of the base: the lemma that stands in it.
static const struct lemma *lemma_in(const struct word *word, struct slice base)
{
    for (size_t i = 1; i < word->lemma_count; i++) {
        struct slice text = word->lemmas[i].text;
        for (size_t at = 0; at + text.len <= base.len; at++) {
            bool starts = at == 0 || base.ptr[at - 1] == ' ' || base.ptr[at - 1] == '-';
            size_t end = at + text.len;
            bool ends = end == base.len || base.ptr[end] == ' ' || base.ptr[end] == '-';
            if (starts && ends && memcmp(base.ptr + at, text.ptr, text.len) == 0)
                return &word->lemmas[i];
        }
    }
    return NULL;
}

static void put_forms(struct buf *out, const struct words *words, const struct span *span)
{
    for (uint32_t i = 0; i < span->count; i++) {
        const struct word *word = &words->at[span->first + i];
        struct slice exact = words_exact(words, span->first + i);
        const struct lemma *lemma = lemma_in(word, span->base);
        if (!lemma || slice_equal(lemma->text, exact))
            continue;
        buf_put_text(out, "; ");
        buf_put_slice(out, exact);
        buf_put_text(out, " is a form of ");
        buf_put_slice(out, lemma->text);
        put_cases(out, lemma);
    }
}

static void put_link(struct buf *out, const struct span *span)
{
    static const char *const ways[] = {
        [LINK_LEXICON] = "",
        [LINK_SOUND] = "; a name of the lexicon in another spelling",
        [LINK_SURNAME] = "; surname of ",
        [LINK_INITIAL] = "; initial and surname of ",
        [LINK_GIVEN] = "; given name of ",
        [LINK_ACRONYM] = "; acronym of ",
        [LINK_PART] = "; part of ",
        [LINK_EXPLAINED] = "; known by its acronym in the article",
    };
    buf_put_text(out, ways[span->link]);
    bool part = span->link >= LINK_SURNAME && span->link <= LINK_PART;
    if (part)
        buf_put_slice(out, span->whole);
    if (part && span->rival_name.len) {
        buf_put_text(out, " rather than of ");
        buf_put_slice(out, span->rival_name);
    }
}

static void put_readings(struct buf *out, const struct lexicon *lexicon, const struct words *words,
                         const struct span *span)
{
    struct readings readings;
    readings_find(&readings, lexicon, words, span->first, span->count, span->type);
    for (size_t i = 0; i < readings.count; i++) {
        const struct lexicon_entity *entity = lexicon_entity(lexicon, readings.at[i].entity);
        buf_put_text(out, i ? ", " : "; the lexicon has ");
        buf_put_slice(out, lexicon_string(lexicon, entity->id));
        buf_put_text(out, " (weight ");
        buf_put_decimal(out, entity->weight);
        buf_put_text(out, ", share ");
        put_number(out, readings_share(&readings, i));
        buf_put_text(out, ")");
    }
    if (!readings.count && span->entity == LEXICON_NONE && !span->whole.len)
        buf_put_text(out, "; not in the lexicon: an id made of its name");
}

struct slice explain_span(const struct lexicon *lexicon, const struct words *words,
                          const struct span *span, struct arena *arena)
{
    char bytes[TEXT_BYTES_MAX];
    struct buf out = {.ptr = bytes, .capacity = sizeof bytes, .limit = sizeof bytes};
    put_found(&out, span);
    put_forms(&out, words, span);
    put_link(&out, span);
    put_readings(&out, lexicon, words, span);
    return arena_copy(arena, buf_slice(&out));
}
