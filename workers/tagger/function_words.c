#include "workers/tagger/function_words.h"

#include <stdbool.h>
#include <stdlib.h>

enum { WORD_BYTES_MAX = 9 };
enum language_of_word { PL, DE, EN };

static const struct function_word {
    const char *text;
    enum language_of_word language;
} known[] = {
#define WORD(text, language) {text, language},
#include "workers/tagger/function_words.def"
#undef WORD
};

static int word_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct function_word *)entry)->text);
}

static void word_count(struct function_words *counts, struct slice word)
{
    char key[WORD_BYTES_MAX + 1];
    counts->words++;
    if (word.len > WORD_BYTES_MAX)
        return;
    memcpy(key, word.ptr, word.len);
    key[word.len] = 0;
    if (key[0] >= 'A' && key[0] <= 'Z')
        key[0] = (char)(key[0] | 0x20);
    const struct function_word *found =
        bsearch(key, known, sizeof known / sizeof *known, sizeof *known, word_compare_cb);
    if (!found)
        return;
    counts->polish += found->language == PL;
    counts->german += found->language == DE;
    counts->english += found->language == EN;
}

// A letter of two bytes, both cases: ą ć ę, ł ń ś ź ż; ä ö ü ß.
static void letter_count(struct function_words *counts, char lead, char second)
{
    if (lead == '\xc4')
        counts->letters_polish += strchr("\x84\x85\x86\x87\x98\x99", second) != NULL;
    else if (lead == '\xc5')
        counts->letters_polish +=
            strchr("\x81\x82\x83\x84\x9a\x9b\xb9\xba\xbb\xbc", second) != NULL;
    else if (lead == '\xc3')
        counts->letters_german += strchr("\x84\x96\x9c\x9f\xa4\xb6\xbc", second) != NULL;
}

static bool is_word_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

struct function_words function_words_count(struct slice text)
{
    struct function_words counts = {0};
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        while (at < text.len && is_word_byte((unsigned char)text.ptr[at])) {
            unsigned char byte = (unsigned char)text.ptr[at];
            if (byte >= 0xc3 && byte <= 0xc5 && at + 1 < text.len && text.ptr[at + 1])
                letter_count(&counts, text.ptr[at], text.ptr[at + 1]);
            at++;
        }
        if (at > start)
            word_count(&counts, slice_from(text.ptr + start, at - start));
        at += at == start || at < text.len;
    }
    return counts;
}
