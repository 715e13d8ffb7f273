#include "workers/tagger/local_id.h"

#include <string.h>

#include "proto/base/utf8.h"
#include "workers/tagger/lexicon_words.h"

enum { ACRONYM_LETTERS_MAX = 6 };

// "WHO", "ВОЗ", "NATO": letters that are no word; nothing sounds alike that is not the same.
static bool is_acronym(struct slice name)
{
    size_t letters = 0;
    for (size_t at = 0; at < name.len; letters++) {
        uint32_t code = utf8_next(name, &at);
        if (!lexicon_words_is_upper(code) && (letters == 0 || code < '0' || code > '9'))
            return false;
    }
    return letters >= 2 && letters <= ACRONYM_LETTERS_MAX;
}

static bool is_legal_form(struct slice word)
{
    static const char *const forms[] = {"ag",  "gmbh", "kg",  "kgaa", "se",  "ltd",
                                        "llc", "plc",  "inc", "corp", "llp", "sa",
                                        "s a", "spa",  "oyj", "nv",   "bv"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (slice_is(word, forms[i]))
            return true;
    return false;
}

// How many of the words are the name itself.
static size_t own_words(const struct lexicon_words *words, enum tag_type type)
{
    size_t count = words->count;
    if (type != TAG_ORGANISATION)
        return count;
    while (count > 1 && is_legal_form(words->folded[count - 1]))
        count--;
    return count;
}

static size_t without_ova(const char *key, size_t len)
{
    enum { OVA = 3, REST_MIN = 3 };
    size_t rest = 0;
    while (rest < len && key[len - 1 - rest] != ' ')
        rest++;
    return rest >= OVA + REST_MIN && memcmp(key + len - OVA, "ova", OVA) == 0 ? len - OVA : len;
}

static size_t put_key(char out[TRANSLIT_KEY_MAX], enum tag_type type, struct slice name)
{
    struct lexicon_words words;
    if (!lexicon_words_split(&words, name))
        return 0;
    struct slice last = words.folded[own_words(&words, type) - 1];
    struct slice folded = slice_from(words.text, (size_t)(last.ptr + last.len - words.text));
    if (type == TAG_ORGANISATION && is_acronym(name)) {
        memcpy(out, folded.ptr, folded.len);
        return folded.len;
    }
    size_t len = translit_key(out, folded);
    return type == TAG_PERSON ? without_ova(out, len) : len;
}

struct slice local_id_make(char out[LOCAL_ID_BYTES], enum tag_type type, struct slice name)
{
    static const char head[] = "local:?-";
    enum { LETTER = 6, HEAD = sizeof head - 1 };
    memcpy(out, head, HEAD);
    out[LETTER] = tag_type_letter(type);
    size_t end = HEAD + put_key(out + HEAD, type, name);
    for (size_t i = HEAD; i < end; i++)
        out[i] = out[i] == ' ' ? '-' : out[i];
    return slice_from(out, end);
}
