#include "workers/tagger/morph.h"

#include "proto/base/fold.h"
#include "proto/base/utf8.h"

enum { WORD_BYTES_MAX = 96 };

// An ending that a Polish name takes, and what stands there in the dictionary form.
struct rule {
    const char *ending;
    const char *lemma;
    uint8_t ending_len, lemma_len; // bytes
    uint8_t cases;
    uint8_t gender;
};

#define RULE(ending, lemma, cases, gender)                                                         \
    {                                                                                              \
        ending, lemma, sizeof(ending) - 1, sizeof(lemma) - 1, cases, gender                        \
    }

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
    RULE("skiego", "ski", G | A, M),
    RULE("skiemu", "ski", D, M),
    RULE("skim", "ski", I | L, M),
    RULE("skiej", "ska", G | D | L, F),
    RULE("ską", "ska", A | I, F),
    RULE("ckiego", "cki", G | A, M),
    RULE("ckiemu", "cki", D, M),
    RULE("ckim", "cki", I | L, M),
    RULE("ckiej", "cka", G | D | L, F),
    RULE("cką", "cka", A | I, F),
    RULE("dzkiego", "dzki", G | A, M),
    RULE("dzkiemu", "dzki", D, M),
    RULE("dzkim", "dzki", I | L, M),
    RULE("dzkiej", "dzka", G | D | L, F),
    RULE("'ego", "", G | A, M),
    RULE("'emu", "", D, M),
    RULE("'em", "", I | L, M),
    RULE("'im", "", I | L, M),
    RULE("'a", "", G | A, M),
    RULE("'owi", "", D, M),
    RULE("'u", "", L, M),
    RULE("'ie", "", L, M),
    RULE("ego", "i", G | A, M),
    RULE("ego", "y", G | A, M),
    RULE("ego", "e", G | A, M | N),
    RULE("iego", "i", G | A, M),
    RULE("iego", "ie", G | A, M),
    RULE("emu", "i", D, M),
    RULE("emu", "y", D, M),
    RULE("iemu", "i", D, M),
    RULE("kiem", "k", I, M),
    RULE("kiem", "ek", I, M),
    RULE("kiem", "ko", I, M | N),
    RULE("giem", "g", I, M),
    RULE("giem", "go", I, M | N),
    RULE("niem", "ń", I, M),
    RULE("iem", "", I, M),
    RULE("em", "", I, M),
    RULE("em", "o", I, M | N),
    RULE("em", "e", I, N),
    RULE("owi", "", D, M),
    RULE("owi", "o", D, M),
    RULE("iowi", "", D, M),
    RULE("kowi", "ek", D, M),
    RULE("spie", "sep", L, M),
    RULE("spu", "sep", G, M),
    RULE("spem", "sep", I, M),
    RULE("rze", "r", L, M),
    RULE("rze", "ra", D | L, F),
    RULE("dzie", "d", L, M),
    RULE("dzie", "da", D | L, F),
    RULE("ście", "st", L, M),
    RULE("ście", "sta", D | L, F),
    RULE("cie", "t", L, M),
    RULE("cie", "ta", D | L, F),
    RULE("le", "ł", L, M),
    RULE("le", "ła", D | L, F),
    RULE("le", "l", L, M),
    RULE("nie", "n", L, M),
    RULE("nie", "na", D | L, F),
    RULE("sie", "s", L, M),
    RULE("sie", "sa", D | L, F),
    RULE("mie", "m", L, M),
    RULE("mie", "ma", D | L, F),
    RULE("wie", "w", L, M),
    RULE("wie", "wa", D | L, F),
    RULE("wie", "wo", L, N),
    RULE("bie", "b", L, M),
    RULE("bie", "ba", D | L, F),
    RULE("pie", "p", L, M),
    RULE("pie", "pa", D | L, F),
    RULE("fie", "f", L, M),
    RULE("fie", "fa", D | L, F),
    RULE("zie", "z", L, M),
    RULE("zie", "za", D | L, F),
    RULE("ie", "", L, M),
    RULE("ie", "a", D | L, F),
    RULE("ie", "o", L, N),
    RULE("ce", "ka", D | L, F),
    RULE("dze", "ga", D | L, F),
    RULE("sze", "cha", D | L, F),
    RULE("ii", "ia", G | D | L, F),
    RULE("yi", "ya", G | D | L, F),
    RULE("ji", "ja", G | D | L, F),
    RULE("ki", "ka", G, F),
    RULE("gi", "ga", G, F),
    RULE("ni", "nia", G | D | L, F),
    RULE("i", "a", G | D | L, F),
    RULE("i", "ia", G | D | L, F),
    RULE("y", "a", G, F),
    RULE("ę", "a", A, F),
    RULE("ą", "a", I, F),
    RULE("iej", "a", G | D | L, F),
    RULE("ej", "a", G | D | L, F),
    RULE("icach", "ice", L, N),
    RULE("ach", "y", L, N),
    RULE("ach", "e", L, N),
    RULE("ach", "a", L, N),
    RULE("ami", "y", I, N),
    RULE("om", "y", D, N),
    RULE("ym", "y", I | L, M),
    RULE("ym", "e", L, N),
    RULE("im", "i", I | L, M),
    RULE("em", "ia", I, M),
    RULE("ka", "ek", G | A, M),
    RULE("ca", "iec", G | A, M),
    RULE("la", "eł", G | A, M),
    RULE("a", "", G | A, M),
    RULE("a", "o", G, N),
    RULE("ia", "", G | A, M),
    RULE("ia", "ie", G, N),
    RULE("nia", "ń", G | A, M),
    RULE("ku", "ek", L, M),
    RULE("u", "", G | D | L, M),
    RULE("iu", "", L, M),
    RULE("niu", "ń", L, M),
    RULE("u", "o", D | L, M | N),
    RULE("o", "a", 0, F),
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
    RULE("es", "", CASE_GENITIVE, GENDER_ANY), RULE("s", "", CASE_GENITIVE, GENDER_ANY),
    RULE("en", "e", CASE_ANY, GENDER_ANY),     RULE("en", "es", CASE_ANY, GENDER_ANY),
    RULE("en", "er", CASE_ANY, GENDER_ANY),    RULE("er", "e", CASE_ANY, GENDER_ANY),
    RULE("em", "er", CASE_ANY, GENDER_ANY),    RULE("e", "es", CASE_ANY, GENDER_ANY),
    RULE("e", "er", CASE_ANY, GENDER_ANY),     RULE("n", "", CASE_DATIVE, GENDER_ANY),
    RULE("ern", "er", CASE_ANY, GENDER_ANY),
};

struct found {
    struct lemma at[MORPH_LEMMAS_MAX];
    size_t count;
};

// By its letters, not by its folded form: "Angelą" is a form of "Angela". NULL when it is new.
static struct lemma *find_lemma(struct found *found, struct slice text)
{
    for (size_t i = 0; i < found->count; i++)
        if (slice_equal(found->at[i].text, text))
            return &found->at[i];
    return NULL;
}

// A form that differs in its last letter's diacritic ("Beatę" for "Beate") may still be meant, but
// is not known to be.
static void add_table_forms(const struct lexicon *lexicon, struct slice word, uint64_t hash,
                            struct found *found)
{
    uint8_t ending = (uint8_t)word.ptr[word.len - 1];
    uint32_t at = 0;
    const struct lexicon_form *form;
    while (found->count < MORPH_LEMMAS_MAX && (form = lexicon_next_form(lexicon, hash, &at))) {
        struct slice text = lexicon_string(lexicon, form->lemma);
        struct lemma *known = find_lemma(found, text);
        if (!known) {
            known = &found->at[found->count++];
            *known = (struct lemma){
                .text = text, .hash = form->hash, .cases = form->cases, .gender = form->gender};
        }
        if (form->ending != ending)
            continue;
        known->known = true;
        known->gender = form->gender;
        known->cases |= form->cases;
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

// A typographic apostrophe counts as the plain one. *cut is what the ending takes up in the word.
static bool ends_with(struct slice word, const struct rule *rule, size_t *cut)
{
    size_t len = rule->ending_len;
    if (word.ptr[word.len - 1] != rule->ending[len - 1] || word.len <= len)
        return false;
    *cut = len;
    if (memcmp(word.ptr + word.len - len, rule->ending, len) == 0)
        return true;
    *cut = len + 2;
    return rule->ending[0] == '\'' && word.len > len + 2 &&
           memcmp(word.ptr + word.len - len + 1, rule->ending + 1, len - 1) == 0 &&
           memcmp(word.ptr + word.len - len - 2, "\u2019", 3) == 0;
}

static void add_rule(const struct rule *rule, struct slice word, size_t cut, struct arena *arena,
                     struct found *found)
{
    char built[WORD_BYTES_MAX + 8];
    size_t stem = word.len - cut, tail = rule->lemma_len;
    memcpy(built, word.ptr, stem);
    memcpy(built + stem, rule->lemma, tail);
    struct slice text = slice_from(built, stem + tail);
    if (find_lemma(found, text))
        return;
    uint64_t hash = hash_folded(text);
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
        if (ends_with(word, &rules[i], &cut) && word.len - cut >= 2)
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
        add_table_forms(lexicon, word, hash, &found);
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
