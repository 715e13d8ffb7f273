// The submitted text as lines: where each begins and ends without its white space, how wide it is,
// how it begins and how it ends. Furniture and unwrapping work on these and leave their verdicts
// in the flags.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/slice.h"

enum {
    LINE_WRAP_MAX = 100, // widest line that may have been wrapped by hand or by a mailer
    LINE_WIDTH_MAX = 255 // wider lines are this wide
};

enum line_flag {
    LINE_BLANK = 1 << 0,
    LINE_INDENTED = 1 << 1,      // begins with a tab or two spaces
    LINE_LOWER_FIRST = 1 << 2,   // first letter or digit, behind quotes, is a lower-case letter
    LINE_BULLET = 1 << 3,        // begins with a dash or list sign and a space
    LINE_ENDS_SENTENCE = 1 << 4, // ends with . ! ? : or an ellipsis, closing signs aside
    LINE_ENDS_HYPHEN = 1 << 5,   // ends with a letter and a hyphen, or with a soft hyphen
    LINE_ENDS_COMMA = 1 << 6,
    LINE_FURNITURE = 1 << 7, // is removed
    LINE_CREDIT = 1 << 8,    // is removed, and is a credit
    LINE_WEAK = 1 << 9,      // a word that menus have
    LINE_MENU = 1 << 12,     // a word that says something only among many of its kind
    LINE_LIST = 1 << 10,     // a heading of links
    LINE_REPLY = 1 << 11,    // a heading of readers' comments
};

// What becomes of the line ends between this kept line and the next kept one.
enum line_break {
    BREAK_PARAGRAPH = 0, // "\n\n" where a blank line stood, else "\n"
    BREAK_SPACE,         // joined with a space
    BREAK_NOTHING,       // joined without
    BREAK_HYPHEN,        // joined without, and the hyphen at the end of this line is dropped
};

struct line {
    uint32_t start, end;         // bytes of the submitted text, white space at both ends excluded
    uint32_t cut_start, cut_end; // bytes inside that are dropped (an agency's lead-in); equal: none
    uint8_t width;               // code points, at most LINE_WIDTH_MAX
    uint8_t first_word;          // code points of its first word, at most LINE_WIDTH_MAX
    uint8_t break_after;         // enum line_break
    uint16_t flags;              // enum line_flag
};

struct lines {
    struct line *at;
    size_t count;
    bool unwrapped; // some lines are wider than any that is wrapped by hand or by a mailer
};

// Splits well-formed UTF-8 at every kind of line end. 0 or -ENOMEM.
int lines_split(struct lines *out, struct slice text, struct arena *arena);
