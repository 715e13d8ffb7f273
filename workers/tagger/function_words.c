#include "workers/tagger/function_words.h"

#include <stdbool.h>
#include <stdlib.h>

enum { WORD_BYTES_MAX = 12 };
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

// Letters by their two bytes, both cases.
static void letter_count(struct function_words *counts, const char *at)
{
    static const char polish[] = "ąĄćĆęĘłŁńŃśŚźŹżŻ", german[] = "äÄöÖüÜß";
    for (size_t i = 0; i + 1 < sizeof polish; i += 2)
        counts->letters_polish += memcmp(at, polish + i, 2) == 0;
    for (size_t i = 0; i + 1 < sizeof german; i += 2)
        counts->letters_german += memcmp(at, german + i, 2) == 0;
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
            if (byte >= 0xc3 && byte <= 0xc5 && at + 1 < text.len)
                letter_count(&counts, text.ptr + at);
            at++;
        }
        if (at > start)
            word_count(&counts, slice_from(text.ptr + start, at - start));
        at += at == start || at < text.len;
    }
    return counts;
}
