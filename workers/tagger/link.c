#include "workers/tagger/link.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/buf.h"
#include "workers/tagger/institutions.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/local_id.h"
#include "workers/tagger/organisations.h"
#include "workers/tagger/person_key.h"
#include "workers/tagger/persons.h"
#include "workers/tagger/readings.h"
#include "workers/tagger/typo_key.h"

// Places below this weight give way to persons of the article who have their name.
enum { SURE_PLACE_WEIGHT = 6 };

// How often a surname that the model takes for no name is one all the same.
static const float BARE_SURE = 0.8F;

// An acronym this short has too many meanings to tell what a name is.
enum { EXPLAINING_MIN = 3 };

// --- Parts of names ---

static void become(struct span *span, const struct span *full, enum span_link link)
{
    span->type = full->type;
    span->entity = full->entity;
    span->whole = full->whole.len ? full->whole : full->base;
    span->link = link;
    span->flags = (span->flags & (SPAN_LISTED | SPAN_BARE)) | (full->flags & SPAN_GUESS);
}

static void become_person(struct span *span, const struct person_found *found, enum span_link link)
{
    become(span, found->full, link);
    span->base = found->base;
    span->flags |= SPAN_SURNAME;
    if (found->rival) {
        span->rival = found->rival->entity;
        span->rival_name = found->rival->base;
    }
}

// --- Weak signs ---

static bool is_supported(const struct link_map *sure, const struct span *span)
{
    return link_map_get(sure, span->entity + 1u) != NULL;
}

// --- Grouping ---

static struct slice local_id(struct linker *linker, const struct span *span)
{
    char id[LOCAL_ID_BYTES];
    struct slice name = span->whole.len ? span->whole : span->base;
    return arena_copy(linker->arena, local_id_make(id, span->type, name));
}

// Whole names tell more than parts of names, longer ones more than shorter ones.
static bool tells_more(const struct span *a, const struct span *b)
{
    if (!a->whole.len != !b->whole.len)
        return !a->whole.len;
    return a->count > b->count;
}

static void add_to_group(struct linker *linker, struct link_map *ids, const struct words *words,
                         struct span *span)
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
    uint32_t *group = link_map_put(ids, hash64(id, 0), &is_new);
    if (is_new) {
        *group = (uint32_t)linker->group_count++;
        linker->groups[*group] = (struct linked_entity){
            .entity = span->entity, .type = span->type, .id = id, .name = name};
    }
    span->group = *group;
    struct linked_entity *entity = &linker->groups[*group];
    entity->mentions++;
    if (is_new || tells_more(span, entity->best)) {
        entity->best = span;
        entity->best_words = words;
    }
    if (entity->entity == LEXICON_NONE && name.len > entity->name.len)
        entity->name = name;
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

// --- The order of the steps ---

// Nobody has heard of the word, nor of any that it may be a form of.
static bool is_unheard(const struct lexicon *lexicon, const struct word *word)
{
    for (size_t i = 0; i < word->lemma_count; i++)
        if (lexicon_find_word(lexicon, word->lemmas[i].hash))
            return false;
    return !word->other_language && !(word->flags & (WORD_IS_UPPER | WORD_IS_MIXED));
}

// The dictionary form as the article spells it: its letters are the lexicon's only where they were
// inflected, and throughout where German adjectives were, which have several.
static struct slice base_of_reading(const struct linker *linker, const struct words *words,
                                    const struct span *span, const struct reading *reading)
{
    bool inflected = false;
    for (uint32_t i = 0; i < span->count; i++)
        inflected |= reading->forms[i] > 0;
    if (inflected && span->count > 1 && words->at[span->first].morph == MORPH_GERMAN)
        return reading->text;
    return base_of_choices(words, span, reading->forms, linker->arena);
}

// A person by the sound of the name; one word that is none, but nearly a famous name.
static const struct lexicon_posting *
find_sounding(const struct linker *linker, const struct words *words, const struct span *span)
{
    const struct word *word = &words->at[span->first];
    enum lexicon_language language = (enum lexicon_language)word->language;
    if (span->type == TAG_PERSON)
        return span->count > 1 ? person_key_find(linker->lexicon, span->base, language) : NULL;
    return span->count == 1 && is_unheard(linker->lexicon, word)
               ? typo_key_find(linker->lexicon, word->folded, span->type, language)
               : NULL;
}

// The next letter of a folded name that is not the same as the one before it; 0 at the end.
static char next_unlike(struct slice folded, size_t *at)
{
    while (*at > 0 && *at < folded.len && folded.ptr[*at] == folded.ptr[*at - 1])
        (*at)++;
    return *at < folded.len ? folded.ptr[(*at)++] : 0;
}

// The same letters but for some that stand once here and twice there: "Angella", "Kristerson".
static bool differs_in_doubles(struct slice a, struct slice b)
{
    struct lexicon_words x, y;
    if (!lexicon_words_split(&x, a) || !lexicon_words_split(&y, b) || x.text_len == y.text_len)
        return false;
    struct slice left = slice_from(x.text, x.text_len), right = slice_from(y.text, y.text_len);
    size_t i = 0, j = 0;
    char letter;
    do
        letter = next_unlike(left, &i);
    while (letter == next_unlike(right, &j) && letter);
    return letter == 0 && j >= right.len;
}

// Another transliteration stays as the article has it; an error is put right.
static bool is_mistyped(struct slice base, struct slice listed)
{
    struct person_key own, known;
    bool keyed = person_key_make(&own, base) && person_key_make(&known, listed);
    bool foreign = ((uint8_t)base.ptr[0] >= 0xd0) != ((uint8_t)listed.ptr[0] >= 0xd0);
    return !foreign && ((keyed && person_key_hash(&own) != person_key_hash(&known)) ||
                        differs_in_doubles(base, listed));
}

// The lexicon may have the very words of a guess; or a person of that name, transliterated in
// another way or mistyped.
static void recognise(struct linker *linker, const struct words *words, struct span *span)
{
    struct readings readings;
    if (!span->base.ptr)
        return;
    readings_find(&readings, linker->lexicon, words, span->first, span->count, span->type);
    if (readings.count) {
        span->entity = readings.at[0].entity;
        span->base = base_of_reading(linker, words, span, &readings.at[0]);
        span->flags = (span->flags & SPAN_POINT) | (readings.at[0].surname ? SPAN_SURNAME : 0);
        return;
    }
    const struct lexicon_posting *found = find_sounding(linker, words, span);
    if (!found)
        return;
    span->entity = lexicon_prefer(linker->lexicon, found->entity);
    span->type = (enum tag_type)lexicon_entity(linker->lexicon, span->entity)->type;
    struct slice listed = lexicon_string(linker->lexicon, found->text);
    if (span->type != TAG_PERSON || is_mistyped(span->base, listed))
        span->base = listed;
    span->link = LINK_SOUND;
    span->flags &= ~(uint32_t)SPAN_GUESS;
}

static void respell(struct linker *linker, const struct words *words, struct span *span)
{
    struct readings readings;
    readings_find(&readings, linker->lexicon, words, span->first, span->count, span->type);
    for (size_t i = 0; i < readings.count; i++)
        if (readings.at[i].entity == span->entity)
            span->base = base_of_reading(linker, words, span, &readings.at[i]);
}

static void find_bases(struct linker *linker)
{
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++) {
            struct span *span = &linker->spans[f].at[i];
            if (span->flags & SPAN_DROPPED)
                continue;
            if (!(span->flags & SPAN_GUESS)) {
                if (!(span->flags & (SPAN_OWN | SPAN_POINT)))
                    respell(linker, &linker->fields[f], span);
                continue;
            }
            base_of_guess(linker->lexicon, &linker->seen, &linker->fields[f], span, linker->arena);
            recognise(linker, &linker->fields[f], span);
            if (span->entity == LEXICON_NONE)
                span->whole =
                    institution_name(linker->lexicon, &linker->fields[f], span, linker->arena);
        }
}

struct context {
    struct persons persons;
    struct organisations organisations;
    struct link_map sure; // entities with a mention that is no weak sign
};

// Neighbours of which one explains the other in brackets.
static void remember_pairs(struct linker *linker, struct context *context, size_t field)
{
    struct span *before = NULL;
    for (size_t i = 0; i < linker->spans[field].count; i++) {
        struct span *span = &linker->spans[field].at[i];
        if (span->flags & SPAN_DROPPED)
            continue;
        if (before) {
            const struct words *words = &linker->fields[field];
            organisations_add_pair(&context->organisations, words, before, span);
            organisations_add_pair(&context->organisations, words, span, before);
        }
        before = span;
    }
}

static void remember(struct linker *linker, struct context *context)
{
    for (size_t f = LINK_FIELDS; f-- > 0;) { // the body's full names before the title's
        for (size_t i = 0; i < linker->spans[f].count; i++) {
            struct span *span = &linker->spans[f].at[i];
            bool is_new;
            persons_add(&context->persons, &linker->fields[f], span);
            organisations_add(&context->organisations, span);
            if (span->entity != LEXICON_NONE && !(span->flags & SPAN_WEAK))
                link_map_put(&context->sure, span->entity + 1u, &is_new);
        }
        remember_pairs(linker, context, f);
    }
    organisations_index(&context->organisations);
}

// A name that the lexicon does not know is known by its acronym, if it has that.
static void explain_by_acronym(const struct context *context, const struct words *words,
                               struct span *span)
{
    if (span->entity == LEXICON_NONE || span->flags & (SPAN_DROPPED | SPAN_WEAK) ||
        words->at[span->first].folded.len < EXPLAINING_MIN)
        return;
    struct span *whole = organisations_by_alias(&context->organisations, words, span);
    if (!whole)
        whole = organisations_by_initials(&context->organisations, words, span);
    if (!whole || whole->entity != LEXICON_NONE)
        return;
    whole->entity = span->entity;
    whole->link = LINK_EXPLAINED;
    whole->flags &= ~(uint32_t)SPAN_GUESS;
}

static bool is_open(const struct linker *linker, const struct words *words, const struct span *span)
{
    if (span->flags & (SPAN_SURNAME | SPAN_WEAK | SPAN_GUESS))
        return !(words->at[span->first].flags & WORD_IS_UPPER);
    return span->type == TAG_PLACE && !(words->at[span->first].flags & WORD_IS_UPPER) &&
           lexicon_entity(linker->lexicon, span->entity)->weight < SURE_PLACE_WEIGHT;
}

// True when the span was made a part of a person's name.
static bool resolve_person(struct linker *linker, const struct context *context,
                           const struct words *words, struct span *span)
{
    const struct persons *persons = &context->persons;
    struct person_found found = {.full = NULL};
    enum span_link link = LINK_SURNAME;
    if (span->count == 1 && is_open(linker, words, span)) {
        bool person = span->type == TAG_PERSON && span->flags & (SPAN_GUESS | SPAN_SURNAME);
        found = person ? persons_by_span(persons, words, span)
                       : persons_by_surname(persons, &words->at[span->first]);
        if (!found.full && person && span->flags & SPAN_GUESS) {
            found = persons_by_given(persons, &words->at[span->first]);
            link = LINK_GIVEN;
        }
    } else if (span->type == TAG_PERSON && span->entity == LEXICON_NONE &&
               persons_is_initialled(words, span)) {
        found = persons_by_initial(persons, words, span, linker->arena);
        link = LINK_INITIAL;
    } else if (span->type == TAG_PERSON && span->entity == LEXICON_NONE) {
        found = persons_by_tail(persons, words, span);
    }
    if (!found.full || found.full == span)
        return false;
    become_person(span, &found, link);
    return true;
}

static void resolve_span(struct linker *linker, const struct context *context, struct words *words,
                         struct span *span)
{
    if (span->flags & SPAN_DROPPED || resolve_person(linker, context, words, span))
        return;
    if (span->flags & SPAN_WEAK && !is_supported(&context->sure, span))
        span->flags |= SPAN_DROPPED;
    bool open = span->entity == LEXICON_NONE && !(span->flags & SPAN_DROPPED) &&
                (span->type == TAG_ORGANISATION || span->type == TAG_PLACE);
    struct span *whole = open ? organisations_find(&context->organisations, words, span) : NULL;
    if (whole && !(whole->flags & SPAN_DROPPED))
        become(span, whole, organisations_is_acronym(words, span) ? LINK_ACRONYM : LINK_PART);
}

// Surnames that nobody took for names yet: "Duda", "Kohl", words that are ordinary otherwise.
static void add_bare_surnames(const struct persons *persons, struct words *words,
                              struct spans *spans)
{
    for (uint32_t i = 0; i < words->count; i++) {
        struct word *word = &words->at[i];
        if (!words_is_capital(word) || word->flags & (WORD_IS_COVERED | WORD_IS_UPPER))
            continue;
        struct person_found found = persons_by_surname(persons, word);
        bool ordinary =
            word->flags & (WORD_IS_FIRST | WORD_IS_HEADLINE) &&
            words_count_of(words, word, COUNT_LOWER) > words_count_of(words, word, COUNT_PERSON);
        if (!found.full || word->cues & WORD_NEVER || ordinary)
            continue;
        struct span span = {.first = i, .count = 1, .sure = BARE_SURE, .flags = SPAN_BARE};
        become_person(&span, &found, LINK_SURNAME);
        spans_add(spans, words, span);
    }
}

static void sort_spans(struct linker *linker)
{
    for (size_t f = 0; f < LINK_FIELDS; f++) {
        struct spans *spans = &linker->spans[f];
        bool sorted = true;
        for (size_t i = 1; i < spans->count; i++)
            sorted &= spans->at[i - 1].first < spans->at[i].first;
        if (!sorted)
            qsort(spans->at, spans->count, sizeof *spans->at, compare_spans);
    }
}

static void group_spans(struct linker *linker, struct link_map *ids)
{
    sort_spans(linker);
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++)
            if (!(linker->spans[f].at[i].flags & SPAN_DROPPED))
                add_to_group(linker, ids, &linker->fields[f], &linker->spans[f].at[i]);
    for (size_t i = 0; i < linker->group_count; i++) {
        struct linked_entity *group = &linker->groups[i];
        belief_of_span(&group->belief, linker->lexicon, group->best_words, group->best,
                       linker->arena);
    }
}

static int prepare(struct linker *linker, struct context *context, struct link_map *ids)
{
    // Bare surnames, found below, belong to groups of spans that are here already.
    size_t capacity = 1, words = 0;
    for (size_t f = 0; f < LINK_FIELDS; f++) {
        capacity += linker->spans[f].count;
        for (size_t i = 0; i < linker->spans[f].count; i++)
            words += linker->spans[f].at[i].count;
    }
    linker->groups = arena_alloc_array_uncleared(linker->arena, capacity, sizeof *linker->groups);
    bool made = linker->groups && link_map_init(&context->sure, capacity, linker->arena) &&
                link_map_init(ids, capacity, linker->arena) &&
                persons_init(&context->persons, capacity, linker->arena) == 0 &&
                organisations_init(&context->organisations, capacity, words, linker->arena) == 0 &&
                seen_words_collect(&linker->seen, linker->fields, LINK_FIELDS, linker->arena) == 0;
    return made ? 0 : -ENOMEM;
}

static void resolve(struct linker *linker, const struct context *context)
{
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++)
            explain_by_acronym(context, &linker->fields[f], &linker->spans[f].at[i]);
    for (size_t f = 0; f < LINK_FIELDS; f++)
        for (size_t i = 0; i < linker->spans[f].count; i++)
            resolve_span(linker, context, &linker->fields[f], &linker->spans[f].at[i]);
    for (size_t f = 0; context->persons.count && f < LINK_FIELDS; f++)
        add_bare_surnames(&context->persons, &linker->fields[f], &linker->spans[f]);
}

int link_entities(struct linker *linker)
{
    struct context context;
    struct link_map ids;
    if (prepare(linker, &context, &ids) < 0)
        return -ENOMEM;
    sort_spans(linker);
    find_bases(linker);
    remember(linker, &context);
    resolve(linker, &context);
    group_spans(linker, &ids);
    return linker->arena->overflowed ? -ENOMEM : 0;
}
