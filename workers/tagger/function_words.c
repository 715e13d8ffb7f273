#include "workers/tagger/function_words.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

enum { WORD_BYTES_MAX = 8 };
enum language_of_word { PL, DE, EN };

static const struct function_word {
    char text[WORD_BYTES_MAX]; // padded with NUL
    enum language_of_word language;
} known[] = {
#define WORD(text, language) {text, language},
#include "workers/tagger/function_words.def"
#undef WORD
};

// Eight bytes as a number that sorts as the bytes do: one comparison instead of a strcmp.
static uint64_t word_key(const char text[WORD_BYTES_MAX])
{
    uint64_t key;
    memcpy(&key, text, sizeof key);
    return be64toh(key);
}

static const struct function_word *word_find(const char text[WORD_BYTES_MAX])
{
    uint64_t key = word_key(text);
    size_t low = 0, high = sizeof known / sizeof *known;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (word_key(known[middle].text) <= key)
            low = middle;
        else
            high = middle;
    }
    return word_key(known[low].text) == key ? &known[low] : NULL;
}

// What stands before a word, to tell an English word in a foreign text's name.
struct surroundings {
    bool named;    // a capitalised word, or English words behind one
    int undecided; // English words that a capitalised word would make part of a name
};

static void surroundings_take(struct surroundings *around, struct function_words *counts,
                              char first, bool english)
{
    bool capital = first >= 'A' && first <= 'Z';
    if (capital)
        counts->english_in_names += around->undecided;
    if (capital || !english)
        around->undecided = 0;
    around->undecided += english && (capital || around->named);
    around->named = capital || (english && around->named);
}

// Whether it is English.
static bool word_count(struct function_words *counts, struct slice word)
{
    char key[WORD_BYTES_MAX] = {0};
    counts->words++;
    if (word.len > WORD_BYTES_MAX)
        return false;
    memcpy(key, word.ptr, word.len);
    if (key[0] >= 'A' && key[0] <= 'Z')
        key[0] = (char)(key[0] | 0x20);
    const struct function_word *found = word_find(key);
    if (!found)
        return false;
    counts->polish += found->language == PL;
    counts->german += found->language == DE;
    counts->english += found->language == EN;
    return found->language == EN;
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
    struct surroundings around = {.named = false};
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        while (at < text.len && is_word_byte((unsigned char)text.ptr[at])) {
            unsigned char byte = (unsigned char)text.ptr[at];
            if (byte >= 0xc3 && byte <= 0xc5 && at + 1 < text.len && text.ptr[at + 1])
                letter_count(&counts, text.ptr[at], text.ptr[at + 1]);
            at++;
        }
        if (at > start) {
            bool english = word_count(&counts, slice_from(text.ptr + start, at - start));
            surroundings_take(&around, &counts, text.ptr[start], english);
        }
        at += at == start || at < text.len;
    }
    return counts;
}
