// What kind of character a code point is, as far as tokens need to know.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The letters are those of the table in unicode.c.
enum unicode_class {
    UNICODE_UPPER = 'U',  // upper-case or title-case letter
    UNICODE_LOWER = 'l',  // lower-case letter
    UNICODE_LETTER = 'a', // letter without case
    UNICODE_MARK = 'm',   // combining mark
    UNICODE_DIGIT = 'd',
    UNICODE_SPACE = 's',   // white space of any kind, line ends included
    UNICODE_CONTROL = 'c', // control or invisible format character
    UNICODE_SIGN = 'p',    // punctuation, symbol, or not assigned
};

// Of code points up to the end of Cyrillic, and of all others.
enum { UNICODE_TABLE = 0x530 };
extern const char unicode_classes[];
enum unicode_class unicode_class_beyond(uint32_t code);

static inline enum unicode_class unicode_class_of(uint32_t code)
{
    return code < UNICODE_TABLE ? (enum unicode_class)unicode_classes[code]
                                : unicode_class_beyond(code);
}

static inline bool unicode_is_letter(enum unicode_class kind)
{
    return kind == UNICODE_UPPER || kind == UNICODE_LOWER || kind == UNICODE_LETTER;
}

// Invisible characters that text may lose without a change of meaning: soft hyphen, zero-width
// space, word joiner, byte order mark, direction marks.
bool unicode_is_ignorable(uint32_t code);

// Signs that open or close a quotation or a bracket.
bool unicode_is_opening(uint32_t code);
bool unicode_is_closing(uint32_t code);

// Hyphen, en dash, em dash, minus and their kin.
bool unicode_is_dash(uint32_t code);

// False when text with this code point is in NFC wherever it stands; true: ask ICU.
bool unicode_may_break_nfc(uint32_t code);
