// The words of a field as the name finder sees them: tokens without punctuation, what stands
// between them, and what the lexicon knows of each.
#pragma once

#include "workers/tagger/lexicon.h"
#include "workers/tagger/morph.h"
#include "workers/tagger/text.h"

enum word_gap {
    GAP_NONE,   // the field's first word
    GAP_SPACE,  // white space only
    GAP_HYPHEN, // joined by a hyphen
    GAP_POINT,  // a full stop: an initial or an abbreviation may end before it
    GAP_SIGN,   // joined by a slash, ampersand or plus
    GAP_OTHER,
};

enum word_flag {
    WORD_IS_CAPITAL = 1 << 0,
    WORD_IS_UPPER = 1 << 1, // two letters or more, all capitals
    WORD_IS_MIXED = 1 << 2,
    WORD_IS_FIRST = 1 << 3,      // of its sentence
    WORD_IS_NUMBER = 1 << 4,     // digits only
    WORD_IS_INITIAL = 1 << 5,    // one capital letter
    WORD_IS_QUOTED = 1 << 6,     // an opening quotation mark stands before it
    WORD_IS_HEADLINE = 1 << 7,   // most words of its sentence are capitalised: capitals say nothing
    WORD_IS_COVERED = 1 << 8,    // part of a span already
    WORD_IS_ROMAN = 1 << 9,      // a Roman numeral
    WORD_IS_OWN_SMALL = 1 << 11, // a name of the user's begins with this word in small letters
};

struct word {
    uint32_t start, end; // normalised bytes
    struct slice folded;
    uint64_t hash;
    uint64_t stem;                   // words_stem
    const struct lexicon_word *info; // NULL when nothing is known
    const struct lemma *lemmas;      // of words that names may have; the first is the word itself
    uint16_t lemma_count;
    uint16_t flags;      // enum word_flag
    uint16_t cues;       // enum lexicon_word_flag in its paragraph's language; some in any
    uint8_t gap;         // enum word_gap before it
    uint8_t language;    // enum lexicon_language of its paragraph
    uint8_t morph;       // enum morph_language of its paragraph
    bool other_language; // as in struct words, of its paragraph
    uint32_t sentence;
};

struct words {
    const struct text *text;
    struct word *at;
    size_t count;
    size_t candidates;              // words a name may begin with
    enum lexicon_language language; // of the article
    enum morph_language morph;      // how its names are inflected
    bool other_language;            // neither Polish, German nor English: cues of none
};

// Fills `out` from a prepared field. 0 or -ENOMEM.
int words_prepare(struct words *out, const struct lexicon *lexicon, const struct text *text,
                  struct slice language, struct arena *arena);

// A name may begin with the word: it has a capital letter or a digit, or is one of a few that names
// write small ("dpa", "al-Kaida").
static inline bool words_may_begin(const struct word *word)
{
    return (word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER | WORD_IS_NUMBER | WORD_IS_OWN_SMALL)) ||
           (word->info && word->info->small_start && word->folded.len > 1);
}

static inline bool words_is_capital(const struct word *word)
{
    return (word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER)) != 0;
}

// Hash of a folded word without the letters that inflection changes: a rough stem, the same for
// Polish, German and English cases. Never 0.
uint64_t words_stem(struct slice folded);

// The word as written.
struct slice words_exact(const struct words *words, size_t index);

// How often its paragraph's language uses the word so: 0 never, else 1 + 8 * log2(count).
static inline int words_count_of(const struct words *words, const struct word *word,
                                 enum lexicon_count kind)
{
    (void)words;
    return word->info && !word->other_language ? word->info->counts[word->language][kind] : 0;
}

// As a part of a name, of the kind it is most often part of.
int words_name_count(const struct words *words, const struct word *word);

// Its cues, or those of the German word that it ends with: "Wettbewerbskommissarin",
// "Luftfahrtbehörde".
uint16_t words_compound_cues(const struct lexicon *lexicon, const struct word *word);
