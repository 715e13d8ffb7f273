#include "workers/tagger/organisations.h"

#include <errno.h>

#include "proto/base/fold.h"
#include "proto/base/utf8.h"
#include "workers/tagger/lexicon_words.h"

enum { ACRONYM_MIN = 2, ACRONYM_MAX = 8, FULL_WORDS_MAX = 10 };

int organisations_init(struct organisations *organisations, size_t spans, size_t words,
                       struct arena *arena)
{
    *organisations = (struct organisations){.parts_left = words};
    organisations->full = arena_alloc_array(arena, spans + 1, sizeof *organisations->full);
    organisations->times = arena_alloc_array(arena, spans + 1, sizeof *organisations->times);
    bool made = organisations->full && organisations->times &&
                link_map_init(&organisations->by_name, spans + 1, arena) &&
                link_map_init(&organisations->by_initials, 2 * spans + 1, arena) &&
                link_map_init(&organisations->by_alias, spans + 1, arena) &&
                link_map_init(&organisations->by_start, words + 1, arena) &&
                link_map_init(&organisations->by_end, words + 1, arena);
    return made ? 0 : -ENOMEM;
}

bool organisations_is_acronym(const struct words *words, const struct span *span)
{
    const struct word *word = &words->at[span->first];
    return span->count == 1 && word->folded.len >= ACRONYM_MIN && word->folded.len <= ACRONYM_MAX &&
           word->flags & (WORD_IS_UPPER | WORD_IS_MIXED) && !(word->flags & WORD_IS_HEADLINE);
}

// Types differ where a country is meant by its government or a place by its club; a name of the
// article is one thing.
static bool is_whole(const struct span *span)
{
    bool typed = span->type == TAG_ORGANISATION || span->type == TAG_PLACE;
    return typed && span->count > 1 && !(span->flags & SPAN_DROPPED);
}

static bool goes_before(const struct organisations *organisations, uint32_t a, uint32_t b)
{
    bool known = organisations->full[a]->entity != LEXICON_NONE;
    if (known != (organisations->full[b]->entity != LEXICON_NONE))
        return known;
    return organisations->times[a] > organisations->times[b];
}

// Of several names with one key one that the lexicon knows goes before others, then the one that
// the article has most often, then the first.
static void put(struct organisations *organisations, struct link_map *map, uint64_t key,
                uint32_t index)
{
    bool is_new;
    uint32_t *value = link_map_put(map, key, &is_new);
    if (is_new || goes_before(organisations, index, *value))
        *value = index;
}

static uint64_t hash_typed(struct slice text, enum tag_type type)
{
    return hash64(text, 1 + (uint64_t)type);
}

// The initials of all words, and of those that are written with a capital.
static void put_initials(struct organisations *organisations, struct slice name,
                         const struct lexicon_words *words, uint32_t index)
{
    char all[FULL_WORDS_MAX], capital[FULL_WORDS_MAX];
    size_t all_len = 0, capital_len = 0;
    for (size_t i = 0; i < words->count && i < FULL_WORDS_MAX; i++)
        all[all_len++] = words->folded[i].ptr[0];
    bool starts = true;
    for (size_t at = 0; at < name.len && capital_len < FULL_WORDS_MAX;) {
        uint32_t code = utf8_next(name, &at);
        char folded[4];
        if (starts && lexicon_words_is_upper(code) && fold_code(folded, code))
            capital[capital_len++] = folded[0];
        starts = code == ' ' || code == '-';
    }
    enum tag_type type = organisations->full[index]->type;
    if (all_len >= ACRONYM_MIN)
        put(organisations, &organisations->by_initials, hash_typed(slice_from(all, all_len), type),
            index);
    if (capital_len >= ACRONYM_MIN)
        put(organisations, &organisations->by_initials,
            hash_typed(slice_from(capital, capital_len), type), index);
}

static bool is_number(struct slice word)
{
    return word.len && word.ptr[0] >= '0' && word.ptr[0] <= '9';
}

// Each run of words that the name begins or ends with, unless only a number would be missing: "Nord
// Stream" is not "Nord Stream 2".
static void put_parts(struct organisations *organisations, const struct lexicon_words *words,
                      uint32_t index)
{
    enum tag_type type = organisations->full[index]->type;
    const struct slice *at = words->folded;
    size_t count = words->count;
    for (size_t i = 1; i < count && organisations->parts_left; i++) {
        organisations->parts_left--;
        struct slice head = slice_from(words->text, (size_t)(at[i].ptr - words->text) - 1);
        struct slice tail =
            slice_from(at[i].ptr, words->text_len - (size_t)(at[i].ptr - words->text));
        if (!is_number(at[i]))
            put(organisations, &organisations->by_start, hash_typed(head, type), index);
        if (type == TAG_ORGANISATION)
            put(organisations, &organisations->by_end, hash_typed(tail, type), index);
    }
}

// The index of a name, under its first span.
static uint32_t keep(struct organisations *organisations, struct span *span)
{
    bool is_new;
    uint32_t *index =
        link_map_put(&organisations->by_name, hash_typed(span->base, span->type), &is_new);
    if (is_new) {
        *index = (uint32_t)organisations->count;
        organisations->full[organisations->count++] = span;
    }
    return *index;
}

void organisations_add(struct organisations *organisations, struct span *span)
{
    if (is_whole(span) && span->base.ptr)
        organisations->times[keep(organisations, span)]++;
}

void organisations_index(struct organisations *organisations)
{
    for (uint32_t i = 0; i < organisations->count; i++) {
        struct lexicon_words split;
        if (!lexicon_words_split(&split, organisations->full[i]->base))
            continue;
        put_initials(organisations, organisations->full[i]->base, &split, i);
        put_parts(organisations, &split, i);
    }
}

// What stands between and behind two neighbours: "name (ACRONYM)".
static bool is_bracketed(const struct words *words, const struct span *left,
                         const struct span *right)
{
    struct slice text = words->text->normalised;
    uint32_t from = words->at[left->first + left->count - 1].end,
             to = words->at[right->first].start;
    uint32_t end = words->at[right->first + right->count - 1].end;
    while (from < to && (text.ptr[from] == ' ' || text.ptr[from] == '"'))
        from++;
    return from + 1 == to && text.ptr[from] == '(' && end < text.len && text.ptr[end] == ')';
}

void organisations_add_pair(struct organisations *organisations, const struct words *words,
                            struct span *name, struct span *acronym)
{
    bool behind = name->first < acronym->first;
    if (!is_whole(name) || !name->base.ptr || name->type != acronym->type ||
        acronym->flags & SPAN_DROPPED || !organisations_is_acronym(words, acronym) ||
        !is_bracketed(words, behind ? name : acronym, behind ? acronym : name))
        return;
    if (name->entity != LEXICON_NONE && acronym->entity != LEXICON_NONE &&
        name->entity != acronym->entity)
        return;
    uint32_t index = keep(organisations, name);
    put(organisations, &organisations->by_alias,
        hash_typed(words->at[acronym->first].folded, acronym->type), index);
}

static struct span *whole_of(const struct organisations *organisations, const struct link_map *map,
                             struct slice key, const struct span *span)
{
    const uint32_t *index = link_map_get(map, hash_typed(key, span->type));
    return index && organisations->full[*index] != span ? organisations->full[*index] : NULL;
}

struct span *organisations_by_alias(const struct organisations *organisations,
                                    const struct words *words, const struct span *span)
{
    if (!organisations->count || !organisations_is_acronym(words, span))
        return NULL;
    return whole_of(organisations, &organisations->by_alias, words->at[span->first].folded, span);
}

struct span *organisations_by_initials(const struct organisations *organisations,
                                       const struct words *words, const struct span *span)
{
    if (!organisations->count || !organisations_is_acronym(words, span))
        return NULL;
    return whole_of(organisations, &organisations->by_initials, words->at[span->first].folded,
                    span);
}

struct span *organisations_find(const struct organisations *organisations,
                                const struct words *words, const struct span *span)
{
    struct lexicon_words split;
    struct span *found = NULL;
    if (!organisations->count || !span->base.ptr)
        return NULL;
    if (organisations_is_acronym(words, span)) {
        found = organisations_by_alias(organisations, words, span);
        if (!found)
            found = organisations_by_initials(organisations, words, span);
    }
    if (found || !lexicon_words_split(&split, span->base))
        return found;
    struct slice folded = slice_from(split.text, split.text_len);
    found = whole_of(organisations, &organisations->by_start, folded, span);
    // "Commission" is the European one, but a name at the end may be whose it is: "Rada UE".
    bool head = words->at[span->first].cues & WORD_ORGANISATION;
    return found || !head ? found : whole_of(organisations, &organisations->by_end, folded, span);
}
