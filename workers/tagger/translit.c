#include "workers/tagger/translit.h"

#include <stdbool.h>
#include <stdio.h>

// One sound written in several ways, longest spellings first. English, German and Polish
// transliterations of Slavic and Arabic names meet in these classes: ch/kh/h and cz/tsch/ch in
// "h", all sibilants in "s", all of i, j and y in "i".
static const struct {
    char from[8];
    char to[3];
} sounds[] = {
    {"schtsch", "s"}, {"shch", "s"}, {"szcz", "s"}, {"tsch", "h"}, {"dsch", "d"}, {"dzh", "d"},
    {"tch", "h"},     {"sch", "s"},  {"sh", "s"},   {"sz", "s"},   {"zh", "s"},   {"rz", "rs"},
    {"cz", "h"},      {"ch", "h"},   {"kh", "h"},   {"ck", "k"},   {"ts", "s"},   {"tz", "s"},
    {"ph", "v"},      {"th", "t"},   {"qu", "kv"},  {"ae", "a"},   {"oe", "o"},   {"ue", "u"},
    {"ou", "u"},      {"oo", "u"},   {"ee", "i"},   {"x", "ks"},   {"q", "k"},    {"z", "s"},
    {"w", "v"},       {"f", "v"},    {"y", "i"},    {"j", "i"},
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
        size_t len = strlen(sounds[i].from);
        if (len <= rest.len && memcmp(rest.ptr, sounds[i].from, len) == 0) {
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

size_t translit_key(char out[TRANSLIT_KEY_MAX], struct slice folded)
{
    size_t len = 0;
    for (size_t at = 0; at < folded.len && len + 3 < TRANSLIT_KEY_MAX;) {
        char sound[3] = {0};
        at += next_sound(slice_from(folded.ptr + at, folded.len - at), sound);
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
