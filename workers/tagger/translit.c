#include "workers/tagger/translit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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
    char to[3];
} sounds[] = {
    SOUND("schtsch", "s"), SOUND("shch", "s"), SOUND("szcz", "s"), SOUND("tsch", "h"),
    SOUND("dsch", "d"),    SOUND("dzh", "d"),  SOUND("tch", "h"),  SOUND("sch", "s"),
    SOUND("sh", "s"),      SOUND("sz", "s"),   SOUND("zh", "s"),   SOUND("rz", "rs"),
    SOUND("cz", "h"),      SOUND("ch", "h"),   SOUND("kh", "h"),   SOUND("ck", "k"),
    SOUND("ts", "s"),      SOUND("tz", "s"),   SOUND("ph", "v"),   SOUND("th", "t"),
    SOUND("qu", "kv"),     SOUND("ae", "a"),   SOUND("oe", "o"),   SOUND("ue", "u"),
    SOUND("ou", "u"),      SOUND("oo", "u"),   SOUND("ee", "i"),   SOUND("x", "ks"),
    SOUND("q", "k"),       SOUND("z", "s"),    SOUND("w", "v"),    SOUND("f", "v"),
    SOUND("y", "i"),       SOUND("j", "i"),
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

static size_t next_sound(struct slice rest, char sound[3])
{
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
        size_t len = sounds[i].len;
        if (sounds[i].from[0] == *rest.ptr && len <= rest.len &&
            memcmp(rest.ptr, sounds[i].from, len) == 0) {
            memcpy(sound, sounds[i].to, 3);
            return len;
        }
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

size_t translit_key(char out[TRANSLIT_KEY_MAX], struct slice folded)
{
    enum { LETTER_MAX = 4 };
    size_t len = 0;
    for (size_t at = 0; at < folded.len && len + LETTER_MAX < TRANSLIT_KEY_MAX;) {
        struct slice rest = slice_from(folded.ptr + at, folded.len - at);
        char sound[3] = {0};
        if ((uint8_t)*rest.ptr >= 0x80) {
            size_t foreign = foreign_length(rest);
            memcpy(out + len, rest.ptr, foreign);
            len += foreign;
            at += foreign;
            continue;
        }
        at += next_sound(rest, sound);
        for (const char *letter = sound; *letter; letter++)
            len = append_sound(out, len, *letter);
    }
    while (len && out[len - 1] == ' ')
        len--;
    return len;
}

struct slice translit_local_id(char out[TRANSLIT_ID_BYTES], char type_letter, struct slice folded)
{
    size_t len =
        (size_t)snprintf(out, TRANSLIT_ID_BYTES - TRANSLIT_KEY_MAX, "local:%c-", type_letter);
    size_t end = len + translit_key(out + len, folded);
    for (size_t i = len; i < end; i++)
        out[i] = out[i] == ' ' ? '-' : out[i];
    return slice_from(out, end);
}
