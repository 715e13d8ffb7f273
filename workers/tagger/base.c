#include "workers/tagger/base.h"

#include <errno.h>

#include "proto/base/fold.h"
#include "proto/base/utf8.h"

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

// The last letter as it is folded: "a" for "а" and "ą" too; 0 for the soft sign.
static char last_letter(struct slice text)
{
    size_t at = text.len;
    while (at > 0 && ((uint8_t)text.ptr[at - 1] & 0xc0) == 0x80)
        at--;
    at -= at > 0;
    char folded[4];
    size_t len = text.len ? fold_code(folded, utf8_next(text, &at)) : 0;
    return len ? folded[len - 1] : 0;
}

static bool ends_with_vowel(struct slice text)
{
    char last = last_letter(text);
    return last && memchr("aeiouy", last, 6) != NULL;
}

// Cases in which a word taken as its own dictionary form may stand: names of women that end in a
// consonant, and foreign names in -o, -u, -i, are not inflected.
static uint8_t own_cases(const struct lemma *lemma, uint8_t gender)
{
    char last = last_letter(lemma->text);
    bool vowel = ends_with_vowel(lemma->text);
    if ((!vowel && gender == GENDER_FEMININE) || (vowel && !memchr("aey", last, 3)))
        return CASE_ANY;
    return lemma->cases;
}

enum { PERSONS = 1, ORGANISATIONS = 2, PLACES = 4, NAMES = 7 };

// Endings that nine in ten names or more have in another case than the nominative (counted in
// NKJP), by language.
static const struct {
    const char *ending;
    uint8_t morph, kinds;
} telling[] = {
    {"ego", MORPH_POLISH, NAMES},     {"emu", MORPH_POLISH, NAMES},
    {"em", MORPH_POLISH, NAMES},      {"owi", MORPH_POLISH, NAMES},
    {"ą", MORPH_POLISH, NAMES},       {"ę", MORPH_POLISH, NAMES},
    {"ach", MORPH_POLISH, NAMES},     {"ami", MORPH_POLISH, NAMES},
    {"u", MORPH_POLISH, NAMES},       {"ie", MORPH_POLISH, NAMES},
    {"ii", MORPH_POLISH, NAMES},      {"ji", MORPH_POLISH, NAMES},
    {"cza", MORPH_POLISH, PERSONS},   {"sza", MORPH_POLISH, PERSONS},
    {"rza", MORPH_POLISH, PERSONS},   {"era", MORPH_POLISH, PERSONS},
    {"skiej", MORPH_POLISH, PERSONS}, {"ckiej", MORPH_POLISH, PERSONS},
    {"aka", MORPH_POLISH, PERSONS},   {"usa", MORPH_POLISH, PERSONS},
    {"ona", MORPH_POLISH, PERSONS},   {"eja", MORPH_POLISH, PERSONS},
    {"го", MORPH_RUSSIAN, NAMES},     {"му", MORPH_RUSSIAN, NAMES},
    {"ом", MORPH_RUSSIAN, NAMES},     {"ем", MORPH_RUSSIAN, NAMES},
    {"ым", MORPH_RUSSIAN, NAMES},     {"им", MORPH_RUSSIAN, PERSONS},
    {"у", MORPH_RUSSIAN, NAMES},      {"ю", MORPH_RUSSIAN, NAMES},
    {"ах", MORPH_RUSSIAN, NAMES},     {"е", MORPH_RUSSIAN, PERSONS},
    {"ами", MORPH_RUSSIAN, NAMES},    {"ого", MORPH_UKRAINIAN, NAMES},
    {"ому", MORPH_UKRAINIAN, NAMES},  {"ом", MORPH_UKRAINIAN, NAMES},
    {"ем", MORPH_UKRAINIAN, NAMES},   {"ові", MORPH_UKRAINIAN, NAMES},
    {"им", MORPH_UKRAINIAN, PERSONS}, {"у", MORPH_UKRAINIAN, NAMES},
    {"ю", MORPH_UKRAINIAN, NAMES},    {"ії", MORPH_UKRAINIAN, NAMES},
    {"ах", MORPH_UKRAINIAN, NAMES},   {"em", MORPH_CZECH, NAMES},
    {"ovi", MORPH_CZECH, NAMES},      {"ou", MORPH_CZECH, NAMES},
    {"ého", MORPH_CZECH, NAMES},      {"ému", MORPH_CZECH, NAMES},
    {"ech", MORPH_CZECH, NAMES},      {"ové", MORPH_CZECH, PERSONS},
    {"u", MORPH_CZECH, NAMES},        {"ii", MORPH_CZECH, NAMES},
};

static bool is_telling(struct slice word, uint8_t morph, enum lexicon_count kind)
{
    unsigned wanted = kind == COUNT_PERSON         ? PERSONS
                      : kind == COUNT_ORGANISATION ? ORGANISATIONS
                                                   : PLACES;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        size_t len = strlen(telling[i].ending);
        if (telling[i].morph == morph && telling[i].kinds & wanted && word.len > len + 2 &&
            memcmp(word.ptr + word.len - len, telling[i].ending, len) == 0)
            return true;
    }
    return false;
}

// How often Polish texts have the lemma's letters as a name of this kind: 1 + 8 * log2.
static int count_of(const struct word *word, const struct lexicon_word *info,
                    enum lexicon_count kind)
{
    return info && word->morph == MORPH_POLISH ? info->counts[LEXICON_PL][kind] : 0;
}

// Twice as often as any word it may be a form of.
static bool is_usual_form(const struct chooser *chooser, const struct word *word,
                          const struct lexicon_word *info, enum lexicon_count kind)
{
    enum { TWICE = 8 };
    int own = count_of(word, info, kind);
    for (size_t i = 1; own && i < word->lemma_count; i++) {
        const struct lemma *lemma = &word->lemmas[i];
        info = lexicon_find_word(chooser->lexicon, lemma->hash);
        if (lemma->hash != word->hash && count_of(word, info, kind) + TWICE > own)
            return false;
    }
    return own > 0;
}

static int lemma_score(const struct chooser *chooser, const struct word *word, size_t index,
                       enum lexicon_count kind)
{
    const struct lemma *lemma = &word->lemmas[index];
    const struct lexicon_word *info = lexicon_find_word(chooser->lexicon, lemma->hash);
    bool given = info && info->given & ~16u;
    bool counted =
        index > 0 ? count_of(word, info, kind) > 0 : is_usual_form(chooser, word, info, kind);
    int score = index == 0 ? (given ? 5 : 3) : -(int)(index / 2);
    if (lemma->known)
        score += 4;
    if (index > 0 && seen_has(chooser->seen, lemma->hash))
        score += 8;
    if (info && kind == COUNT_PERSON && (info->given || info->surname))
        score += 3;
    if (counted)
        score += 3;
    if (index == 0 && !lemma->known && !counted && !given &&
        is_telling(lemma->text, word->morph, kind))
        score -=
            word->morph == MORPH_POLISH ? 12 : 5; // the table of names is Polish: others know less
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
    if (first == 0 || words->at[first].gap != GAP_SPACE || words->at[first].morph != MORPH_POLISH)
        return CASE_ANY;
    for (size_t i = 0; i < sizeof prepositions / sizeof *prepositions; i++)
        if (slice_is(words->at[first - 1].folded, prepositions[i].word))
            return prepositions[i].cases;
    return CASE_ANY;
}

static uint8_t choose_alone(const struct chooser *chooser, const struct word *word, uint8_t cases,
                            enum lexicon_count kind)
{
    uint8_t best = 0;
    int best_score = -100;
    for (size_t i = 0; i < word->lemma_count; i++) {
        const struct lemma *lemma = &word->lemmas[i];
        uint8_t fits = i == 0 ? own_cases(lemma, lemma->gender) : lemma->cases;
        int score = lemma_score(chooser, word, i, kind);
        if (!(fits & cases))
            score -= 9;
        else if (cases == CASE_ANY && i > 0 && !lemma->known)
            score -= 3; // nothing asks for another form than the one written
        if (score > best_score) {
            best = (uint8_t)i;
            best_score = score;
        }
    }
    return best;
}

// "Ostrowskiej", "Ostrowską": a woman's, whose given name may have no cases ("Miriam").
static bool is_womans(const struct words *words, const struct word *surname)
{
    struct slice exact = words_exact(words, (size_t)(surname - words->at));
    const char *end = exact.ptr + exact.len;
    return surname->morph == MORPH_POLISH && exact.len > 4 &&
           (memcmp(end - 2, "ej", 2) == 0 || memcmp(end - 2, "ą", 2) == 0);
}

// Given name and surname together: their readings must share a case and, as it were, a gender: men
// abroad have given names in -a ("Tetsuyę Yamagamiego").
static void choose_pair(const struct chooser *chooser, const struct word *given,
                        const struct word *surname, uint8_t governed, uint8_t *given_choice,
                        uint8_t *surname_choice)
{
    enum { OTHER_GENDER = 8 };
    int best = -100;
    bool womans = is_womans(chooser->words, surname);
    for (size_t g = 0; g < given->lemma_count; g++) {
        const struct lemma *first = &given->lemmas[g];
        int first_score = lemma_score(chooser, given, g, COUNT_PERSON);
        for (size_t s = 0; s < surname->lemma_count; s++) {
            const struct lemma *last = &surname->lemmas[s];
            uint8_t gender = womans && s > 0 ? first->gender & last->gender : first->gender;
            uint8_t first_cases = g == 0 ? own_cases(first, gender) : first->cases;
            uint8_t last_cases = s == 0 ? own_cases(last, first->gender) : last->cases;
            bool agree = first->gender & last->gender;
            if (!(first_cases & last_cases & governed) || (!agree && given->morph != MORPH_POLISH))
                continue;
            int score = first_score + lemma_score(chooser, surname, s, COUNT_PERSON) -
                        (agree ? 0 : OTHER_GENDER);
            if (score > best) {
                best = score;
                *given_choice = (uint8_t)g;
                *surname_choice = (uint8_t)s;
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
static uint8_t choose_agreeing(const struct word *word, uint8_t cases, uint8_t gender)
{
    for (size_t i = 1; i < word->lemma_count; i++) {
        const struct lemma *lemma = &word->lemmas[i];
        bool adjective = lemma->text.len > 2 && lemma->text.ptr[lemma->text.len - 1] != 'o' &&
                         (ends_with_vowel(lemma->text) || lemma->known);
        if (adjective && lemma->cases & cases && lemma->gender & gender)
            return (uint8_t)i;
    }
    return 0;
}

// "Tatrzańskiego Związku Narciarskiego": the head noun tells case and gender; words before it
// agree, and so does one behind it that looks like an adjective. What follows is a genitive and
// stays.
static void choose_headed(const struct chooser *chooser, uint8_t *choices)
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

static void choose_slavic(const struct chooser *chooser, uint8_t *choices)
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
static void choose_german(const struct chooser *chooser, uint8_t *choices)
{
    const struct span *span = chooser->span;
    const struct word *last = &chooser->words->at[span->first + span->count - 1];
    for (size_t i = 1; i < last->lemma_count; i++) {
        const struct lemma *lemma = &last->lemmas[i];
        const struct lexicon_word *info = lexicon_find_word(chooser->lexicon, lemma->hash);
        bool known = info && (info->surname || info->given) && !(last->info && last->info->surname);
        if (lemma->cases == CASE_GENITIVE && (known || seen_has(chooser->seen, lemma->hash))) {
            choices[span->count - 1] = (uint8_t)i;
            return;
        }
    }
}

// What stands between a word and the one before it, as written.
static struct slice between(const struct words *words, uint32_t index)
{
    uint32_t start = words->at[index - 1].end;
    return slice_from(words->text->normalised.ptr + start, words->at[index].start - start);
}

struct slice base_of_choices(const struct words *words, const struct span *span,
                             const uint8_t *choices, struct arena *arena)
{
    char built[BASE_BYTES_MAX];
    size_t len = 0;
    for (uint32_t i = 0; i < span->count; i++) {
        const struct word *word = &words->at[span->first + i];
        struct slice part = words_exact(words, span->first + i);
        struct slice gap = i > 0 ? between(words, span->first + i) : slice_from("", 0);
        if (choices[i] > 0 && choices[i] < word->lemma_count)
            part = word->lemmas[choices[i]].text;
        if (len + gap.len + part.len > sizeof built)
            break;
        memcpy(built + len, gap.ptr, gap.len);
        len += gap.len;
        memcpy(built + len, part.ptr, part.len);
        len += part.len;
    }
    return arena_copy(arena, slice_from(built, len));
}

void base_of_guess(const struct lexicon *lexicon, const struct seen_words *seen,
                   const struct words *words, struct span *span, struct arena *arena)
{
    uint8_t choices[BASE_WORDS_MAX] = {0};
    struct chooser chooser = {.lexicon = lexicon, .seen = seen, .words = words, .span = span};
    if (span->count > BASE_WORDS_MAX)
        span->count = BASE_WORDS_MAX;
    const struct word *first = &words->at[span->first];
    if (first->morph == MORPH_GERMAN)
        choose_german(&chooser, choices);
    else if (first->morph != MORPH_NONE)
        choose_slavic(&chooser, choices);
    span->base = base_of_choices(words, span, choices, arena);
}
