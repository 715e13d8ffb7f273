#include "workers/tagger/base.h"

#include <errno.h>

#include "proto/base/buf.h"

enum { BASE_BYTES_MAX = 512 };

static void seen_add(struct seen_words *seen, uint64_t hash)
{
    size_t at = hash & seen->mask;
    while (seen->slots[at] && seen->slots[at] != hash)
        at = (at + 1) & seen->mask;
    seen->slots[at] = hash;
}

static bool seen_has(const struct seen_words *seen, uint64_t hash)
{
    size_t at = hash & seen->mask;
    while (seen->slots[at] && seen->slots[at] != hash)
        at = (at + 1) & seen->mask;
    return seen->slots[at] != 0;
}

int seen_words_collect(struct seen_words *seen, const struct words *fields, size_t field_count,
                       struct arena *arena)
{
    size_t capital = 0, slots = 16;
    for (size_t f = 0; f < field_count; f++)
        for (size_t i = 0; i < fields[f].count; i++)
            capital += words_is_capital(&fields[f].at[i]);
    while (slots < capital * 2)
        slots *= 2;
    seen->slots = arena_alloc_array(arena, slots, sizeof *seen->slots);
    if (!seen->slots)
        return -ENOMEM;
    seen->mask = slots - 1;
    for (size_t f = 0; f < field_count; f++)
        for (size_t i = 0; i < fields[f].count; i++)
            if (words_is_capital(&fields[f].at[i]))
                seen_add(seen, fields[f].at[i].hash);
    return 0;
}

struct chooser {
    const struct lexicon *lexicon;
    const struct seen_words *seen;
    const struct words *words;
    const struct span *span;
};

static bool ends_with_vowel(struct slice text)
{
    return text.len && memchr("aeiouy", text.ptr[text.len - 1], 6) != NULL;
}

// Cases in which a word taken as its own dictionary form may stand: names of women that end in a
// consonant, and foreign names in -o, -u, -i, are not inflected.
static uint8_t own_cases(const struct lemma *lemma, uint8_t gender)
{
    bool vowel = ends_with_vowel(lemma->text);
    if ((!vowel && gender == GENDER_FEMININE) ||
        (vowel && !memchr("aey", lemma->text.ptr[lemma->text.len - 1], 3)))
        return CASE_ANY;
    return lemma->cases;
}

static int lemma_score(const struct chooser *chooser, const struct lemma *lemma, size_t index,
                       enum lexicon_count kind)
{
    const struct lexicon_word *info = lexicon_find_word(chooser->lexicon, lemma->hash);
    int score = index == 0 ? (info && info->given & ~16u ? 5 : 3) : -(int)(index / 2);
    if (lemma->known)
        score += 4;
    if (index > 0 && seen_has(chooser->seen, lemma->hash))
        score += 8;
    if (info && kind == COUNT_PERSON && (info->given || info->surname))
        score += 3;
    if (index > 0 && info && info->counts[LEXICON_PL][kind])
        score += 3;
    return score;
}

// Case that the word before asks for; any when it asks for none.
static uint8_t governed_cases(const struct words *words, uint32_t first)
{
    static const struct {
        const char *word;
        uint8_t cases;
    } prepositions[] = {
        {"w", CASE_LOCATIVE},
        {"we", CASE_LOCATIVE},
        {"na", CASE_LOCATIVE | CASE_ACCUSATIVE},
        {"o", CASE_LOCATIVE},
        {"po", CASE_LOCATIVE},
        {"przy", CASE_LOCATIVE},
        {"do", CASE_GENITIVE},
        {"od", CASE_GENITIVE},
        {"dla", CASE_GENITIVE},
        {"bez", CASE_GENITIVE},
        {"kolo", CASE_GENITIVE},
        {"obok", CASE_GENITIVE},
        {"u", CASE_GENITIVE},
        {"wedlug", CASE_GENITIVE},
        {"wobec", CASE_GENITIVE},
        {"z", CASE_GENITIVE | CASE_INSTRUMENTAL},
        {"ze", CASE_GENITIVE | CASE_INSTRUMENTAL},
        {"przez", CASE_ACCUSATIVE},
        {"nad", CASE_INSTRUMENTAL},
        {"pod", CASE_INSTRUMENTAL},
        {"przed", CASE_INSTRUMENTAL},
        {"za", CASE_INSTRUMENTAL | CASE_ACCUSATIVE},
        {"miedzy", CASE_INSTRUMENTAL},
    };
    if (first == 0 || words->at[first].gap != GAP_SPACE)
        return CASE_ANY;
    for (size_t i = 0; i < sizeof prepositions / sizeof *prepositions; i++)
        if (slice_is(words->at[first - 1].folded, prepositions[i].word))
            return prepositions[i].cases;
    return CASE_ANY;
}

static size_t choose_alone(const struct chooser *chooser, const struct word *word, uint8_t cases,
                           enum lexicon_count kind)
{
    size_t best = 0;
    int best_score = -100;
    for (size_t i = 0; i < word->lemma_count; i++) {
        const struct lemma *lemma = &word->lemmas[i];
        uint8_t fits = i == 0 ? own_cases(lemma, lemma->gender) : lemma->cases;
        int score = lemma_score(chooser, lemma, i, kind);
        if (!(fits & cases))
            score -= 9;
        else if (cases == CASE_ANY && i > 0 && !lemma->known)
            score -= 3; // nothing asks for another form than the one written
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

// Given name and surname together: their readings must share a case and a gender.
static void choose_pair(const struct chooser *chooser, const struct word *given,
                        const struct word *surname, uint8_t governed, size_t *given_choice,
                        size_t *surname_choice)
{
    int best = -100;
    for (size_t g = 0; g < given->lemma_count; g++) {
        const struct lemma *first = &given->lemmas[g];
        int first_score = lemma_score(chooser, first, g, COUNT_PERSON);
        for (size_t s = 0; s < surname->lemma_count; s++) {
            const struct lemma *last = &surname->lemmas[s];
            uint8_t first_cases = g == 0 ? own_cases(first, first->gender) : first->cases;
            uint8_t last_cases = s == 0 ? own_cases(last, first->gender) : last->cases;
            if (!(first_cases & last_cases & governed) || !(first->gender & last->gender))
                continue;
            int score = first_score + lemma_score(chooser, last, s, COUNT_PERSON);
            if (score > best) {
                best = score;
                *given_choice = g;
                *surname_choice = s;
            }
        }
    }
}

static bool is_adjective(const struct word *word)
{
    static const char *const endings[] = {"ego", "emu", "iej", "ej", "im", "ym", "a"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i]);
        if (word->folded.len > len + 2 &&
            memcmp(word->folded.ptr + word->folded.len - len, endings[i], len) == 0)
            return true;
    }
    return false;
}

// A lemma of an adjective or noun that stands in `cases` with the head of the name.
static size_t choose_agreeing(const struct word *word, uint8_t cases, uint8_t gender)
{
    for (size_t i = 1; i < word->lemma_count; i++) {
        const struct lemma *lemma = &word->lemmas[i];
        bool adjective = lemma->text.len > 2 && lemma->text.ptr[lemma->text.len - 1] != 'o' &&
                         (ends_with_vowel(lemma->text) || lemma->known);
        if (adjective && lemma->cases & cases && lemma->gender & gender)
            return i;
    }
    return 0;
}

// "Tatrzańskiego Związku Narciarskiego": the head noun tells case and gender; words before it
// agree, and so does one behind it that looks like an adjective. What follows is a genitive and
// stays.
static void choose_headed(const struct chooser *chooser, size_t *choices)
{
    const struct span *span = chooser->span;
    const struct word *at = &chooser->words->at[span->first];
    uint32_t head = 0;
    while (head < span->count && !(at[head].cues & (WORD_ORGANISATION | WORD_GEO)))
        head++;
    if (head == span->count || !at[head].lemma_count)
        return;
    choices[head] = choose_alone(chooser, &at[head], governed_cases(chooser->words, span->first),
                                 COUNT_ORGANISATION);
    const struct lemma *noun = &at[head].lemmas[choices[head]];
    if (choices[head] == 0)
        return;
    for (uint32_t i = 0; i < head; i++)
        choices[i] = choose_agreeing(&at[i], noun->cases, noun->gender);
    if (head + 1 < span->count && at[head + 1].flags & WORD_IS_CAPITAL &&
        is_adjective(&at[head + 1]))
        choices[head + 1] = choose_agreeing(&at[head + 1], noun->cases, noun->gender);
}

static void choose_polish(const struct chooser *chooser, size_t *choices)
{
    const struct span *span = chooser->span;
    const struct word *at = &chooser->words->at[span->first];
    uint8_t governed = governed_cases(chooser->words, span->first);
    if (span->type == TAG_PERSON && span->count > 1) {
        uint32_t last = span->count - 1;
        choose_pair(chooser, &at[0], &at[last], governed, &choices[0], &choices[last]);
        uint8_t cases = at[last].lemma_count ? at[last].lemmas[choices[last]].cases : CASE_ANY;
        for (uint32_t i = 1; i < last; i++)
            choices[i] = choose_alone(chooser, &at[i], cases, COUNT_PERSON);
        return;
    }
    if (span->count > 1)
        choose_headed(chooser, choices);
    else
        choices[0] = choose_alone(chooser, at, governed,
                                  span->type == TAG_PERSON  ? COUNT_PERSON
                                  : span->type == TAG_PLACE ? COUNT_PLACE
                                                            : COUNT_ORGANISATION);
}

// A genitive -s is dropped when the name without it was seen or is known, and this one is not.
static void choose_german(const struct chooser *chooser, size_t *choices)
{
    const struct span *span = chooser->span;
    const struct word *last = &chooser->words->at[span->first + span->count - 1];
    for (size_t i = 1; i < last->lemma_count; i++) {
        const struct lemma *lemma = &last->lemmas[i];
        const struct lexicon_word *info = lexicon_find_word(chooser->lexicon, lemma->hash);
        bool known = info && (info->surname || info->given) && !(last->info && last->info->surname);
        if (lemma->cases == CASE_GENITIVE && (known || seen_has(chooser->seen, lemma->hash))) {
            choices[span->count - 1] = i;
            return;
        }
    }
}

static struct slice join_choices(const struct chooser *chooser, const size_t *choices,
                                 struct arena *arena)
{
    char built[BASE_BYTES_MAX];
    size_t len = 0;
    const struct words *words = chooser->words;
    for (uint32_t i = 0; i < chooser->span->count; i++) {
        const struct word *word = &words->at[chooser->span->first + i];
        struct slice part = words_exact(words, chooser->span->first + i);
        if (choices[i] < word->lemma_count && choices[i] > 0)
            part = word->lemmas[choices[i]].text;
        if (len + part.len + 3 > sizeof built)
            break;
        if (i > 0 && word->gap == GAP_POINT)
            built[len++] = '.';
        if (i > 0)
            built[len++] = word->gap == GAP_HYPHEN ? '-' : ' ';
        memcpy(built + len, part.ptr, part.len);
        len += part.len;
    }
    return arena_copy(arena, slice_from(built, len));
}

void base_of_guess(const struct lexicon *lexicon, const struct seen_words *seen,
                   const struct words *words, struct span *span, struct arena *arena)
{
    enum { CHOICES_MAX = 24 };
    size_t choices[CHOICES_MAX] = {0};
    struct chooser chooser = {.lexicon = lexicon, .seen = seen, .words = words, .span = span};
    if (span->count > CHOICES_MAX)
        span->count = CHOICES_MAX;
    const struct word *first = &words->at[span->first];
    if (!first->other_language && first->language == LEXICON_PL)
        choose_polish(&chooser, choices);
    else if (!first->other_language && first->language == LEXICON_DE)
        choose_german(&chooser, choices);
    span->base = join_choices(&chooser, choices, arena);
}
