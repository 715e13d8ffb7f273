#include "workers/tagger/typo_key.h"

#include <string.h>

#include "workers/tagger/lexicon_words.h"

enum { ONE_ERROR_LETTERS = 6, TWO_ERRORS_LETTERS = 8, KEY_SEED = 0x7479706f };

static size_t errors_of(size_t letters)
{
    if (letters < ONE_ERROR_LETTERS || letters > TYPO_LETTERS_MAX)
        return 0;
    return letters < TWO_ERRORS_LETTERS ? 1 : 2;
}

static uint64_t hash_without(struct slice word, size_t first, size_t second)
{
    char left[TYPO_LETTERS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < word.len; i++)
        if (i != first && i != second)
            left[len++] = word.ptr[i];
    return lexicon_hash_append(hash64(slice_from(left, len), KEY_SEED), KEY_SEED);
}

size_t typo_key_variants(struct slice folded, uint64_t out[TYPO_VARIANTS])
{
    size_t errors = errors_of(folded.len), count = 0;
    if (!errors)
        return 0;
    out[count++] = hash_without(folded, SIZE_MAX, SIZE_MAX);
    for (size_t i = 0; i < folded.len; i++) {
        out[count++] = hash_without(folded, i, i);
        for (size_t j = i + 1; errors == 2 && j < folded.len; j++)
            out[count++] = hash_without(folded, i, j);
    }
    return count;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Letters to change, add, leave out or swap with their neighbour until one word is the other.
static size_t distance(struct slice a, struct slice b)
{
    size_t rows[3][TYPO_LETTERS_MAX + 2];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = a.ptr[i - 1] == b.ptr[j - 1];
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b.len];
}

static bool is_near(const struct lexicon *lexicon, const struct lexicon_posting *posting,
                    struct slice folded)
{
    struct lexicon_words words;
    if (!lexicon_words_split(&words, lexicon_string(lexicon, posting->text)) || words.count != 1)
        return false;
    struct slice name = words.folded[0];
    return name.len <= TYPO_LETTERS_MAX && name.ptr[0] == folded.ptr[0] &&
           distance(name, folded) <= errors_of(least(name.len + 1, folded.len));
}

struct choice {
    const struct lexicon_posting *found;
    bool several;
};

static void consider(struct choice *choice, const struct lexicon *lexicon, uint32_t index,
                     struct slice folded, enum tag_type type, enum lexicon_language language)
{
    const struct lexicon_posting *posting = lexicon_postings(lexicon, index);
    for (;; posting++) {
        bool spelled = posting->languages == 0 || posting->languages & 1u << language;
        if (posting->flags & POSTING_KEY && spelled &&
            lexicon_entity(lexicon, posting->entity)->type == type &&
            is_near(lexicon, posting, folded)) {
            choice->several |= choice->found && choice->found->entity != posting->entity;
            choice->found = posting;
        }
        if (posting->flags & POSTING_LAST)
            return;
    }
}

const struct lexicon_posting *typo_key_find(const struct lexicon *lexicon, struct slice folded,
                                            enum tag_type type, enum lexicon_language language)
{
    uint64_t variants[TYPO_VARIANTS];
    struct choice choice = {.found = NULL};
    size_t count = typo_key_variants(folded, variants);
    for (size_t i = 0; i < count; i++) {
        const struct lexicon_node *node = lexicon_find_node(lexicon, variants[i]);
        if (node && node->posting != LEXICON_NONE)
            consider(&choice, lexicon, node->posting, folded, type, language);
    }
    return choice.several ? NULL : choice.found;
}
