#include "workers/tagger/recognise.h"

#include <errno.h>

#include "workers/tagger/cut.h"
#include "workers/tagger/match.h"
#include "workers/tagger/sequence.h"

enum strength {
    STRENGTH_NONE,  // the model decides
    STRENGTH_FIRM,  // stays, unless the model reads a longer name around it
    STRENGTH_FIXED, // stays
};

// A word that stands for itself, not for somebody of that name.
static bool is_own_word(const struct span *span)
{
    return span->type != TAG_PERSON && !(span->flags & SPAN_SURNAME);
}

// The lexicon writes the word alike in Polish, German and English: it is no translated common noun.
static bool is_international(const struct lexicon *lexicon, const struct word *word,
                             uint32_t entity)
{
    const unsigned all = 1u << LEXICON_PL | 1u << LEXICON_DE | 1u << LEXICON_EN;
    unsigned seen = 0;
    for (size_t i = 0; i < word->lemma_count; i++) {
        uint64_t hash = lexicon_hash_append(0, word->lemmas[i].hash);
        const struct lexicon_node *node = lexicon_find_node(lexicon, hash);
        if (!node || node->posting == LEXICON_NONE)
            continue;
        const struct lexicon_posting *posting = lexicon_postings(lexicon, node->posting);
        for (;; posting++) {
            if (posting->entity == entity)
                seen |= posting->languages ? posting->languages : all;
            if (posting->flags & POSTING_LAST)
                break;
        }
    }
    return (seen & all) == all;
}

static bool is_anybody_or_anything(const struct word *word)
{
    const struct lexicon_word *info = word->info;
    bool used = info && (info->given || info->surname);
    for (size_t i = 0; i < LEXICON_LANGUAGES && info; i++)
        used |= info->counts[i][COUNT_LOWER] || info->counts[i][COUNT_CAPITAL] ||
                info->counts[i][COUNT_PERSON];
    return used;
}

// One word that is nothing else, in a language that the model reads less well than Polish: no
// ordinary word, nobody's name, and of a place's no part of a longer one that the lexicon does not
// know ("Detroit Pistons").
static bool is_only_name(const struct lexicon *lexicon, const struct words *words,
                         const struct span *span)
{
    const struct word *word = &words->at[span->first];
    bool goes_on =
        span->first + 1 < words->count && word[1].gap == GAP_SPACE && words_is_capital(&word[1]);
    if (word->language == LEXICON_PL || word->flags & WORD_IS_HEADLINE ||
        is_anybody_or_anything(word) || (goes_on && span->type == TAG_PLACE))
        return false;
    uint8_t weight = lexicon_entity(lexicon, span->entity)->weight;
    return is_own_word(span) && ((span->type == TAG_ORGANISATION && weight >= 7) ||
                                 is_international(lexicon, word, span->entity));
}

// How far the lexicon alone decides: what the user named, what the model has no type for, and
// well-known names of several words, and famous places and organisations.
static enum strength strength_of(const struct lexicon *lexicon, const struct words *words,
                                 const struct span *span)
{
    enum { KNOWN_WELL = 5, FAMOUS = 8 };
    if (span->flags & SPAN_WEAK)
        return STRENGTH_NONE;
    if (span->flags & SPAN_OWN)
        return span->count > 1 ? STRENGTH_FIXED : STRENGTH_FIRM;
    bool typed =
        span->type == TAG_PERSON || span->type == TAG_ORGANISATION || span->type == TAG_PLACE;
    if (!typed)
        return STRENGTH_FIRM;
    uint8_t weight = lexicon_entity(lexicon, span->entity)->weight;
    bool firm = span->count > 1 ? weight >= KNOWN_WELL
                                : (weight >= FAMOUS && is_own_word(span)) ||
                                      (weight >= KNOWN_WELL && is_only_name(lexicon, words, span));
    return firm ? STRENGTH_FIRM : STRENGTH_NONE;
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

static bool is_small_part(const struct words *words, size_t index)
{
    return words->at[index].gap == GAP_HYPHEN && !words_is_capital(&words->at[index]) &&
           words->at[index].language == LEXICON_DE;
}

static bool is_genitive(const struct words *words, size_t index)
{
    struct slice exact = words_exact(words, index);
    return exact.len && (exact.ptr[0] == '\'' || slice_begins(exact, "’"));
}

// English writes no name's last word small: "Ciudadanos party", "Notre-Dame cathedral"; but "Ray's
// pizza", "Levi s" and what is small throughout.
static bool is_small_behind(const struct words *words, const struct span *span, size_t index)
{
    const struct word *word = &words->at[index];
    return word->language == LEXICON_EN && !words_is_capital(word) &&
           !(word->flags & (WORD_IS_NUMBER | WORD_IS_MIXED)) && word->folded.len > 1 &&
           words_is_capital(&words->at[span->first]) && !is_genitive(words, index - 1);
}

// A title is no part of a person's name ("Mr Palmer"), nor is the genitive behind any.
static void trim(const struct lexicon *lexicon, const struct words *words, struct span *span)
{
    const struct word *first = &words->at[span->first];
    while (span->count > 1 && span->type == TAG_PERSON &&
           words_compound_cues(lexicon, first) & WORD_TITLE && words_may_begin(first + 1)) {
        span->first++;
        span->count--;
        first++;
    }
    while (span->count > 1 && (is_genitive(words, span->first + span->count - 1) ||
                               is_small_part(words, span->first + span->count - 1) ||
                               is_small_behind(words, span, span->first + span->count - 1)))
        span->count--;
}

// "Berliner", "Hamburger".
static bool is_german_adjective(const struct lexicon *lexicon, const struct word *word)
{
    enum { ENDING = 2, STEM_MIN = 4 };
    size_t stem = word->folded.len - ENDING;
    if (word->language != LEXICON_DE || word->folded.len < STEM_MIN + ENDING ||
        memcmp(word->folded.ptr + stem, "er", ENDING) != 0)
        return false;
    uint64_t hash = lexicon_hash_word(slice_from(word->folded.ptr, stem));
    const struct lexicon_node *node = lexicon_find_node(lexicon, lexicon_hash_append(0, hash));
    if (!node || node->posting == LEXICON_NONE)
        return false;
    uint32_t entity = lexicon_postings(lexicon, node->posting)->entity;
    return lexicon_entity(lexicon, entity)->type == TAG_PLACE;
}

// Inhabitants and adjectives are not names of places. In Polish some are also forms of a country's
// name ("Czech", "Niemiec").
static bool is_people(const struct lexicon *lexicon, const struct words *words,
                      const struct span *span)
{
    const struct word *last = &words->at[span->first + span->count - 1];
    if (span->type != TAG_PLACE || (last->language == LEXICON_PL && span->entity != LEXICON_NONE))
        return false;
    return last->cues & WORD_PEOPLE || (span->count == 1 && is_german_adjective(lexicon, last));
}

// "US-amerikanische" is an adjective; "Putin-nahe" begins with a name.
static bool is_german_compound_adjective(const struct words *words, const struct span *span)
{
    size_t next = span->first + span->count;
    if (next >= words->count || !is_small_part(words, next))
        return false;
    struct slice folded = words->at[next].folded;
    for (size_t ending = 0; ending <= 2 && folded.len > ending + 4; ending++)
        if (memcmp(folded.ptr + folded.len - ending - 4, "isch", 4) == 0)
            return true;
    return false;
}

// "U. S.": the full stop behind initials belongs to them.
static bool ends_with_initial(const struct words *words, const struct span *span)
{
    for (size_t i = span->first; i < span->first + span->count; i++)
        if (!(words->at[i].flags & WORD_IS_INITIAL))
            return false;
    return span->count > 1;
}

// The span of the labels from `first` on; the lexicon's own where it matches the same words.
static struct span span_of(const struct lexicon *lexicon, const struct words *words,
                           const struct span *known, size_t first, size_t count, enum tag_type type)
{
    struct span span = {.first = (uint32_t)first,
                        .count = (uint32_t)count,
                        .type = type,
                        .entity = LEXICON_NONE,
                        .flags = SPAN_GUESS};
    bool same = known && known->first == first && known->count == count;
    if (!same)
        trim(lexicon, words, &span);
    if (known && known->first == span.first && known->count == span.count && known->type == type) {
        uint32_t weak = known->flags & SPAN_WEAK;
        span = *known;
        span.flags &= ~weak;
    }
    if (ends_with_initial(words, &span))
        span.flags |= SPAN_POINT;
    return span;
}

struct taker {
    const struct lexicon *lexicon;
    struct words *words;
    const struct labelled *labels;
    const struct spans *known;
    size_t at; // the lexicon's next span
};

// The words from `first` on that the model reads as one name, up to the next fixed span; 0: none.
static size_t run_of(const struct taker *taker, size_t first)
{
    size_t limit = taker->words->count, count = 1;
    if (!label_begins(taker->labels[first].label))
        return 0;
    for (size_t i = taker->at; i < taker->known->count && limit == taker->words->count; i++) {
        const struct span *span = &taker->known->at[i];
        if (span->first > first &&
            strength_of(taker->lexicon, taker->words, span) == STRENGTH_FIXED)
            limit = span->first;
        if (!label_goes_on(taker->labels[span->first].label) && span->first > first)
            break;
    }
    while (first + count < limit && label_goes_on(taker->labels[first + count].label))
        count++;
    return count;
}

// A name is as sure as its least sure word.
static float sureness(const struct labelled *labels, size_t count)
{
    float least = 1;
    for (size_t i = 0; i < count; i++)
        least = labels[i].sure < least ? labels[i].sure : least;
    return least;
}

// Takes the span that begins at `first`, if one does; returns how many words are done with.
static size_t take_span(struct taker *taker, size_t first, struct spans *spans)
{
    const struct span *near = skip_to(taker->known, &taker->at, first);
    enum strength strength = near && near->first == first
                                 ? strength_of(taker->lexicon, taker->words, near)
                                 : STRENGTH_NONE;
    size_t count = run_of(taker, first);
    if (strength == STRENGTH_FIXED || (strength == STRENGTH_FIRM && count <= near->count)) {
        struct span known = *near;
        known.sure = 1;
        known.flags |= SPAN_LISTED;
        spans_add(spans, taker->words, known);
        return near->count;
    }
    if (count == 0)
        return 1;
    struct span span = span_of(taker->lexicon, taker->words, near, first, count,
                               type_of(taker->labels[first].label));
    span.sure = sureness(&taker->labels[first], count);
    if (!is_people(taker->lexicon, taker->words, &span) &&
        !is_german_compound_adjective(taker->words, &span))
        spans_add(spans, taker->words, span);
    return count;
}

static void take_spans(const struct lexicon *lexicon, struct words *words,
                       const struct labelled *labels, const struct spans *known,
                       struct spans *spans)
{
    struct taker taker = {lexicon, words, labels, known, 0};
    for (size_t i = 0; i < words->count;)
        i += take_span(&taker, i, spans);
}

static int allocate(struct spans *spans, const struct words *words, struct arena *arena)
{
    *spans = (struct spans){.capacity = words->candidates + words->count};
    spans->at = arena_alloc_array_uncleared(arena, spans->capacity + 1, sizeof *spans->at);
    return spans->at ? 0 : -ENOMEM;
}

int recognise(const struct recogniser *recogniser, struct words *fields, struct spans *spans,
              size_t count, struct arena *arena)
{
    struct spans known[SEQUENCE_FIELDS_MAX];
    struct marked marked[SEQUENCE_FIELDS_MAX] = {{.words = NULL}};
    for (size_t f = 0; f < count; f++) {
        if (allocate(&known[f], &fields[f], arena) < 0 ||
            allocate(&spans[f], &fields[f], arena) < 0)
            return -ENOMEM;
        match_lexicon(recogniser->lexicon, &fields[f], &known[f]);
        marked[f] = (struct marked){
            .words = &fields[f],
            .marks = marks_of_spans(recogniser->lexicon, &fields[f], &known[f], arena)};
        if (!marked[f].marks)
            return -ENOMEM;
    }
    struct labelled *labels[SEQUENCE_FIELDS_MAX];
    const struct recall *recall = recall_collect(marked, count, arena);
    if (!recall || sequence_read(recogniser->lexicon, recogniser->model, marked, count, recall,
                                 labels, arena) < 0)
        return -ENOMEM;
    for (size_t f = 0; f < count; f++) {
        for (size_t i = 0; i < fields[f].count; i++)
            fields[f].at[i].flags &= (uint16_t)~WORD_IS_COVERED;
        cut_names(recogniser->lexicon, &fields[f], &known[f], labels[f]);
        take_spans(recogniser->lexicon, &fields[f], labels[f], &known[f], &spans[f]);
    }
    return 0;
}
