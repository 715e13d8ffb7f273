#include "workers/tagger/translit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// One sound written in several ways, by first letter, longest spellings first. English, German and
// Polish transliterations of Slavic and Arabic names meet in these classes: ch/kh/h and cz/tsch/ch
// in "h", all sibilants in "s", all of i, j and y in "i".
#define SOUND(from, to)                                                                            \
    {                                                                                              \
        from, sizeof(from) - 1, to                                                                 \
    }

static const struct sound {
    char from[8];
    uint8_t len; // 0 behind the last of a letter
    char to[4];
} sounds[26][7] = {
    ['a' - 'a'] = {SOUND("ae", "a")},
    ['c' - 'a'] = {SOUND("cz", "h"), SOUND("ch", "h"), SOUND("cki", "ski"), SOUND("cky", "ski"),
                   SOUND("cka", "ska"), SOUND("ck", "k")},
    ['d' - 'a'] = {SOUND("dsch", "i"), SOUND("dzh", "i")},
    ['e' - 'a'] = {SOUND("ee", "i")},
    ['f' - 'a'] = {SOUND("f", "v")},
    ['j' - 'a'] = {SOUND("j", "i")},
    ['k' - 'a'] = {SOUND("kh", "h")},
    ['o' - 'a'] = {SOUND("oe", "o"), SOUND("ou", "u"), SOUND("oo", "u")},
    ['p' - 'a'] = {SOUND("ph", "v")},
    ['q' - 'a'] = {SOUND("qu", "kv"), SOUND("q", "k")},
    ['r' - 'a'] = {SOUND("rz", "rs")},
    ['s' - 'a'] = {SOUND("schtsch", "s"), SOUND("shch", "s"), SOUND("szcz", "s"), SOUND("sch", "s"),
                   SOUND("sh", "s"), SOUND("sz", "s")},
    ['t' - 'a'] = {SOUND("tsch", "h"), SOUND("tch", "h"), SOUND("ts", "s"), SOUND("tz", "s"),
                   SOUND("th", "t")},
    ['u' - 'a'] = {SOUND("ue", "u")},
    ['w' - 'a'] = {SOUND("w", "v")},
    ['x' - 'a'] = {SOUND("x", "ks")},
    ['y' - 'a'] = {SOUND("y", "i")},
    ['z' - 'a'] = {SOUND("zh", "s"), SOUND("z", "s")},
};

// Endings that one language writes otherwise than another, by sounds: "Gorbaczow", "Gorbachev";
// "Aleksandr", "Alexander"; "Morawiecki", "Моравецкий".
static const struct sound endings[] = {
    SOUND("ev", "ov"),
    SOUND("eva", "ova"),
    SOUND("evi", "ovi"),
    SOUND("der", "dr"),
};

static bool is_vowel(char letter)
{
    return letter == 'a' || letter == 'e' || letter == 'i' || letter == 'o' || letter == 'u';
}

// `c` sounds as s before e and i, else as k.
static char sound_of_c(char next)
{
    return next == 'e' || next == 'i' || next == 'y' ? 's' : 'k';
}

// They have the first letter in common.
static bool begins(struct slice rest, const struct sound *sound)
{
    size_t same = 1;
    while (same < sound->len && same < rest.len && rest.ptr[same] == sound->from[same])
        same++;
    return same == sound->len;
}

static size_t next_sound(struct slice rest, bool is_first, char sound[4])
{
    static const struct sound none = {.len = 0};
    bool letter = *rest.ptr >= 'a' && *rest.ptr <= 'z';
    for (const struct sound *known = letter ? sounds[*rest.ptr - 'a'] : &none; known->len; known++)
        if (begins(rest, known)) {
            memcpy(sound, known->to, 4);
            return known->len;
        }
    // English writes an h that nobody hears: "Johnson", "Sarah".
    if (*rest.ptr == 'h' && (rest.len == 1 || !is_vowel(rest.ptr[1])) && !is_first) {
        sound[0] = 0;
        return 1;
    }
    sound[0] = *rest.ptr == 'c' ? sound_of_c(rest.len > 1 ? rest.ptr[1] : 0) : *rest.ptr;
    sound[1] = 0;
    return 1;
}

// Doubled letters count once; "i" before another vowel is a softening ("Siergiej", "Sergey") and
// is dropped.
static size_t append_sound(char *out, size_t len, char letter)
{
    if (len && out[len - 1] == 'i' && is_vowel(letter) && letter != 'i')
        len--;
    if (len && out[len - 1] == letter)
        return len;
    out[len] = letter;
    return len + 1;
}

// A letter of a script that folding leaves alone: it is copied whole.
static size_t foreign_length(struct slice rest)
{
    size_t len = 1;
    while (len < rest.len && ((uint8_t)rest.ptr[len] & 0xc0) == 0x80)
        len++;
    return len;
}

// Evens out the ending of the word that begins at `word` in `out`.
static size_t even_ending(char *out, size_t word, size_t len)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t from = endings[i].len;
        if (len - word < from + 2 || out[len - 1] != endings[i].from[from - 1] ||
            memcmp(out + len - from, endings[i].from, from) != 0)
            continue;
        size_t to = strlen(endings[i].to);
        memcpy(out + len - from, endings[i].to, to);
        return len - from + to;
    }
    return len;
}

size_t translit_key(char out[TRANSLIT_KEY_MAX], struct slice folded)
{
    enum { LETTER_MAX = 4 };
    size_t len = 0, word = 0;
    for (size_t at = 0; at < folded.len && len + LETTER_MAX < TRANSLIT_KEY_MAX;) {
        struct slice rest = slice_from(folded.ptr + at, folded.len - at);
        char sound[4] = {0};
        if ((uint8_t)*rest.ptr >= 0x80) {
            size_t foreign = foreign_length(rest);
            memcpy(out + len, rest.ptr, foreign);
            len += foreign;
            at += foreign;
            continue;
        }
        bool space = *rest.ptr == ' ';
        if (space)
            len = even_ending(out, word, len);
        at += next_sound(rest, len == word, sound);
        for (const char *letter = sound; *letter; letter++)
            len = append_sound(out, len, *letter);
        word = space ? len : word;
    }
    len = even_ending(out, word, len);
    while (len && out[len - 1] == ' ')
        len--;
    return len;
}
