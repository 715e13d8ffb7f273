#include "workers/tagger/persons.h"

#include <errno.h>

#include "proto/base/buf.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/translit.h"

// A surname that sounds like another's must be long enough for it to be the same.
enum { SOUND_BYTES_MIN = 4 };

int persons_init(struct persons *persons, size_t spans, struct arena *arena)
{
    *persons = (struct persons){.count = 0};
    persons->full = arena_alloc_array(arena, spans + 1, sizeof *persons->full);
    persons->rival = arena_alloc_array(arena, spans + 1, sizeof *persons->rival);
    bool made = persons->full && persons->rival &&
                link_map_init(&persons->by_last, spans + 1, arena) &&
                link_map_init(&persons->by_sound, spans + 1, arena) &&
                link_map_init(&persons->by_first, spans + 1, arena);
    return made ? 0 : -ENOMEM;
}

bool persons_is_initialled(const struct words *words, const struct span *span)
{
    for (uint32_t i = 0; i + 1 < span->count; i++)
        if (words->at[span->first + i].flags & WORD_IS_INITIAL)
            return true;
    return false;
}

static bool is_full_name(const struct words *words, const struct span *span)
{
    if (span->type != TAG_PERSON || span->count < 2 || span->flags & SPAN_DROPPED)
        return false;
    const struct word *last = &words->at[span->first + span->count - 1];
    return !(last->flags & (WORD_IS_ROMAN | WORD_IS_INITIAL | WORD_IS_NUMBER)) &&
           last->folded.len >= 2 && !(last->cues & (WORD_ORGANISATION | WORD_GEO | WORD_TITLE)) &&
           !(words->at[span->first].flags & WORD_IS_INITIAL);
}

// 0 for words too short to be told apart by their sound.
static uint64_t sound_of(struct slice folded)
{
    char key[TRANSLIT_KEY_MAX];
    size_t len = translit_key(key, folded);
    if (len > 3 + SOUND_BYTES_MIN && memcmp(key + len - 3, "ova", 3) == 0)
        len -= 3; // what Czech adds to the surnames of women
    return len < SOUND_BYTES_MIN ? 0 : hash64(slice_from(key, len), 0);
}

static void add_first(struct persons *persons, uint64_t hash, uint32_t index)
{
    bool is_new;
    uint32_t *value = link_map_put(&persons->by_first, hash, &is_new);
    const struct span *span = persons->full[index];
    if (is_new)
        *value = index;
    else if (*value != PERSONS_SEVERAL && !slice_equal(persons->full[*value]->base, span->base) &&
             (span->entity == LEXICON_NONE || persons->full[*value]->entity != span->entity))
        *value = PERSONS_SEVERAL;
}

static bool is_same_person(const struct span *a, const struct span *b)
{
    return a->entity == LEXICON_NONE ? b->entity == LEXICON_NONE && slice_equal(a->base, b->base)
                                     : a->entity == b->entity;
}

// Of several persons of one surname the first stays, but one that the lexicon knows goes before.
static void add_last(struct persons *persons, struct link_map *map, uint64_t hash, uint32_t index)
{
    bool is_new;
    uint32_t *value = link_map_put(map, hash, &is_new);
    const struct span *span = persons->full[index];
    const struct span *known = is_new ? span : persons->full[*value];
    bool goes_before = known->entity == LEXICON_NONE && span->entity != LEXICON_NONE;
    if (!is_same_person(known, span)) {
        persons->rival[*value] = persons->rival[*value] ? persons->rival[*value] : span;
        persons->rival[index] = known;
    }
    if (is_new || goes_before)
        *value = index;
}

void persons_add(struct persons *persons, const struct words *words, const struct span *span)
{
    struct lexicon_words base;
    if (!is_full_name(words, span) || !lexicon_words_split(&base, span->base))
        return;
    uint32_t index = (uint32_t)persons->count++;
    persons->full[index] = span;
    persons->rival[index] = NULL;
    struct slice last = base.folded[base.count - 1];
    add_last(persons, &persons->by_last, lexicon_hash_word(last), index);
    uint64_t sound = sound_of(last);
    if (sound)
        add_last(persons, &persons->by_sound, sound, index);
    if (base.count > 1)
        add_first(persons, lexicon_hash_word(base.folded[0]), index);
}

static struct person_found found_at(const struct persons *persons, const uint32_t *index,
                                    struct slice base)
{
    if (!index || *index == PERSONS_SEVERAL)
        return (struct person_found){.full = NULL};
    return (struct person_found){
        .full = persons->full[*index], .rival = persons->rival[*index], .base = base};
}

static struct person_found find_in(const struct persons *persons, const struct link_map *map,
                                   const struct word *word)
{
    struct person_found found = {.full = NULL};
    for (size_t i = 0; persons->count && i < word->lemma_count && !found.full; i++)
        found = found_at(persons, link_map_get(map, word->lemmas[i].hash), word->lemmas[i].text);
    return found;
}

struct person_found persons_by_surname(const struct persons *persons, const struct word *word)
{
    return find_in(persons, &persons->by_last, word);
}

struct person_found persons_by_given(const struct persons *persons, const struct word *word)
{
    return find_in(persons, &persons->by_first, word);
}

static struct person_found by_sound(const struct persons *persons, struct slice name)
{
    struct lexicon_words words;
    if (!persons->count || !lexicon_words_split(&words, name))
        return (struct person_found){.full = NULL};
    uint64_t sound = sound_of(words.folded[words.count - 1]);
    return found_at(persons, sound ? link_map_get(&persons->by_sound, sound) : NULL, name);
}

struct person_found persons_by_span(const struct persons *persons, const struct words *words,
                                    const struct span *span)
{
    struct person_found found = persons_by_surname(persons, &words->at[span->first]);
    return found.full ? found : by_sound(persons, span->base);
}

static bool begins_alike(struct slice initial, struct slice name)
{
    struct lexicon_words words;
    return initial.len && lexicon_words_split(&words, name) &&
           words.folded[0].ptr[0] == initial.ptr[0];
}

// "K. Jacobs" with the surname's dictionary form.
static struct slice with_surname(const struct words *words, const struct span *span,
                                 struct slice surname, struct arena *arena)
{
    const struct word *first = &words->at[span->first], *last = first + span->count - 1;
    struct slice text = words->text->normalised;
    struct slice head = slice_from(text.ptr + first->start, last->start - first->start);
    char *out = arena_alloc(arena, head.len + surname.len + 1);
    if (!out)
        return span->base;
    memcpy(out, head.ptr, head.len);
    memcpy(out + head.len, surname.ptr, surname.len);
    return slice_from(out, head.len + surname.len);
}

struct person_found persons_by_initial(const struct persons *persons, const struct words *words,
                                       const struct span *span, struct arena *arena)
{
    const struct word *first = &words->at[span->first];
    struct person_found found = persons_by_surname(persons, first + span->count - 1);
    if (!found.full || !(first->flags & WORD_IS_INITIAL))
        return (struct person_found){.full = NULL};
    bool first_fits = begins_alike(first->folded, found.full->base);
    bool rival_fits = found.rival && begins_alike(first->folded, found.rival->base);
    if (!first_fits)
        found.full = rival_fits ? found.rival : NULL;
    if (!first_fits || !rival_fits)
        found.rival = NULL;
    if (!found.full)
        return found;
    found.base = with_surname(words, span, found.base, arena);
    return found;
}

struct person_found persons_by_tail(const struct persons *persons, const struct words *words,
                                    const struct span *span)
{
    struct person_found found =
        persons_by_surname(persons, &words->at[span->first + span->count - 1]);
    struct slice whole = found.full ? found.full->base : slice_from("", 0), base = span->base;
    bool ends = base.len && base.len + 1 < whole.len &&
                memcmp(whole.ptr + whole.len - base.len, base.ptr, base.len) == 0 &&
                whole.ptr[whole.len - base.len - 1] == ' ';
    if (!ends)
        return (struct person_found){.full = NULL};
    return (struct person_found){.full = found.full, .base = base};
}
