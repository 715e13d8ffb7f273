#include "proto/base/fold.h"

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/utf8.h"

// Derived from Unicode's canonical decompositions; letters without one (ł, ø, ß) and Cyrillic by
// hand (BGN/PCGN romanisation, soft and hard signs dropped). An empty entry is a character that
// separates words, or a sign that is dropped.
static const char fold_0080[0x250 - 0x80][5] = {
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "",   "",   "",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "",   "",   "",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "",   "",   "",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "a", "a",  "a",  "a",
    "a",  "a", "ae", "c", "e", "e", "e",  "e",  "i",  "i",  "i",  "i", "d", "n", "o",  "o",  "o",
    "o",  "o", "",   "o", "u", "u", "u",  "u",  "y",  "th", "ss", "a", "a", "a", "a",  "a",  "a",
    "ae", "c", "e",  "e", "e", "e", "i",  "i",  "i",  "i",  "d",  "n", "o", "o", "o",  "o",  "o",
    "",   "o", "u",  "u", "u", "u", "y",  "th", "y",  "a",  "a",  "a", "a", "a", "a",  "c",  "c",
    "c",  "c", "c",  "c", "c", "c", "d",  "d",  "d",  "d",  "e",  "e", "e", "e", "e",  "e",  "e",
    "e",  "e", "e",  "g", "g", "g", "g",  "g",  "g",  "g",  "g",  "h", "h", "h", "h",  "i",  "i",
    "i",  "i", "i",  "i", "i", "i", "i",  "i",  "ij", "ij", "j",  "j", "k", "k", "k",  "l",  "l",
    "l",  "l", "l",  "l", "l", "l", "l",  "l",  "n",  "n",  "n",  "n", "n", "n", "n",  "n",  "n",
    "o",  "o", "o",  "o", "o", "o", "oe", "oe", "r",  "r",  "r",  "r", "r", "r", "s",  "s",  "s",
    "s",  "s", "s",  "s", "s", "t", "t",  "t",  "t",  "t",  "t",  "u", "u", "u", "u",  "u",  "u",
    "u",  "u", "u",  "u", "u", "u", "w",  "w",  "y",  "y",  "y",  "z", "z", "z", "z",  "z",  "z",
    "s",  "b", "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "",   "e",  "e",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "l",  "",  "",  "",  "",   "",   "o",
    "o",  "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "u",  "u",  "",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "",   "",  "",  "",  "",   "",   "",
    "",   "",  "",   "",  "",  "",  "",   "",   "",   "",   "a",  "a", "i", "i", "o",  "o",  "u",
    "u",  "u", "u",  "u", "u", "u", "u",  "u",  "u",  "e",  "a",  "a", "a", "a", "ae", "ae", "",
    "",   "g", "g",  "k", "k", "o", "o",  "o",  "o",  "",   "",   "j", "",  "",  "",   "g",  "g",
    "",   "",  "n",  "n", "a", "a", "ae", "ae", "o",  "o",  "a",  "a", "a", "a", "e",  "e",  "e",
    "e",  "i", "i",  "i", "i", "o", "o",  "o",  "o",  "r",  "r",  "r", "r", "u", "u",  "u",  "u",
    "s",  "s", "t",  "t", "",  "",  "h",  "h",  "",   "",   "",   "",  "",  "",  "a",  "a",  "e",
    "e",  "o", "o",  "o", "o", "o", "o",  "o",  "o",  "y",  "y",  "",  "",  "",  "",   "",   "",
    "",   "",  "",   "l", "",  "",  "",   "",   "",   "b",  "",   "",  "",  "",  "",   "",   "",
    "",   "",  "",   "",  "",
};
static const char fold_0400[0x4a0 - 0x400][5] = {
    "e", "e", "dj", "g", "ye", "dz", "i",  "yi", "j",  "lj",   "nj", "c", "k", "i", "u",  "dz",
    "a", "b", "v",  "g", "d",  "e",  "zh", "z",  "i",  "i",    "k",  "l", "m", "n", "o",  "p",
    "r", "s", "t",  "u", "f",  "kh", "ts", "ch", "sh", "shch", "",   "y", "",  "e", "yu", "ya",
    "a", "b", "v",  "g", "d",  "e",  "zh", "z",  "i",  "i",    "k",  "l", "m", "n", "o",  "p",
    "r", "s", "t",  "u", "f",  "kh", "ts", "ch", "sh", "shch", "",   "y", "",  "e", "yu", "ya",
    "e", "e", "dj", "g", "ye", "dz", "i",  "yi", "j",  "lj",   "nj", "c", "k", "i", "u",  "dz",
    "",  "",  "",   "",  "",   "",   "",   "",   "",   "",     "",   "",  "",  "",  "",   "",
    "",  "",  "",   "",  "",   "",   "",   "",   "",   "",     "",   "",  "",  "",  "",   "",
    "",  "",  "",   "",  "",   "",   "",   "",   "",   "",     "",   "",  "",  "",  "",   "",
    "g", "g", "",   "",  "",   "",   "",   "",   "",   "",     "",   "",  "",  "",  "",   "",
};
static const char fold_1e00[0x1f00 - 0x1e00][5] = {
    "a", "a", "b", "b", "b", "b", "b",  "b", "c", "c", "d", "d", "d", "d", "d", "d", "d", "d", "d",
    "d", "e", "e", "e", "e", "e", "e",  "e", "e", "e", "e", "f", "f", "g", "g", "h", "h", "h", "h",
    "h", "h", "h", "h", "h", "h", "i",  "i", "i", "i", "k", "k", "k", "k", "k", "k", "l", "l", "l",
    "l", "l", "l", "l", "l", "m", "m",  "m", "m", "m", "m", "n", "n", "n", "n", "n", "n", "n", "n",
    "o", "o", "o", "o", "o", "o", "o",  "o", "p", "p", "p", "p", "r", "r", "r", "r", "r", "r", "r",
    "r", "s", "s", "s", "s", "s", "s",  "s", "s", "s", "s", "t", "t", "t", "t", "t", "t", "t", "t",
    "u", "u", "u", "u", "u", "u", "u",  "u", "u", "u", "v", "v", "v", "v", "w", "w", "w", "w", "w",
    "w", "w", "w", "w", "w", "x", "x",  "x", "x", "y", "y", "z", "z", "z", "z", "z", "z", "h", "t",
    "w", "y", "",  "s", "",  "",  "ss", "",  "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",
    "a", "a", "a", "a", "a", "a", "a",  "a", "a", "a", "a", "a", "a", "e", "e", "e", "e", "e", "e",
    "e", "e", "e", "e", "e", "e", "e",  "e", "e", "e", "i", "i", "i", "i", "o", "o", "o", "o", "o",
    "o", "o", "o", "o", "o", "o", "o",  "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "o",
    "u", "u", "u", "u", "u", "u", "u",  "u", "u", "u", "u", "u", "u", "u", "y", "y", "y", "y", "y",
    "y", "y", "y", "",  "",  "",  "",   "",  "",
};

static const char *table_entry(uint32_t code)
{
    if (code >= 0x80 && code < 0x250)
        return fold_0080[code - 0x80];
    if (code >= 0x400 && code < 0x4a0)
        return fold_0400[code - 0x400];
    if (code >= 0x1e00 && code < 0x1f00)
        return fold_1e00[code - 0x1e00];
    return NULL;
}

const char fold_plain[FOLD_PLAIN + 1] =
    "................................................0123456789......"  // 00
    ".abcdefghijklmnopqrstuvwxyz......abcdefghijklmnopqrstuvwxyz....."  // 40
    "................................................................"  // 80
    "................................................................"; // c0

static bool is_plain(char byte)
{
    return fold_plain[(unsigned char)byte] != '.';
}

size_t fold_code_beyond(char out[4], uint32_t code)
{
    const char *entry = table_entry(code);
    if (entry) {
        size_t len = 0;
        for (; entry[len]; len++)
            out[len] = entry[len];
        return len;
    }
    bool letter = code >= 0x250 && !(code >= 0x2000 && code < 0x2c00) &&
                  !(code >= 0x3000 && code < 0x3040) && code != 0xfeff;
    return letter ? utf8_put(out, code) : 0;
}

// Signs that stand inside a word and carry no letter: apostrophes, soft hyphen, combining marks,
// the Cyrillic signs.
static bool is_inside_word(uint32_t code)
{
    return code == '\'' || code == 0x2019 || code == 0x2bc || code == 0xad ||
           (code >= 0x300 && code < 0x370) || code == 0x44a || code == 0x44c || code == 0x42a ||
           code == 0x42c;
}

// Appends the ASCII letters and digits at `at`; returns where they end. Most of what there is.
static size_t fold_run(struct buf *out, struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_plain(text.ptr[end]))
        end++;
    char *to = buf_reserve(out, end - at);
    for (size_t i = at; to && i < end; i++)
        to[i - at] = fold_plain[(unsigned char)text.ptr[i]];
    out->len += to ? end - at : 0;
    return end;
}

static void put_gap(struct buf *out, size_t first, bool *gap)
{
    if (*gap && out->len > first)
        buf_put_byte(out, ' ');
    *gap = false;
}

void fold_name(struct buf *out, struct slice text)
{
    bool gap = false;
    size_t first = out->len;
    for (size_t at = 0; at < text.len;) {
        if (is_plain(text.ptr[at])) {
            put_gap(out, first, &gap);
            at = fold_run(out, text, at);
            continue;
        }
        uint32_t code = utf8_next(text, &at);
        char folded[4];
        if (is_inside_word(code))
            continue;
        size_t len = fold_code(folded, code);
        if (len)
            put_gap(out, first, &gap);
        else
            gap = true;
        buf_put(out, folded, len);
    }
}
