#include "workers/tagger/morph.h"

#include "proto/base/fold.h"
#include "proto/base/utf8.h"

enum { WORD_BYTES_MAX = 96 };

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
        len += fold_code(folded + len, utf8_next(text, &at));
    }
    return lexicon_hash_word(slice_from(folded, len));
}

// A typographic apostrophe counts as the plain one. *cut is what the ending takes up in the word.
static bool ends_with(struct slice word, const struct morph_rule *rule, size_t *cut)
{
    size_t len = rule->ending_len;
    if (word.len <= len)
        return false;
    *cut = len;
    if (memcmp(word.ptr + word.len - len, rule->ending, len) == 0)
        return true;
    *cut = len + 2;
    return rule->ending[0] == '\'' && word.len > len + 2 &&
           memcmp(word.ptr + word.len - len + 1, rule->ending + 1, len - 1) == 0 &&
           memcmp(word.ptr + word.len - len - 2, "\u2019", 3) == 0;
}

// The i before -ego is the name's own ending: "Olafiego" is of "Olafi"; rules for "ego" alone would
// give it another one.
static bool cuts_short(const struct morph_rule *rule, struct slice word)
{
    return slice_is(slice_from_text(rule->ending), "ego") && word.len > 4 &&
           word.ptr[word.len - 4] == 'i';
}

static void add_rule(const struct morph_rule *rule, struct slice word, size_t cut,
                     struct arena *arena, struct found *found)
{
    char built[WORD_BYTES_MAX + 8];
    size_t stem = word.len - cut, tail = rule->lemma_len;
    memcpy(built, word.ptr, stem);
    memcpy(built + stem, rule->lemma, tail);
    struct slice text = slice_from(built, stem + tail);
    struct lemma *same = find_lemma(found, text);
    if (same && same != found->at && !same->known) { // another case may have the same ending
        same->cases |= rule->cases;
        same->gender |= rule->gender;
    }
    if (same)
        return;
    uint64_t hash = hash_folded(text);
    text = arena_copy(arena, text);
    if (!text.ptr)
        return;
    found->at[found->count++] =
        (struct lemma){.text = text, .hash = hash, .cases = rule->cases, .gender = rule->gender};
}

// What must be left of the word: two letters, which in Cyrillic are four bytes.
static size_t stem_bytes_min(enum morph_language language)
{
    return language == MORPH_RUSSIAN || language == MORPH_UKRAINIAN ? 4 : 2;
}

static void add_by_rules(enum morph_language language, struct slice word, struct arena *arena,
                         struct found *found)
{
    size_t rule_count, stem = stem_bytes_min(language);
    const struct morph_rule *rules = morph_rules(language, word.ptr[word.len - 1], &rule_count);
    for (size_t i = 0; i < rule_count && found->count < MORPH_LEMMAS_MAX; i++) {
        size_t cut;
        if (ends_with(word, &rules[i], &cut) && word.len - cut >= stem &&
            !cuts_short(&rules[i], word))
            add_rule(&rules[i], word, cut, arena, found);
    }
}

const struct lemma *morph_lemmas(const struct lexicon *lexicon, enum morph_language language,
                                 struct slice word, uint64_t hash, struct arena *arena,
                                 size_t *count)
{
    struct found found; // most of it stays unused
    found.count = 1;
    found.at[0] =
        (struct lemma){.text = word, .hash = hash, .cases = CASE_NOMINATIVE, .gender = GENDER_ANY};
    size_t shortest = language == MORPH_GERMAN ? 3 : 2;
    if (word.len > shortest && word.len < WORD_BYTES_MAX && language != MORPH_NONE) {
        if (language == MORPH_POLISH)
            add_table_forms(lexicon, word, hash, &found);
        add_by_rules(language, word, arena, &found);
    }
    struct lemma *lemmas = arena_alloc_array_uncleared(arena, found.count, sizeof *lemmas);
    *count = lemmas ? found.count : 0;
    if (lemmas)
        memcpy(lemmas, found.at, found.count * sizeof *lemmas);
    return lemmas;
}
