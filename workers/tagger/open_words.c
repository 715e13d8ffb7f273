#include "workers/tagger/open_words.h"

// A field, and the places of the words last seen that may be of a name, and of those to come.
struct scan {
    const struct marked *field;
    size_t before, after; // the words' count where there is none
};

// False for words that the language's texts use much, and hardly ever in names.
static bool is_of_names(const struct words *words, const struct word *word)
{
    // In the steps of a count's logarithm, eight to a doubling.
    enum { RARE = 64, SEEN_OFTEN = 24 };
    if (!word->info || word->other_language || word->cues & (WORD_LINK | WORD_OF))
        return true;
    int names = words_name_count(words, word);
    int small = words_count_of(words, word, COUNT_LOWER);
    int capital = words_count_of(words, word, COUNT_CAPITAL);
    int others = small > capital ? small : capital;
    return names ? names + RARE >= others : others < SEEN_OFTEN;
}

// A word around which names are looked for.
static bool is_likely(const struct marked *field, size_t index)
{
    const struct word *word = &field->words->at[index];
    return field->marks[index].place != MARK_NONE ||
           (words_may_begin(word) && !(word->flags & WORD_IS_NUMBER) &&
            is_of_names(field->words, word));
}

// Words between two of one sentence, or a number too large for a distance when there is none.
static size_t distance(const struct scan *scan, size_t from, size_t to)
{
    const struct words *words = scan->field->words;
    if (from >= words->count || to >= words->count ||
        words->at[from].sentence != words->at[to].sentence)
        return SIZE_MAX;
    return to - from;
}

static bool is_open(const struct scan *scan, size_t index)
{
    enum { BESIDE = 2, BRIDGE = 3 };
    const struct word *word = &scan->field->words->at[index];
    size_t before = distance(scan, scan->before, index), after = distance(scan, index, scan->after);
    if (scan->after == index || before <= BESIDE || after <= BESIDE)
        if (words_may_begin(word))
            return true;
    if (before > BRIDGE || !is_of_names(scan->field->words, word))
        return false;
    // Polish names alone go on in small letters to their end ("Bank ludowy").
    bool polish = word->language == LEXICON_PL && !word->other_language;
    return (after <= BRIDGE && before + after <= BRIDGE + 1) || (before == 1 && polish);
}

size_t open_words_mark(const struct marked *field, bool *open)
{
    size_t count = field->words->count, total = 0;
    struct scan scan = {.field = field, .before = count, .after = 0};
    for (size_t i = 0; i < count; i++) {
        if (scan.after < i)
            scan.after = i;
        while (scan.after < count && !is_likely(field, scan.after))
            scan.after++;
        total += open[i] = is_open(&scan, i);
        if (scan.after == i) {
            scan.before = i;
            scan.after++;
        }
    }
    return total;
}
