#include "workers/tagger/person_key.h"

#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/translit.h"

// A typing error in a shorter word may well make another name.
enum { FIRST_LETTERS_MIN = 5, LAST_LETTERS_MIN = 6 };

static bool key_of_word(char out[PERSON_KEY_BYTES], size_t *len, struct slice folded)
{
    char key[TRANSLIT_KEY_MAX];
    *len = translit_key(key, folded);
    enum { OVA = 3, REST_MIN = 3 }; // what Czech adds to the surnames of women
    if (*len >= OVA + REST_MIN && memcmp(key + *len - OVA, "ova", OVA) == 0)
        *len -= OVA;
    if (*len < 2 || *len > PERSON_KEY_BYTES)
        return false;
    memcpy(out, key, *len);
    return true;
}

bool person_key_make(struct person_key *key, struct slice name)
{
    struct lexicon_words words;
    return lexicon_words_split(&words, name) && words.count > 1 &&
           key_of_word(key->first, &key->first_len, words.folded[0]) &&
           key_of_word(key->last, &key->last_len, words.folded[words.count - 1]);
}

// Chains of keys lie in the same table as names; the seed keeps them apart.
static uint64_t hash_pair(struct slice first, struct slice last)
{
    enum { KEY_SEED = 0x6b6579 };
    return lexicon_hash_append(hash64(first, KEY_SEED), hash64(last, KEY_SEED));
}

uint64_t person_key_hash(const struct person_key *key)
{
    return hash_pair(slice_from(key->first, key->first_len), slice_from(key->last, key->last_len));
}

static struct slice without(char out[PERSON_KEY_BYTES], const char *word, size_t len, size_t at)
{
    memcpy(out, word, at);
    memcpy(out + at, word + at + 1, len - at - 1);
    return slice_from(out, len - 1);
}

size_t person_key_variants(const struct person_key *key, uint64_t out[PERSON_KEY_VARIANTS])
{
    char shorter[PERSON_KEY_BYTES];
    size_t count = 0;
    struct slice first = slice_from(key->first, key->first_len);
    struct slice last = slice_from(key->last, key->last_len);
    for (size_t i = 0; key->last_len >= LAST_LETTERS_MIN && i < key->last_len; i++)
        out[count++] = hash_pair(first, without(shorter, key->last, key->last_len, i));
    for (size_t i = 0; key->first_len >= FIRST_LETTERS_MIN && i < key->first_len; i++)
        out[count++] = hash_pair(without(shorter, key->first, key->first_len, i), last);
    return count;
}

// One letter more, less, other, or two neighbours swapped.
static bool is_one_error(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t same = 0, tail = 0;
    size_t shorter = a_len < b_len ? a_len : b_len, longer = a_len < b_len ? b_len : a_len;
    if (longer - shorter > 1)
        return false;
    while (same < shorter && a[same] == b[same])
        same++;
    while (tail < shorter - same && a[a_len - 1 - tail] == b[b_len - 1 - tail])
        tail++;
    size_t a_rest = a_len - same - tail, b_rest = b_len - same - tail;
    if (a_rest <= 1 && b_rest <= 1)
        return true;
    return a_rest == 2 && b_rest == 2 && a[same] == b[same + 1] && a[same + 1] == b[same];
}

static bool is_near(const struct lexicon *lexicon, const struct lexicon_posting *posting,
                    const struct person_key *key)
{
    struct person_key known;
    return person_key_make(&known, lexicon_string(lexicon, posting->text)) &&
           is_one_error(known.first, known.first_len, key->first, key->first_len) &&
           is_one_error(known.last, known.last_len, key->last, key->last_len);
}

typedef const struct lexicon_node *find_node_fn(const struct lexicon *lexicon, uint64_t hash);

static const struct lexicon_posting *find_near(const struct lexicon *lexicon, find_node_fn *find,
                                               uint64_t hash, const struct person_key *key,
                                               enum lexicon_language language)
{
    const struct lexicon_node *node = find(lexicon, hash);
    if (!node || node->posting == LEXICON_NONE)
        return NULL;
    const struct lexicon_posting *posting = lexicon_postings(lexicon, node->posting);
    const struct lexicon_posting *found = NULL;
    for (;; posting++) {
        bool fits = posting->flags & POSTING_KEY && (!found || posting->entity == found->entity) &&
                    is_near(lexicon, posting, key);
        if (fits && (!found || posting->languages & 1u << language))
            found = posting;
        if (posting->flags & POSTING_LAST)
            return found;
    }
}

static const struct lexicon_posting *find_by_key(const struct lexicon *lexicon, find_node_fn *find,
                                                 const struct person_key *key,
                                                 enum lexicon_language language)
{
    uint64_t variants[PERSON_KEY_VARIANTS];
    const struct lexicon_posting *found =
        find_near(lexicon, find, person_key_hash(key), key, language);
    size_t count = found ? 0 : person_key_variants(key, variants);
    for (size_t i = 0; i < count && !found; i++)
        found = find_near(lexicon, find, variants[i], key, language);
    return found;
}

const struct lexicon_posting *person_key_find(const struct lexicon *lexicon, struct slice name,
                                              enum lexicon_language language)
{
    struct person_key key;
    if (!person_key_make(&key, name))
        return NULL;
    const struct lexicon_posting *found = NULL;
    if (lexicon_has_own(lexicon))
        found = find_by_key(lexicon, lexicon_find_own_node, &key, language);
    return found ? found : find_by_key(lexicon, lexicon_find_node, &key, language);
}
