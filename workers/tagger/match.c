#include "workers/tagger/match.h"

// A name may have this many words; deeper beginnings exist only in damaged input.
enum { MATCH_WORDS_MAX = 12 };

// One way to read the words from `first` on as a name.
struct match {
    const struct lexicon_posting *posting;
    uint32_t words;
    uint32_t inflected; // words that were not in their dictionary form
    int score;
};

struct walk {
    const struct lexicon *lexicon;
    const struct words *words;
    size_t first, limit; // words: where it begins, where it must have ended
    bool own;            // the user's names, else those of the shipped lexicon
    struct match best;
    bool rare_form; // the word alone is read in a way that only well-known names justify
};

static bool joins(const struct word *word)
{
    enum { ABBREVIATION_MAX = 4 };
    bool abbreviated = word->gap == GAP_POINT && word[-1].folded.len <= ABBREVIATION_MAX;
    if (word->sentence != word[-1].sentence && !abbreviated)
        return false;
    return word->gap == GAP_SPACE || word->gap == GAP_HYPHEN || word->gap == GAP_POINT ||
           word->gap == GAP_SIGN;
}

// True when the article's language uses the word (also) as an ordinary one. Where a capital letter
// says nothing, small ones elsewhere count too.
static bool is_ordinary(const struct words *words, const struct word *word)
{
    int ordinary = words_count_of(words, word, COUNT_CAPITAL);
    int lower = words_count_of(words, word, COUNT_LOWER);
    bool starts = word->flags & (WORD_IS_FIRST | WORD_IS_QUOTED | WORD_IS_HEADLINE) ||
                  !(word->flags & WORD_IS_CAPITAL);
    if (starts && lower > ordinary)
        ordinary = lower;
    return ordinary > words_name_count(words, word);
}

// "G20": one capital, then digits.
static bool is_letter_and_number(const struct word *word)
{
    for (size_t i = 1; i < word->folded.len; i++)
        if (word->folded.ptr[i] < '0' || word->folded.ptr[i] > '9')
            return false;
    return (word->flags & WORD_IS_CAPITAL) != 0;
}

static bool is_upper_throughout(const struct words *words, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        if (!(words->at[i].flags & (WORD_IS_UPPER | WORD_IS_NUMBER)) &&
            !is_letter_and_number(&words->at[i]))
            return false;
    return true;
}

// The last word of persons' and places' names, where they write it with a capital.
static bool last_is_capital(const struct lexicon *lexicon, const struct lexicon_posting *posting)
{
    const struct lexicon_entity *entity = lexicon_entity(lexicon, posting->entity);
    if (entity->type != TAG_PERSON && entity->type != TAG_PLACE)
        return false;
    struct slice text = lexicon_string(lexicon, posting->text);
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != ' ' && text.ptr[at - 1] != '-')
        at--;
    return at < text.len && !(text.ptr[at] >= 'a' && text.ptr[at] <= 'z');
}

static bool fits_case(const struct walk *walk, const struct lexicon_posting *posting,
                      uint32_t count)
{
    const struct word *first = &walk->words->at[walk->first];
    if (posting->flags & POSTING_UPPER)
        return is_upper_throughout(walk->words, walk->first, count) &&
               !(first->flags & WORD_IS_HEADLINE && first->info && is_ordinary(walk->words, first));
    const struct word *last = first + count - 1;
    bool last_small = !(last->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER | WORD_IS_NUMBER));
    if (count > 1 && last_small && last_is_capital(walk->lexicon, posting))
        return false;
    return (first->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER | WORD_IS_NUMBER)) ||
           posting->flags & POSTING_LOWER;
}

static bool fits_language(const struct walk *walk, const struct lexicon_posting *posting,
                          uint32_t inflected)
{
    const unsigned other = 1u << LEXICON_OTHER;
    const struct word *word = &walk->words->at[walk->first];
    unsigned own = 1u << word->language | (word->other_language ? other : 0);
    bool native = posting->languages == 0 || posting->languages & own;
    if (posting->languages == other && !native)
        return false; // "Rada" is the Verkhovna Rada in Ukrainian, and a council in Polish
    if (native || posting->words > 1)
        return true;
    if (inflected || word->folded.len <= 4)
        return false;
    return !is_ordinary(walk->words, word);
}

// Folded Cyrillic spellings match Latin text too; their letters are no dictionary form there.
static bool is_cyrillic(struct slice text)
{
    return text.len && ((uint8_t)text.ptr[0] == 0xd0 || (uint8_t)text.ptr[0] == 0xd1);
}

static int score_of(const struct walk *walk, const struct lexicon_posting *posting,
                    uint32_t inflected)
{
    const struct lexicon_entity *entity = lexicon_entity(walk->lexicon, posting->entity);
    const struct word *word = &walk->words->at[walk->first];
    unsigned own = 1u << (word->other_language ? LEXICON_OTHER : word->language);
    bool native = posting->languages & own;
    int score = entity->weight * 4 + (native ? 6 : 0) - (int)inflected * 3;
    if (is_cyrillic(lexicon_string(walk->lexicon, posting->text)))
        score -= 5;
    return posting->flags & POSTING_SURNAME ? score - 3 : score;
}

// A form by rule alone ("Bergen" for "Berge") that only well-known names justify; the user's are,
// unless the word is one for itself.
static bool is_too_rare(const struct walk *walk, const struct lexicon_entity *entity)
{
    if (!walk->rare_form)
        return false;
    return walk->own ? is_ordinary(walk->words, &walk->words->at[walk->first]) : entity->weight < 8;
}

static void consider(struct walk *walk, uint32_t posting_index, uint32_t count, uint32_t inflected)
{
    const struct lexicon_posting *posting = lexicon_postings(walk->lexicon, posting_index);
    for (;; posting++) {
        if (fits_case(walk, posting, count) && fits_language(walk, posting, inflected) &&
            !is_too_rare(walk, lexicon_entity(walk->lexicon, posting->entity))) {
            int score = score_of(walk, posting, inflected);
            if (count > walk->best.words || score > walk->best.score)
                walk->best = (struct match){
                    .posting = posting, .words = count, .inflected = inflected, .score = score};
        }
        if (posting->flags & POSTING_LAST)
            return;
    }
}

// Extends the beginning `hash` of `depth` words by each reading of the next word. Only beginnings
// of real names are followed, so that the walk stays short whatever the text holds.
static void extend(struct walk *walk, uint64_t hash, uint32_t depth, uint32_t inflected)
{
    size_t index = walk->first + depth;
    if (index >= walk->limit || depth >= MATCH_WORDS_MAX)
        return;
    const struct word *word = &walk->words->at[index];
    if (depth > 0 && (!joins(word) || word->flags & WORD_IS_COVERED))
        return;
    size_t readings = word->lemma_count ? word->lemma_count : 1;
    for (size_t i = 0; i < readings; i++) {
        uint64_t read = i == 0 ? word->hash : word->lemmas[i].hash;
        if (i > 0 && read == word->hash)
            continue;
        uint64_t longer = lexicon_hash_append(hash, read);
        const struct lexicon_node *node = walk->own ? lexicon_find_own_node(walk->lexicon, longer)
                                                    : lexicon_find_node(walk->lexicon, longer);
        if (!node)
            continue;
        uint32_t changed = inflected + (i > 0);
        // German adjectives change their endings inside names only ("Weißen Hauses"): "Berliner"
        // alone is no form of a name.
        bool adjective = i > 0 && word->lemmas[i].cases == CASE_ANY;
        walk->rare_form = depth == 0 && i > 0 && !word->lemmas[i].known &&
                          word->language == LEXICON_DE && word->lemmas[i].cases == CASE_DATIVE;
        if (node->posting != LEXICON_NONE && depth + 1 >= walk->best.words &&
            (depth > 0 || !adjective))
            consider(walk, node->posting, depth + 1, changed);
        extend(walk, longer, depth + 1, changed);
    }
}

// A place preposition before the word, or a word for a kind of place ("the city of Nancy").
static bool has_place_cue(const struct words *words, size_t first)
{
    const struct word *word = &words->at[first];
    if (first == 0 || word->gap != GAP_SPACE)
        return false;
    uint16_t cues = words->at[first - 1].cues;
    if (cues & (WORD_IN | WORD_GEO))
        return true;
    return first > 1 && words->at[first - 1].gap == GAP_SPACE && cues & WORD_OF &&
           words->at[first - 2].cues & WORD_GEO;
}

static bool has_title_cue(const struct words *words, size_t first)
{
    return first > 0 && words->at[first].gap == GAP_SPACE && words->at[first - 1].cues & WORD_TITLE;
}

// One known word is a weak sign when it is also an ordinary word or a person's name.
static bool is_weak(const struct walk *walk, const struct lexicon_entity *entity)
{
    const struct words *words = walk->words;
    const struct word *word = &words->at[walk->first];
    bool seen =
        words_count_of(words, word, COUNT_PLACE) > words_count_of(words, word, COUNT_PERSON);
    bool personal =
        word->info && !seen && (word->info->given || (word->info->surname && entity->weight < 5));
    bool ordinary = is_ordinary(words, word);
    bool headline = (word->flags & WORD_IS_HEADLINE) != 0;
    if (word->cues & (WORD_NEVER | WORD_PEOPLE) && entity->weight < 9)
        return true;
    if (word->flags & WORD_IS_UPPER && !headline && entity->type == TAG_ORGANISATION)
        return false;
    switch (entity->type) {
    case TAG_PLACE:
        if (has_place_cue(words, walk->first) &&
            !((ordinary || (personal && word->info->given)) && entity->weight < 6))
            return false;
        if (entity->weight >= 8 && !headline)
            return ordinary && word->language == LEXICON_DE;
        return ordinary || (entity->weight < 7 && personal) ||
               (entity->weight < 4 && word->info && !seen);
    case TAG_PERSON:
        return ordinary && !has_title_cue(words, walk->first);
    default:
        return ordinary &&
               (word->language == LEXICON_DE || word->flags & WORD_IS_FIRST || headline);
    }
}

// Of the user's names one is weak only where capital letters say nothing and the word is rather a
// small one.
static bool is_weak_own(const struct walk *walk)
{
    const struct words *words = walk->words;
    const struct word *word = &words->at[walk->first];
    return word->flags & (WORD_IS_FIRST | WORD_IS_HEADLINE) &&
           words_count_of(words, word, COUNT_LOWER) > words_name_count(words, word);
}

// The entity's name; where that is Cyrillic too, the words as they stand.
static struct slice latin_base(const struct walk *walk, const struct words *words,
                               const struct lexicon_entity *entity)
{
    struct slice name = lexicon_string(walk->lexicon, entity->name);
    if (!is_cyrillic(name))
        return name;
    const struct word *first = &words->at[walk->first], *last = first + walk->best.words - 1;
    return slice_from(words->text->normalised.ptr + first->start, last->end - first->start);
}

static void take(struct walk *walk, struct words *words, struct spans *spans)
{
    const struct match *best = &walk->best;
    uint32_t index = lexicon_prefer(walk->lexicon, best->posting->entity);
    const struct lexicon_entity *entity = lexicon_entity(walk->lexicon, index);
    struct span span = {.first = (uint32_t)walk->first,
                        .count = best->words,
                        .type = (enum tag_type)entity->type,
                        .entity = index,
                        .base = lexicon_string(walk->lexicon, best->posting->text)};
    if (walk->own)
        span.flags |= SPAN_OWN;
    if (best->posting->flags & POSTING_SURNAME)
        span.flags |= SPAN_SURNAME;
    if (is_cyrillic(span.base) && !is_cyrillic(words_exact(words, walk->first)))
        span.base = latin_base(walk, words, entity);
    if (span.base.len && span.base.ptr[span.base.len - 1] == '.')
        span.flags |= SPAN_POINT;
    bool exact = (best->posting->flags & (POSTING_UPPER | POSTING_LOWER)) != 0;
    if (best->words == 1 && !exact && (walk->own ? is_weak_own(walk) : is_weak(walk, entity)))
        span.flags |= SPAN_WEAK;
    spans_add(spans, words, span);
}

static struct walk walk_from(const struct lexicon *lexicon, const struct words *words, size_t first,
                             size_t limit, bool own)
{
    struct walk walk = {
        .lexicon = lexicon, .words = words, .first = first, .limit = limit, .own = own};
    if (!own || lexicon_has_own(lexicon))
        extend(&walk, 0, 0, 0);
    return walk;
}

// Where the first of the user's names begins that reaches beyond `end`, when it begins before that;
// else `end`.
static size_t own_beyond(const struct lexicon *lexicon, const struct words *words, size_t first,
                         size_t end)
{
    for (size_t i = first; lexicon_has_own(lexicon) && i < end; i++) {
        if (!words_may_begin(&words->at[i]))
            continue;
        struct walk own = walk_from(lexicon, words, i, words->count, true);
        if (own.best.posting && i + own.best.words > end)
            return i;
    }
    return end;
}

// The user's names go before those of the shipped lexicon, unless they lie within a longer one.
static struct walk best_from(const struct lexicon *lexicon, const struct words *words, size_t first)
{
    struct walk own = walk_from(lexicon, words, first, words->count, true);
    struct walk best = walk_from(lexicon, words, first, words->count, false);
    size_t end = first + best.best.words;
    size_t limit = best.best.words > 1 ? own_beyond(lexicon, words, first + 1, end) : end;
    if (limit < end)
        best = walk_from(lexicon, words, first, limit, false);
    return own.best.posting && own.best.words >= best.best.words ? own : best;
}

void match_lexicon(const struct lexicon *lexicon, struct words *words, struct spans *spans)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!words_may_begin(&words->at[i]))
            continue;
        struct walk walk = best_from(lexicon, words, i);
        if (walk.best.posting) {
            take(&walk, words, spans);
            i += walk.best.words - 1;
        }
    }
}
