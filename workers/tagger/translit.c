#include "workers/tagger/translit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// One sound written in several ways, longest spellings first. English, German and Polish
// transliterations of Slavic and Arabic names meet in these classes: ch/kh/h and cz/tsch/ch in
// "h", all sibilants in "s", all of i, j and y in "i".
#define SOUND(from, to)                                                                            \
    {                                                                                              \
        from, sizeof(from) - 1, to                                                                 \
    }

static const struct {
    char from[8];
    uint8_t len;
    char to[4];
} sounds[] = {
    SOUND("schtsch", "s"), SOUND("shch", "s"),  SOUND("szcz", "s"), SOUND("tsch", "h"),
    SOUND("dsch", "i"),    SOUND("dzh", "i"),   SOUND("tch", "h"),  SOUND("sch", "s"),
    SOUND("sh", "s"),      SOUND("sz", "s"),    SOUND("zh", "s"),   SOUND("rz", "rs"),
    SOUND("cz", "h"),      SOUND("ch", "h"),    SOUND("kh", "h"),   SOUND("cki", "ski"),
    SOUND("cky", "ski"),   SOUND("cka", "ska"), SOUND("ck", "k"),   SOUND("ts", "s"),
    SOUND("tz", "s"),      SOUND("ph", "v"),    SOUND("th", "t"),   SOUND("qu", "kv"),
    SOUND("ae", "a"),      SOUND("oe", "o"),    SOUND("ue", "u"),   SOUND("ou", "u"),
    SOUND("oo", "u"),      SOUND("ee", "i"),    SOUND("x", "ks"),   SOUND("q", "k"),
    SOUND("z", "s"),       SOUND("w", "v"),     SOUND("f", "v"),    SOUND("y", "i"),
    SOUND("j", "i"),
};

// Endings that one language writes otherwise than another, by sounds: "Gorbaczow", "Gorbachev";
// "Aleksandr", "Alexander"; "Morawiecki", "Моравецкий".
static const struct {
    const char *from, *to;
} endings[] = {
    {"ev", "ov"},
    {"eva", "ova"},
    {"evi", "ovi"},
    {"der", "dr"},
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

static size_t next_sound(struct slice rest, bool is_first, char sound[4])
{
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
        size_t len = sounds[i].len;
        if (sounds[i].from[0] == *rest.ptr && len <= rest.len &&
            memcmp(rest.ptr, sounds[i].from, len) == 0) {
            memcpy(sound, sounds[i].to, 4);
            return len;
        }
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
        size_t from = strlen(endings[i].from), to = strlen(endings[i].to);
        if (len - word < from + 2 || memcmp(out + len - from, endings[i].from, from) != 0)
            continue;
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
