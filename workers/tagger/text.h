// From submitted bytes to tokens: what the name finder works on. Title and body are each one
// `struct text`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "workers/tagger/credits.h"
#include "workers/tagger/language.h"
#include "workers/tagger/tagger.h"

enum token_flag {
    TOKEN_WORD = 1 << 0,   // letters, possibly with digits, inner apostrophes or dots (U.S., G20)
    TOKEN_NUMBER = 1 << 1, // digits
    TOKEN_PUNCTUATION = 1 << 2, // one sign
    TOKEN_UPPER_FIRST = 1 << 3, // first letter is upper case
    TOKEN_UPPER_ALL = 1 << 4,   // two letters or more, all upper case
    TOKEN_MIXED = 1 << 5,       // upper case behind a lower-case letter (McDonald, iPhone)
    TOKEN_SENTENCE_FIRST =
        1 << 6, // first word of a sentence (quotes and dashes before it do not count)
    TOKEN_SPACE_BEFORE = 1 << 7,  // white space (or the text's start) stands before it
    TOKEN_HYPHEN_BEFORE = 1 << 8, // joined to the token before by a hyphen: "US-Präsident" is US,
                                  // -, Präsident: set on the last
    TOKEN_PARAGRAPH_FIRST = 1 << 9,
};

struct token {
    uint32_t start, end; // bytes into text.normalised
    uint32_t folded;     // byte offset into text.folded
    uint16_t folded_len; // 0 for punctuation
    uint16_t flags;
    uint32_t sentence; // number of its sentence, from 0
};

// One stretch of the normalised text and where it came from. Submitted bytes that lie in no segment
// were removed.
struct segment {
    uint32_t normalised; // first byte in text.normalised
    uint32_t submitted;  // first byte in text.submitted
    uint32_t normalised_len;
    uint32_t submitted_len;
    bool copied; // the same bytes, one to one; else replaced as a whole (NFC, a line break that
                 // became a space)
};

// One or more paragraphs in another language than the article.
struct text_stretch {
    uint32_t start, end; // bytes into text.normalised
    struct language language;
    bool joined; // the next paragraph may belong to it; for paragraphs.c
};

struct text {
    enum tag_field field;
    struct slice submitted;
    struct slice normalised;
    struct slice folded; // folded forms of the tokens, each followed by a space
    const struct token *tokens;
    size_t token_count;
    uint32_t sentence_count;
    const struct segment *segments; // in order, covering normalised completely
    size_t segment_count;
    const struct credit *credits; // removed from normalised; submitted bytes, in order
    size_t credit_count;
    const struct text_stretch *stretches; // in order; paragraphs.h fills them
    size_t stretch_count;
};

// Normalises and tokenises a field. `furniture`: remove page furniture (bodies, not titles).
// `language` (primary tag; may be empty) guides abbreviations and sentence ends only. 0; -EILSEQ
// when the field is not well-formed UTF-8; -EFBIG when it is 1 GiB or more; -ENOMEM when the arena
// is full. Time is linear in the length.
//
// Text: NFC; lines without furniture, joined where they were wrapped; "\n" between lines that were
// not, "\n\n" where a blank line stood; single spaces; no invisible characters.
//
// Tokens: an English genitive is two words ("Trump", "'s"), every other inner apostrophe stays
// ("O'Neill", "Kennedy'ego"); abbreviations of single letters and domain names are one word
// ("U.S.", "z.B.", "kremlin.ru"), "J." is two tokens. Words of more than 240 bytes are cut. The
// folded form is fold_name of the token, so that "U.S." gives "u s", and punctuation adds nothing
// to text.folded: what stands there reads like fold_name of the whole, "Nord-Korea" as "nord
// korea".
int text_prepare(struct text *out, enum tag_field field, struct slice submitted,
                 struct slice language, bool furniture, struct arena *arena);

// The same in two steps, for who wants to look at the text (which language is it?) before it is cut
// into tokens.
int text_normalise(struct text *out, enum tag_field field, struct slice submitted, bool furniture,
                   struct arena *arena);
int text_cut(struct text *text, struct slice language, struct arena *arena);

// Primary tag of the language at a byte of the normalised text: that of its stretch, else
// `article`. Bytes asked in ascending order cost no search (`state` starts at 0).
struct slice text_language_at(const struct text *text, uint32_t byte, struct slice article,
                              size_t *state);

// Submitted byte range of a range of normalised bytes: from the first byte's origin to the end of
// the last byte's origin.
void text_to_submitted(const struct text *text, uint32_t start, uint32_t end,
                       uint32_t *submitted_start, uint32_t *submitted_end);

// Code point index of a byte position in text->submitted. Positions asked in ascending order cost
// the distance only (`state` starts zeroed).
struct text_position {
    uint32_t byte, code_point;
};
uint32_t text_code_point(const struct text *text, uint32_t submitted_byte,
                         struct text_position *state);

// The edits (proto/wire/edit.h) that make text->normalised of text->submitted. In the arena; ptr
// NULL when it is full.
struct slice text_edits(const struct text *text, struct arena *arena);
