#include "workers/tagger/guess.h"

#include "workers/tagger/decide.h"

enum { RUN_WORDS_MAX = 10, TITLE_REACH = 4 };

struct finder {
    const struct lexicon *lexicon;
    struct words *words;
    struct spans *spans;
    const uint32_t *span_of; // lexicon span of each covered word
};

static bool is_capital(const struct word *word)
{
    return (word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER)) && !(word->flags & WORD_IS_NUMBER);
}

static bool is_open(const struct finder *finder, size_t index)
{
    const struct word *word = &finder->words->at[index];
    return is_capital(word) && !(word->flags & (WORD_IS_COVERED | WORD_IS_HEADLINE)) &&
           !decide_is_common(finder->lexicon, finder->words, index);
}

static bool continues(const struct words *words, size_t index)
{
    const struct word *word = &words->at[index];
    if (word->gap == GAP_SPACE || word->gap == GAP_HYPHEN)
        return true;
    return word->gap == GAP_POINT && index > 0 && words->at[index - 1].flags & WORD_IS_INITIAL;
}

static bool has_organisation(const struct words *words, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        if (words->at[i].cues & WORD_ORGANISATION)
            return true;
    return false;
}

// How many words a small word inside a name ("von der", "for the") takes up before the next
// capitalised one; 0 when the name ends here.
static size_t links(const struct finder *finder, size_t first, size_t count)
{
    const struct words *words = finder->words;
    uint16_t wanted = has_organisation(words, first, count) ? WORD_OF | WORD_LINK : WORD_LINK;
    for (size_t len = 0; len < 3 && first + count + len < words->count; len++) {
        const struct word *word = &words->at[first + count + len];
        if (len > 0 && word->gap == GAP_SPACE && is_open(finder, first + count + len))
            return len;
        if (word->gap != GAP_SPACE || is_capital(word) || !(word->cues & wanted))
            return 0;
    }
    return 0;
}

static size_t run_length(const struct finder *finder, size_t first)
{
    const struct words *words = finder->words;
    size_t count = 1;
    while (count < RUN_WORDS_MAX) {
        size_t next = first + count;
        if (next < words->count && continues(words, next) && is_open(finder, next))
            count++;
        else if (next < words->count && links(finder, first, count))
            count += links(finder, first, count) + 1;
        else
            break;
    }
    return count;
}

// A title may stand some words before the name: "prezydent USA Donald Trump", "ministra spraw
// zagranicznych Rosji Siergieja".
static bool has_title_before(const struct words *words, size_t first)
{
    for (size_t back = 1; back <= TITLE_REACH && back <= first; back++) {
        const struct word *after = &words->at[first - back + 1];
        const struct word *word = &words->at[first - back];
        bool joined = after->gap == GAP_SPACE || after->gap == GAP_HYPHEN ||
                      (after->gap == GAP_POINT && word->cues & WORD_TITLE);
        if (!joined || word->sentence != words->at[first].sentence)
            return false;
        if (word->cues & WORD_TITLE)
            return true;
        bool between = word->flags & WORD_IS_COVERED || !is_capital(word);
        if (!between || word->cues & (WORD_SAYS | WORD_IN | WORD_LINK))
            return false;
    }
    return false;
}

static void decide_run(const struct finder *finder, size_t first, size_t count)
{
    struct words *words = finder->words;
    bool titled = has_title_before(words, first);
    while (count > 1 && words->at[first].cues & WORD_TITLE &&
           !(words->at[first].cues & WORD_ORGANISATION)) {
        titled = true;
        first++;
        count--;
    }
    if (words->at[first].cues & WORD_TITLE)
        return;
    struct candidate candidate = {
        .first = (uint32_t)first, .count = (uint32_t)count, .titled = titled};
    enum tag_type type;
    if (!decide_candidate(words, &candidate, &type))
        return;
    spans_add(finder->spans, words,
              (struct span){.first = candidate.first,
                            .count = candidate.count,
                            .type = type,
                            .entity = LEXICON_NONE,
                            .flags = SPAN_GUESS});
}

// A given name right before one known word makes a person of both, unless the lexicon is surer of
// that word than a surname can be.
static bool is_surname_of(const struct finder *finder, size_t index)
{
    const struct words *words = finder->words;
    if (index >= words->count || !continues(words, index) ||
        !(words->at[index].flags & WORD_IS_COVERED))
        return false;
    const struct span *span = &finder->spans->at[finder->span_of[index]];
    if (span->count != 1 || span->first != index || words->at[index].flags & WORD_IS_UPPER)
        return false;
    if (span->flags & (SPAN_SURNAME | SPAN_WEAK))
        return true;
    const struct lexicon_entity *entity = lexicon_entity(finder->lexicon, span->entity);
    return span->type == TAG_PLACE && entity->weight < 8;
}

static bool join_given(const struct finder *finder, size_t index)
{
    struct words *words = finder->words;
    if (!is_open(finder, index) || !decide_is_given(finder->lexicon, &words->at[index]) ||
        !is_surname_of(finder, index + 1))
        return false;
    struct span *span = &finder->spans->at[finder->span_of[index + 1]];
    words->at[index].flags |= WORD_IS_COVERED;
    *span = (struct span){.first = (uint32_t)index,
                          .count = 2,
                          .type = TAG_PERSON,
                          .entity = LEXICON_NONE,
                          .flags = SPAN_GUESS};
    return true;
}

void guess_names(const struct lexicon *lexicon, struct words *words, struct spans *spans,
                 struct arena *arena)
{
    uint32_t *span_of = arena_alloc_array(arena, words->count + 1, sizeof *span_of);
    if (!span_of)
        return;
    for (uint32_t i = 0; i < spans->count; i++)
        for (uint32_t j = 0; j < spans->at[i].count; j++)
            span_of[spans->at[i].first + j] = i;
    struct finder finder = {.lexicon = lexicon, .words = words, .spans = spans, .span_of = span_of};
    for (size_t i = 0; i < words->count; i++)
        join_given(&finder, i);
    for (size_t i = 0, len; i < words->count; i += len) {
        len = 1;
        if (!is_open(&finder, i))
            continue;
        len = run_length(&finder, i);
        decide_run(&finder, i, len);
    }
}
