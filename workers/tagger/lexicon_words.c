#include "workers/tagger/lexicon_words.h"

#include "proto/base/fold.h"
#include "proto/base/utf8.h"

static bool is_plain_letter(char letter)
{
    return (letter | 0x20) >= 'a' && (letter | 0x20) <= 'z';
}

static size_t letters_from(struct slice name, size_t at)
{
    size_t count = 0;
    while (at + count < name.len && is_plain_letter(name.ptr[at + count]))
        count++;
    return count;
}

// "U.S.", "E.ON": a single letter before the dot, one or two behind it. "Amazon.com": the name ends
// in a small label. As in tokens.c.
static bool dot_joins(struct slice name, size_t dot)
{
    size_t behind = letters_from(name, dot + 1);
    if (dot == 0 || !is_plain_letter(name.ptr[dot - 1]) || behind == 0)
        return false;
    bool initial = dot == 1 || !is_plain_letter(name.ptr[dot - 2]);
    bool label = dot + 1 + behind == name.len && behind <= 4 && name.ptr[dot + 1] >= 'a';
    return (initial && behind <= 2) || label;
}

static bool is_silent(uint32_t code)
{
    return code == '\'' || code == 0x2019 || code == 0x2bc || (code >= 0x300 && code < 0x370) ||
           code == 0x42a || code == 0x42c || code == 0x44a || code == 0x44c;
}

static bool close_word(struct lexicon_words *words, size_t start)
{
    if (words->text_len == start)
        return true;
    if (words->count == LEXICON_WORDS_MAX || words->text_len + 1 >= LEXICON_WORDS_BYTES)
        return false;
    words->folded[words->count++] = slice_from(words->text + start, words->text_len - start);
    words->text[words->text_len++] = ' ';
    return true;
}

bool lexicon_words_split(struct lexicon_words *words, struct slice name)
{
    words->count = words->text_len = 0;
    size_t start = 0;
    for (size_t at = 0; at < name.len;) {
        size_t before = at;
        uint32_t code = utf8_next(name, &at);
        size_t len = fold_code(words->text + words->text_len, code);
        if (words->text_len + len + 1 >= LEXICON_WORDS_BYTES)
            return false;
        words->text_len += len;
        if (code == '.' && dot_joins(name, before)) {
            words->text[words->text_len++] = ' ';
        } else if (len == 0 && !is_silent(code)) {
            if (!close_word(words, start))
                return false;
            start = words->text_len;
        }
    }
    if (!close_word(words, start) || words->count == 0)
        return false;
    words->text_len--;
    return true;
}

bool lexicon_words_is_upper(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z';
    if (code < 0x100)
        return code >= 0xc0 && code <= 0xde && code != 0xd7;
    if (code >= 0x139 && code <= 0x148)
        return code % 2 == 1;
    if (code >= 0x179 && code <= 0x17e)
        return code % 2 == 1;
    if (code < 0x180)
        return code % 2 == 0 && code != 0x138;
    if (code >= 0x1e00 && code < 0x1f00)
        return code % 2 == 0;
    if (code >= 0x460 && code < 0x500)
        return code % 2 == 0;
    return code >= 0x400 && code <= 0x42f;
}
