#include "workers/tagger/link.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/buf.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/local_id.h"
#include "workers/tagger/person_key.h"

// Places below this weight give way to persons of the article who have their name.
enum { SURE_PLACE_WEIGHT = 6 };

// A hash map from a 64-bit key to a 32-bit number, sized once.
struct map {
    struct {
        uint64_t key; // 0 empty
        uint32_t value;
    } * slots;
    size_t mask;
};

static bool map_init(struct map *map, size_t records, struct arena *arena)
{
    size_t slots = 16;
    while (slots < records * 2)
        slots *= 2;
    map->slots = arena_alloc_array(arena, slots, sizeof *map->slots);
    map->mask = slots - 1;
    return map->slots != NULL;
}

// The value's place; *is_new tells whether the key was added. Never full: sized for every record.
static uint32_t *map_put(struct map *map, uint64_t key, bool *is_new)
{
    key = key ? key : 1;
    size_t at = key & map->mask;
    while (map->slots[at].key && map->slots[at].key != key)
        at = (at + 1) & map->mask;
    *is_new = map->slots[at].key == 0;
    map->slots[at].key = key;
    return &map->slots[at].value;
}

static const uint32_t *map_get(const struct map *map, uint64_t key)
{
    key = key ? key : 1;
    size_t at = key & map->mask;
    while (map->slots[at].key && map->slots[at].key != key)
        at = (at + 1) & map->mask;
    return map->slots[at].key ? &map->slots[at].value : NULL;
}

// --- Surnames ---

// Full names of persons by the hash of their surname: where a surname alone leads.
struct surnames {
    struct map map;     // surname to index into full
    struct span **full; // spans of whole names
    size_t full_count;
};

static uint64_t last_word_hash(struct slice base)
{
    struct lexicon_words words;
    if (!lexicon_words_split(&words, base))
        return 0;
    return lexicon_hash_word(words.folded[words.count - 1]);
}

static void remember_surname(struct surnames *surnames, const struct words *words,
                             struct span *span)
{
    if (span->type != TAG_PERSON || span->count < 2 || span->flags & SPAN_DROPPED)
        return;
    const struct word *last = &words->at[span->first + span->count - 1];
    if (last->flags & (WORD_IS_ROMAN | WORD_IS_INITIAL | WORD_IS_NUMBER) || last->folded.len < 2 ||
        last->cues & (WORD_ORGANISATION | WORD_GEO | WORD_TITLE))
        return;
    bool is_new;
    uint32_t *value = map_put(&surnames->map, last_word_hash(span->base), &is_new);
    struct span *known = is_new ? NULL : surnames->full[*value];
    // Of several persons of one name the first stays, but one that the lexicon knows goes before.
    if (known && (known->entity != LEXICON_NONE || span->entity == LEXICON_NONE))
        return;
    *value = (uint32_t)surnames->full_count;
    surnames->full[surnames->full_count++] = span;
}

// The full name that a word alone may stand for, and in *base its dictionary form.
static struct span *full_name_of(const struct surnames *surnames, const struct word *word,
                                 struct slice *base)
{
    for (size_t i = 0; i < word->lemma_count; i++) {
        const uint32_t *found = map_get(&surnames->map, word->lemmas[i].hash);
        if (found) {
            *base = word->lemmas[i].text;
            return surnames->full[*found];
        }
    }
    return NULL;
}

static void become_surname_of(struct span *span, const struct span *full, struct slice base)
{
    span->type = TAG_PERSON;
    span->entity = full->entity;
    span->base = base;
    span->whole = full->base;
    span->flags = SPAN_SURNAME | (full->flags & SPAN_GUESS);
}

// --- Weak signs ---

static bool is_supported(const struct map *sure, const struct span *span)
{
    return map_get(sure, span->entity + 1u) != NULL;
}

static void settle_weak(struct span *span)
{
    span->flags |= SPAN_DROPPED;
}

// --- Grouping ---

static struct slice local_id(struct linker *linker, const struct span *span)
{
    char id[LOCAL_ID_BYTES];
    struct slice name = span->whole.len ? span->whole : span->base;
    return arena_copy(linker->arena, local_id_make(id, span->type, name));
}

static void add_to_group(struct linker *linker, struct map *ids, struct span *span)
{
    struct slice id;
    struct slice name = span->whole.len ? span->whole : span->base;
    if (span->entity != LEXICON_NONE) {
        const struct lexicon_entity *entity = lexicon_entity(linker->lexicon, span->entity);
        id = lexicon_string(linker->lexicon, entity->id);
        name = lexicon_string(linker->lexicon, entity->name);
    } else {
        id = local_id(linker, span);
        span->entity = lexicon_find_own_id(linker->lexicon, id);
        if (span->entity != LEXICON_NONE)
            name = lexicon_string(linker->lexicon,
                                  lexicon_entity(linker->lexicon, span->entity)->name);
    }
    bool is_new;
    uint32_t *group = map_put(ids, hash64(id, 0), &is_new);
    if (is_new) {
        *group = (uint32_t)linker->group_count++;
        linker->groups[*group] = (struct linked_entity){
            .entity = span->entity, .type = span->type, .id = id, .name = name};
    }
    span->group = *group;
    struct linked_entity *entity = &linker->groups[*group];
    entity->mentions++;
    if (entity->entity == LEXICON_NONE && name.len > entity->name.len)
        entity->name = name;
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

// --- The order of the steps ---

// A guess may be a known person after all, transliterated in another way or mistyped.
static void recognise(const struct lexicon *lexicon, enum lexicon_language language,
                      struct span *span)
{
    if (span->type != TAG_PERSON || span->count < 2 || !span->base.ptr)
        return;
    const struct lexicon_posting *found = person_key_find(lexicon, span->base, language);
    if (!found)
        return;
    span->entity = lexicon_prefer(lexicon, found->entity);
    span->type = (enum tag_type)lexicon_entity(lexicon, span->entity)->type;
    span->base = lexicon_string(lexicon, found->text);
    span->flags &= ~(uint32_t)SPAN_GUESS;
}

static void find_bases(struct linker *linker)
{
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++) {
            struct span *span = &linker->spans[f].at[i];
            if (!(span->flags & SPAN_GUESS))
                continue;
            base_of_guess(linker->lexicon, &linker->seen, &linker->fields[f], span, linker->arena);
            recognise(linker->lexicon, linker->fields[f].language, span);
        }
}

static void remember(struct linker *linker, struct surnames *surnames, struct map *sure)
{
    for (size_t f = LINK_FIELDS; f-- > 0;) // the body's full names before the title's
        for (size_t i = 0; i < linker->spans[f].count; i++) {
            struct span *span = &linker->spans[f].at[i];
            remember_surname(surnames, &linker->fields[f], span);
            bool is_new;
            if (span->entity != LEXICON_NONE && !(span->flags & SPAN_WEAK))
                map_put(sure, span->entity + 1u, &is_new);
        }
}

static void resolve_span(struct linker *linker, const struct surnames *surnames,
                         const struct map *sure, struct words *words, struct span *span)
{
    struct slice base;
    const struct span *full = NULL;
    if (span->flags & SPAN_DROPPED)
        return; // another span covers its words
    bool open = span->flags & (SPAN_SURNAME | SPAN_WEAK | SPAN_GUESS) ||
                (span->type == TAG_PLACE &&
                 lexicon_entity(linker->lexicon, span->entity)->weight < SURE_PLACE_WEIGHT);
    bool upper = (words->at[span->first].flags & WORD_IS_UPPER) != 0;
    if (span->count == 1 && open && !upper)
        full = full_name_of(surnames, &words->at[span->first], &base);
    if (full && full != span)
        become_surname_of(span, full, base);
    else if (span->flags & SPAN_WEAK && !is_supported(sure, span))
        settle_weak(span);
}

// Surnames that nobody took for names yet: "Duda", "Kohl", words that are ordinary otherwise.
static void add_bare_surnames(const struct surnames *surnames, struct words *words,
                              struct spans *spans)
{
    for (uint32_t i = 0; i < words->count; i++) {
        struct word *word = &words->at[i];
        struct slice base;
        if (!words_is_capital(word) || word->flags & (WORD_IS_COVERED | WORD_IS_UPPER))
            continue;
        const struct span *full = full_name_of(surnames, word, &base);
        bool ordinary =
            word->flags & (WORD_IS_FIRST | WORD_IS_HEADLINE) &&
            words_count_of(words, word, COUNT_LOWER) > words_count_of(words, word, COUNT_PERSON);
        if (!full || word->cues & WORD_NEVER || ordinary)
            continue;
        struct span span = {.first = i, .count = 1};
        become_surname_of(&span, full, base);
        spans_add(spans, words, span);
    }
}

static void group_spans(struct linker *linker, struct map *ids)
{
    for (size_t f = 0; f < LINK_FIELDS; f++) {
        struct spans *spans = &linker->spans[f];
        if (spans->count)
            qsort(spans->at, spans->count, sizeof *spans->at, compare_spans);
    }
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++)
            if (!(linker->spans[f].at[i].flags & SPAN_DROPPED))
                add_to_group(linker, ids, &linker->spans[f].at[i]);
}

int link_entities(struct linker *linker)
{
    // Bare surnames, found below, belong to groups of spans that are here already.
    size_t capacity = linker->spans[0].count + linker->spans[1].count + 1;
    struct surnames surnames = {.full_count = 0};
    struct map sure, ids;
    surnames.full = arena_alloc_array(linker->arena, capacity, sizeof(struct span *));
    linker->groups = arena_alloc_array(linker->arena, capacity, sizeof *linker->groups);
    if (!surnames.full || !linker->groups || !map_init(&surnames.map, capacity, linker->arena) ||
        !map_init(&sure, capacity, linker->arena) || !map_init(&ids, capacity, linker->arena) ||
        seen_words_collect(&linker->seen, linker->fields, LINK_FIELDS, linker->arena) < 0)
        return -ENOMEM;
    find_bases(linker);
    remember(linker, &surnames, &sure);
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++)
            resolve_span(linker, &surnames, &sure, &linker->fields[f], &linker->spans[f].at[i]);
    for (size_t f = 0; surnames.full_count && f < LINK_FIELDS; f++)
        add_bare_surnames(&surnames, &linker->fields[f], &linker->spans[f]);
    group_spans(linker, &ids);
    return linker->arena->overflowed ? -ENOMEM : 0;
}
