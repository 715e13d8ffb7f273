#include "workers/tagger/morph.h"

#include "proto/base/fold.h"
#include "proto/base/utf8.h"

enum { WORD_BYTES_MAX = 96 };

// An ending that a Polish name takes, and what stands there in the dictionary form.
struct rule {
    const char *ending;
    const char *lemma;
    uint8_t cases;
    uint8_t gender;
};

#define G CASE_GENITIVE
#define D CASE_DATIVE
#define A CASE_ACCUSATIVE
#define I CASE_INSTRUMENTAL
#define L CASE_LOCATIVE
#define M GENDER_MASCULINE
#define F GENDER_FEMININE
#define N GENDER_OTHER

// Likelier lemmas of one ending first. Softening is undone: Moskwie - Moskwa, Trumpie - Trump,
// Londynie - Londyn, Putinem - Putin, Markiem - Marek, Merkiem - Merk.
static const struct rule polish_rules[] = {
    {"skiego", "ski", G | A, M},
    {"skiemu", "ski", D, M},
    {"skim", "ski", I | L, M},
    {"skiej", "ska", G | D | L, F},
    {"ską", "ska", A | I, F},
    {"ckiego", "cki", G | A, M},
    {"ckiemu", "cki", D, M},
    {"ckim", "cki", I | L, M},
    {"ckiej", "cka", G | D | L, F},
    {"cką", "cka", A | I, F},
    {"dzkiego", "dzki", G | A, M},
    {"dzkiemu", "dzki", D, M},
    {"dzkim", "dzki", I | L, M},
    {"dzkiej", "dzka", G | D | L, F},
    {"'ego", "", G | A, M},
    {"'emu", "", D, M},
    {"'em", "", I | L, M},
    {"'im", "", I | L, M},
    {"'a", "", G | A, M},
    {"'owi", "", D, M},
    {"'u", "", L, M},
    {"'ie", "", L, M},
    {"ego", "i", G | A, M},
    {"ego", "y", G | A, M},
    {"ego", "e", G | A, M | N},
    {"iego", "i", G | A, M},
    {"iego", "ie", G | A, M},
    {"emu", "i", D, M},
    {"emu", "y", D, M},
    {"iemu", "i", D, M},
    {"kiem", "k", I, M},
    {"kiem", "ek", I, M},
    {"kiem", "ko", I, M | N},
    {"giem", "g", I, M},
    {"giem", "go", I, M | N},
    {"niem", "ń", I, M},
    {"iem", "", I, M},
    {"em", "", I, M},
    {"em", "o", I, M | N},
    {"em", "e", I, N},
    {"owi", "", D, M},
    {"owi", "o", D, M},
    {"iowi", "", D, M},
    {"kowi", "ek", D, M},
    {"rze", "r", L, M},
    {"rze", "ra", D | L, F},
    {"dzie", "d", L, M},
    {"dzie", "da", D | L, F},
    {"ście", "st", L, M},
    {"ście", "sta", D | L, F},
    {"cie", "t", L, M},
    {"cie", "ta", D | L, F},
    {"le", "ł", L, M},
    {"le", "ła", D | L, F},
    {"le", "l", L, M},
    {"nie", "n", L, M},
    {"nie", "na", D | L, F},
    {"sie", "s", L, M},
    {"sie", "sa", D | L, F},
    {"mie", "m", L, M},
    {"mie", "ma", D | L, F},
    {"wie", "w", L, M},
    {"wie", "wa", D | L, F},
    {"wie", "wo", L, N},
    {"bie", "b", L, M},
    {"bie", "ba", D | L, F},
    {"pie", "p", L, M},
    {"pie", "pa", D | L, F},
    {"fie", "f", L, M},
    {"fie", "fa", D | L, F},
    {"zie", "z", L, M},
    {"zie", "za", D | L, F},
    {"ie", "", L, M},
    {"ie", "a", D | L, F},
    {"ie", "o", L, N},
    {"ce", "ka", D | L, F},
    {"dze", "ga", D | L, F},
    {"sze", "cha", D | L, F},
    {"ii", "ia", G | D | L, F},
    {"yi", "ya", G | D | L, F},
    {"ji", "ja", G | D | L, F},
    {"ki", "ka", G, F},
    {"gi", "ga", G, F},
    {"ni", "nia", G | D | L, F},
    {"i", "a", G | D | L, F},
    {"i", "ia", G | D | L, F},
    {"y", "a", G, F},
    {"ę", "a", A, F},
    {"ą", "a", I, F},
    {"iej", "a", G | D | L, F},
    {"ej", "a", G | D | L, F},
    {"icach", "ice", L, N},
    {"ach", "y", L, N},
    {"ach", "e", L, N},
    {"ach", "a", L, N},
    {"ami", "y", I, N},
    {"om", "y", D, N},
    {"ym", "y", I | L, M},
    {"ym", "e", L, N},
    {"im", "i", I | L, M},
    {"em", "ia", I, M},
    {"ka", "ek", G | A, M},
    {"ca", "iec", G | A, M},
    {"la", "eł", G | A, M},
    {"a", "", G | A, M},
    {"a", "o", G, N},
    {"ia", "", G | A, M},
    {"ia", "ie", G, N},
    {"nia", "ń", G | A, M},
    {"ku", "ek", L, M},
    {"u", "", G | D | L, M},
    {"iu", "", L, M},
    {"niu", "ń", L, M},
    {"u", "o", D | L, M | N},
    {"o", "a", 0, F},
};

#undef G
#undef D
#undef A
#undef I
#undef L
#undef M
#undef F
#undef N

// German names take -s in the genitive; the adjectives in them change their ending ("des Weißen
// Hauses", "der Europäischen Union").
static const struct rule german_rules[] = {
    {"es", "", CASE_GENITIVE, GENDER_ANY}, {"s", "", CASE_GENITIVE, GENDER_ANY},
    {"en", "e", CASE_ANY, GENDER_ANY},     {"en", "es", CASE_ANY, GENDER_ANY},
    {"en", "er", CASE_ANY, GENDER_ANY},    {"er", "e", CASE_ANY, GENDER_ANY},
    {"em", "er", CASE_ANY, GENDER_ANY},    {"e", "es", CASE_ANY, GENDER_ANY},
    {"e", "er", CASE_ANY, GENDER_ANY},     {"n", "", CASE_ANY, GENDER_ANY},
    {"ern", "er", CASE_ANY, GENDER_ANY},
};

struct found {
    struct lemma at[MORPH_LEMMAS_MAX];
    size_t count;
};

static bool is_found(const struct found *found, uint64_t hash)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->at[i].hash == hash)
            return true;
    return false;
}

static void add_table_forms(const struct lexicon *lexicon, uint64_t hash, struct found *found)
{
    uint32_t at = 0;
    const struct lexicon_form *form;
    while (found->count < MORPH_LEMMAS_MAX && (form = lexicon_next_form(lexicon, hash, &at))) {
        struct lemma lemma = {.text = lexicon_string(lexicon, form->lemma),
                              .hash = form->hash,
                              .cases = form->cases,
                              .gender = form->gender,
                              .known = true};
        if (form->hash == found->at[0].hash)
            found->at[0].known = true, found->at[0].gender = form->gender,
            found->at[0].cases |= form->cases;
        else if (!is_found(found, form->hash))
            found->at[found->count++] = lemma;
    }
}

static uint64_t hash_folded(struct slice text)
{
    char folded[WORD_BYTES_MAX * 4];
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t code = utf8_next(text, &at);
        char part[4];
        size_t part_len = fold_code(part, code);
        if (code == '\'' || code == 0x2019)
            part_len = 0;
        memcpy(folded + len, part, part_len);
        len += part_len;
    }
    return lexicon_hash_word(slice_from(folded, len));
}

// A typographic apostrophe counts as the plain one.
static bool ends_with(struct slice word, const char *ending, size_t *cut)
{
    size_t len = strlen(ending);
    bool apostrophe = ending[0] == '\'';
    if (word.len > len && memcmp(word.ptr + word.len - len, ending, len) == 0) {
        *cut = len;
        return true;
    }
    if (!apostrophe || word.len <= len + 2 ||
        memcmp(word.ptr + word.len - len + 1, ending + 1, len - 1) != 0 ||
        memcmp(word.ptr + word.len - len - 2, "\u2019", 3) != 0)
        return false;
    *cut = len + 2;
    return true;
}

static void add_rule(const struct rule *rule, struct slice word, size_t cut, struct arena *arena,
                     struct found *found)
{
    char built[WORD_BYTES_MAX + 8];
    size_t stem = word.len - cut, tail = strlen(rule->lemma);
    memcpy(built, word.ptr, stem);
    memcpy(built + stem, rule->lemma, tail);
    struct slice text = slice_from(built, stem + tail);
    uint64_t hash = hash_folded(text);
    if (is_found(found, hash))
        return;
    text = arena_copy(arena, text);
    if (!text.ptr)
        return;
    found->at[found->count++] =
        (struct lemma){.text = text, .hash = hash, .cases = rule->cases, .gender = rule->gender};
}

static void add_by_rules(const struct rule *rules, size_t rule_count, struct slice word,
                         struct arena *arena, struct found *found)
{
    for (size_t i = 0; i < rule_count && found->count < MORPH_LEMMAS_MAX; i++) {
        size_t cut;
        if (ends_with(word, rules[i].ending, &cut) && word.len - cut >= 2)
            add_rule(&rules[i], word, cut, arena, found);
    }
}

const struct lemma *morph_lemmas(const struct lexicon *lexicon, enum morph_language language,
                                 struct slice word, uint64_t hash, struct arena *arena,
                                 size_t *count)
{
    struct found found = {.count = 1};
    found.at[0] =
        (struct lemma){.text = word, .hash = hash, .cases = CASE_NOMINATIVE, .gender = GENDER_ANY};
    if (word.len > 2 && word.len < WORD_BYTES_MAX && language == MORPH_POLISH) {
        add_table_forms(lexicon, hash, &found);
        add_by_rules(polish_rules, sizeof polish_rules / sizeof *polish_rules, word, arena, &found);
    } else if (word.len > 3 && word.len < WORD_BYTES_MAX && language == MORPH_GERMAN) {
        add_by_rules(german_rules, sizeof german_rules / sizeof *german_rules, word, arena, &found);
    }
    struct lemma *lemmas = arena_alloc_array(arena, found.count, sizeof *lemmas);
    *count = lemmas ? found.count : 0;
    if (lemmas)
        memcpy(lemmas, found.at, found.count * sizeof *lemmas);
    return lemmas;
}
