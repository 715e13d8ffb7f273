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

// The first letters of the words of this length, a bit each. The compiler makes this one number.
static inline __attribute__((always_inline)) uint32_t first_letters(size_t len)
{
    return 0
#define WORD(text, language) | (sizeof text - 1 == len ? UINT32_C(1) << (text[0] & 31) : 0)
#include "workers/tagger/function_words.def"
#undef WORD
        ;
}

// A look at the first letter spares most words the search.
static bool may_be_known(char first, size_t len)
{
    const uint32_t letters[WORD_BYTES_MAX + 1] = {
        0,
        first_letters(1),
        first_letters(2),
        first_letters(3),
        first_letters(4),
        first_letters(5),
        first_letters(6),
        first_letters(7),
        first_letters(8),
    };
    return letters[len] >> (first & 31) & 1;
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
    if (word.len > WORD_BYTES_MAX || !may_be_known(*word.ptr, word.len))
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

// Letters and what stands for others: x; what may begin a letter that tells a language: t.
static const char word_bytes[] =
    "................................................................"  // 00
    ".xxxxxxxxxxxxxxxxxxxxxxxxxx......xxxxxxxxxxxxxxxxxxxxxxxxxx....."  // 40
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"  // 80
    "xxxtttxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; // c0

// Takes the letters at `at`; returns where they end.
static size_t letters_take(struct function_words *counts, struct slice text, size_t at)
{
    for (;; at++) {
        while (at < text.len && word_bytes[(unsigned char)text.ptr[at]] == 'x')
            at++;
        if (at == text.len || word_bytes[(unsigned char)text.ptr[at]] == '.')
            return at;
        if (at + 1 < text.len && text.ptr[at + 1])
            letter_count(counts, text.ptr[at], text.ptr[at + 1]);
    }
}

struct function_words function_words_count(struct slice text)
{
    struct function_words counts = {0};
    struct surroundings around = {.named = false};
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        at = letters_take(&counts, text, at);
        if (at > start) {
            bool english = word_count(&counts, slice_from(text.ptr + start, at - start));
            surroundings_take(&around, &counts, text.ptr[start], english);
        }
        at += at == start || at < text.len;
    }
    return counts;
}
