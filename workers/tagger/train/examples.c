#include "workers/tagger/train/examples.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers/tagger/features.h"
#include "workers/tagger/match.h"
#include "workers/tagger/open_words.h"

enum { ARENA_LIMIT = 1 << 30 };

static _Noreturn void run_out(void)
{
    fputs("telex-train-names: out of memory\n", stderr);
    exit(1);
}

static void *grow(void *array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return array;
    while (*capacity < wanted)
        *capacity = *capacity ? *capacity * 2 : 1024;
    void *larger = realloc(array, *capacity * size);
    if (!larger)
        run_out();
    return larger;
}

// --- labels

static int kind_of(const char *type)
{
    if (strcmp(type, "person") == 0)
        return LABEL_PERSON;
    if (strcmp(type, "organisation") == 0)
        return LABEL_ORGANISATION;
    return LABEL_PLACE;
}

// The annotation of placeName-country may mean an inhabitant: then the lexicon says whether the
// word names a place.
static bool is_place(const struct marked *field, size_t index)
{
    return field->marks[index].place == MARK_SINGLE && field->marks[index].type == TAG_PLACE &&
           !(field->words->at[index].cues & WORD_PEOPLE);
}

// Puts the labels of one annotated name on its words. False: it has no words of its own.
static bool label_span(const struct marked *field, json_t *span, size_t *from, uint8_t *labels)
{
    const struct words *words = field->words;
    uint32_t wanted_start = (uint32_t)json_integer_value(json_array_get(span, 0));
    uint32_t wanted_end = (uint32_t)json_integer_value(json_array_get(span, 1));
    const char *type = json_string_value(json_array_get(span, 2));
    bool any = false, more = false;
    for (size_t i = *from; i < words->count; i++) {
        uint32_t start, end;
        text_to_submitted(words->text, words->at[i].start, words->at[i].end, &start, &end);
        if (start >= wanted_end)
            break;
        if (end <= wanted_start)
            *from = i + 1;
        if (start < wanted_start || end > wanted_end)
            continue;
        any = true;
        if (strcmp(type, "place?") == 0 && !is_place(field, i))
            return true;
        labels[i] = (uint8_t)(kind_of(type) + more);
        more = true;
    }
    return any;
}

static size_t label_words(const struct marked *field, json_t *spans, uint8_t *labels)
{
    size_t lost = 0, index, from = 0;
    json_t *span;
    json_array_foreach(spans, index, span) lost += !label_span(field, span, &from, labels);
    return lost;
}

// --- the lexicon's counts without the document's own words

static int kind_counted(const struct words *words, size_t index, uint8_t label)
{
    const struct word *word = &words->at[index];
    bool capital = (word->flags & (WORD_IS_CAPITAL | WORD_IS_UPPER)) != 0;
    if (!capital)
        return label == LABEL_NONE ? COUNT_LOWER : -1;
    if (label != LABEL_NONE)
        return COUNT_PERSON + (label - 1) / 2;
    return word->flags & WORD_IS_FIRST && words->language != LEXICON_DE ? COUNT_LOWER
                                                                        : COUNT_CAPITAL;
}

static uint8_t less(uint8_t level, unsigned own)
{
    double count = level ? exp2((level - 1) / 8.0) : 0;
    count = round(count) - own;
    return count < 1 ? 0 : (uint8_t)(1 + 8 * log2(count));
}

struct own_count {
    const struct lexicon_word *info;
    struct lexicon_word *reduced;
    unsigned counts[COUNT_KINDS];
};

static int by_info(const void *a, const void *b)
{
    const struct own_count *x = a, *y = b;
    return x->info < y->info ? -1 : x->info > y->info;
}

static struct own_count *find_own(struct own_count *own, size_t count,
                                  const struct lexicon_word *info)
{
    const struct own_count key = {.info = info};
    return bsearch(&key, own, count, sizeof *own, by_info);
}

static size_t collect_own(const struct words *words, struct own_count *own)
{
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < words->count; i++)
        if (words->at[i].info)
            own[count++] = (struct own_count){.info = words->at[i].info};
    qsort(own, count, sizeof *own, by_info);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || own[i].info != own[kept - 1].info)
            own[kept++] = own[i];
    return kept;
}

static int take_out_own(struct words *words, const uint8_t *labels, struct arena *arena)
{
    struct own_count *own = arena_alloc_array(arena, words->count + 1, sizeof *own);
    if (!own)
        return -ENOMEM;
    size_t count = collect_own(words, own);
    for (size_t i = 0; i < words->count; i++) {
        int kind = kind_counted(words, i, labels[i]);
        if (words->at[i].info && kind >= 0)
            find_own(own, count, words->at[i].info)->counts[kind]++;
    }
    for (size_t i = 0; i < count; i++) {
        own[i].reduced = arena_alloc(arena, sizeof *own[i].reduced);
        if (!own[i].reduced)
            return -ENOMEM;
        *own[i].reduced = *own[i].info;
        for (size_t kind = 0; kind < COUNT_KINDS; kind++) {
            uint8_t *level = &own[i].reduced->counts[words->language][kind];
            *level = less(*level, own[i].counts[kind]);
        }
    }
    for (size_t i = 0; i < words->count; i++)
        if (words->at[i].info)
            words->at[i].info = find_own(own, count, words->at[i].info)->reduced;
    return 0;
}

// --- one document

static void add_signs(struct examples *examples, unsigned reading, struct position *position,
                      const uint64_t *hashes, size_t count)
{
    struct sign_list *list = &examples->lists[reading];
    list->hashes = grow(list->hashes, &list->capacity, list->count + count, sizeof *list->hashes);
    position->first[reading] = (uint32_t)list->count;
    position->count[reading] = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        list->hashes[list->count++] = hashes[i];
}

static void add_position(struct examples *examples, struct features *features, size_t index,
                         uint8_t label, bool joined)
{
    uint64_t hashes[FEATURES_MAX];
    size_t at = examples->position_count++;
    examples->positions = grow(examples->positions, &examples->position_capacity, at + 1,
                               sizeof *examples->positions);
    examples->heard =
        grow(examples->heard, &examples->heard_capacity, at + 1, sizeof *examples->heard);
    examples->heard[at] = features_hear(features, index);
    examples->heard[at].joined = joined;
    examples->positions[at] = (struct position){
        .label = label,
        .gap = features->field->words->at[index].gap,
        .forbidden = (uint8_t)features_forbidden(features->field->words, index),
    };
    add_signs(examples, 0, &examples->positions[at], hashes, features_at(features, index, hashes));
}

static void add_segments(struct examples *examples, struct features *features,
                         const uint8_t *labels, const bool *open, struct segment_example like)
{
    const struct words *words = features->field->words;
    bool inside = false;
    for (size_t i = 0; i < words->count; i++) {
        if (!open[i]) {
            inside = false;
            examples->lost[like.set][like.fold] += label_begins(labels[i]);
            continue;
        }
        if (!inside || words->at[i].sentence != words->at[i - 1].sentence) {
            examples->segments = grow(examples->segments, &examples->segment_capacity,
                                      examples->segment_count + 1, sizeof *examples->segments);
            like.first = (uint32_t)examples->position_count;
            like.count = 0;
            examples->segments[examples->segment_count++] = like;
        }
        uint8_t label = labels[i];
        struct segment_example *segment = &examples->segments[examples->segment_count - 1];
        bool more = label_goes_on(label);
        if (more &&
            (segment->count == 0 ||
             !label_may_follow(examples->positions[examples->position_count - 1].label, label)))
            label--; // its beginning was cut off
        if (features_forbidden(words, i) >> label & 1) {
            examples->lost[like.set][like.fold] += label_begins(label);
            label = LABEL_NONE;
        }
        add_position(examples, features, i, label, segment->count > 0);
        segment->count++;
        inside = true;
    }
}

static int read_text(struct examples *examples, struct slice text, struct slice language,
                     json_t *spans, struct segment_example like, struct arena *arena)
{
    struct text prepared;
    struct words words;
    int failed = text_prepare(&prepared, TAG_BODY, text, language, false, arena);
    if (!failed)
        failed = words_prepare(&words, examples->lexicon, &prepared, language, arena);
    if (failed)
        return failed;
    uint8_t *labels = arena_alloc_array(arena, words.count + 1, 1);
    struct spans found = {.capacity = words.candidates};
    found.at = arena_alloc_array(arena, found.capacity + 1, sizeof *found.at);
    if (!labels || !found.at)
        return -ENOMEM;
    match_lexicon(examples->lexicon, &words, &found);
    struct marked field = {&words, marks_of_spans(examples->lexicon, &words, &found, arena)};
    if (!field.marks)
        return -ENOMEM;
    examples->lost[like.set][like.fold] += label_words(&field, spans, labels);
    if (examples->counted[like.set]) {
        if (take_out_own(&words, labels, arena) < 0)
            return -ENOMEM;
        for (size_t i = 0; i < words.count; i++)
            words.at[i].flags &= (uint16_t)~WORD_IS_COVERED;
        found.count = 0;
        match_lexicon(examples->lexicon, &words, &found);
        field.marks = marks_of_spans(examples->lexicon, &words, &found, arena);
    }
    const struct recall *recall = recall_collect(&field, 1, arena);
    bool *open = arena_alloc_array(arena, words.count + 1, sizeof *open);
    if (!field.marks || !recall || !open)
        return -ENOMEM;
    open_words_mark(&field, open);
    struct features features;
    features_init(&features, examples->lexicon, &field, recall);
    like.language = words.other_language ? 3 : (uint8_t)words.language;
    like.document = examples->document_count++;
    add_segments(examples, &features, labels, open, like);
    return 0;
}

// The number of a set, or -EINVAL: its name is too long, or there are too many.
static int set_of(struct examples *examples, const char *name, bool counted, struct err *err)
{
    for (uint32_t i = 0; i < examples->set_count; i++)
        if (strcmp(examples->sets[i], name) == 0)
            return (int)i;
    if (strlen(name) >= sizeof examples->sets[0])
        return err_set(err, "the set's name is longer than %zu bytes: shorten it",
                       sizeof examples->sets[0] - 1),
               -EINVAL;
    if (examples->set_count == EXAMPLE_SETS)
        return err_set(err, "more than %d sets: put some together", EXAMPLE_SETS), -EINVAL;
    memcpy(examples->sets[examples->set_count], name, strlen(name) + 1);
    examples->counted[examples->set_count] = counted;
    return (int)examples->set_count++;
}

static int check_span(json_t *span, size_t number, size_t len, struct err *err)
{
    static const char *const types[] = {"person", "organisation", "place", "place?"};
    json_int_t start, end;
    const char *type;
    if (json_unpack(span, "[I,I,s!]", &start, &end, &type) != 0)
        return err_set(err, "span %zu is not [start, end, type]", number), -EINVAL;
    if (start < 0 || start >= end || end > (json_int_t)len)
        return err_set(err, "span %zu reaches from byte %lld to %lld of a text of %zu", number,
                       (long long)start, (long long)end, len),
               -EINVAL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return 0;
    return err_set(err,
                   "span %zu is of type \"%.40s\": write person, organisation, place or place?",
                   number, type),
           -EINVAL;
}

static int check_spans(json_t *spans, size_t len, struct err *err)
{
    if (!json_is_array(spans))
        return err_set(err, "spans is not an array"), -EINVAL;
    size_t index;
    json_t *span;
    json_array_foreach(spans, index, span)
    {
        int failed = check_span(span, index + 1, len, err);
        if (failed)
            return failed;
    }
    return 0;
}

static int read_record(struct examples *examples, json_t *root, bool counted, struct arena *arena,
                       struct err *err)
{
    json_error_t problem;
    const char *set, *document, *language, *text;
    json_t *spans;
    size_t len;
    if (json_unpack_ex(root, &problem, 0, "{s:s,s:s,s:s,s:s%,s:o}", "set", &set, "document",
                       &document, "language", &language, "text", &text, &len, "spans", &spans) != 0)
        return err_set(err, "%s", problem.text), -EINVAL;
    int failed = check_spans(spans, len, err);
    int number = failed ? failed : set_of(examples, set, counted, err);
    if (number < 0)
        return number;
    struct segment_example like = {.set = (uint16_t)number,
                                   .fold = (uint8_t)(hash64(slice_from_text(document), 0) % 10)};
    failed =
        read_text(examples, slice_from(text, len), slice_from_text(language), spans, like, arena);
    return failed ? err_set_errno(err, -failed, "cannot read the text") : 0;
}

static int read_line(struct examples *examples, const char *line, bool counted, struct arena *arena,
                     struct err *err)
{
    json_error_t problem;
    json_t *root = json_loads(line, 0, &problem);
    if (!root)
        return err_set(err, "no JSON: %s", problem.text), -EINVAL;
    int failed = read_record(examples, root, counted, arena, err);
    json_decref(root);
    return failed;
}

static int read_lines(struct examples *examples, const char *path, FILE *lines, bool counted,
                      struct err *err)
{
    char *line = NULL;
    size_t size = 0, number = 0;
    int failed = 0;
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    while (!failed && getline(&line, &size, lines) >= 0) {
        number++;
        failed = read_line(examples, line, counted, &arena, err);
        if (failed)
            err_prefix(err, "%s:%zu: mend the line, or gather the examples again", path, number);
        arena_reset(&arena);
    }
    if (!failed && ferror(lines))
        failed = err_set_errno(err, errno, "cannot read %s", path);
    arena_fini(&arena);
    free(line);
    return failed;
}

int examples_read(struct examples *examples, const char *path, bool counted, struct err *err)
{
    FILE *lines = fopen(path, "re");
    if (!lines)
        return err_set_errno(err, errno, "cannot open the examples %s", path);
    int failed = read_lines(examples, path, lines, counted, err);
    fclose(lines);
    return failed;
}

// --- numbering

struct counted_sign {
    uint64_t hash; // 0: empty
    uint32_t times, number;
};

struct sign_table {
    struct counted_sign *at; // power of two
    size_t mask;
};

static struct counted_sign *sign_find(const struct sign_table *table, uint64_t hash)
{
    size_t at = (hash ^ hash >> 32) & table->mask;
    while (table->at[at].hash && table->at[at].hash != hash)
        at = (at + 1) & table->mask;
    return &table->at[at];
}

static void count_signs(const struct examples *examples, unsigned reading, const bool *wanted,
                        const struct sign_table *table)
{
    for (size_t s = 0; s < examples->segment_count; s++) {
        const struct segment_example *segment = &examples->segments[s];
        if (!wanted[s] || segment->count == 0)
            continue;
        const struct position *first = &examples->positions[segment->first];
        const struct position *last = first + segment->count - 1;
        for (uint32_t i = first->first[reading]; i < last->first[reading] + last->count[reading];
             i++) {
            uint64_t hash = examples->lists[reading].hashes[i];
            struct counted_sign *sign = sign_find(table, hash);
            sign->hash = hash;
            sign->times++;
        }
    }
}

uint32_t examples_number(struct examples *examples, unsigned reading, const bool *wanted,
                         uint32_t least, uint64_t **keys)
{
    struct sign_list *list = &examples->lists[reading];
    struct sign_table table = {.mask = 1023};
    while (table.mask < list->count)
        table.mask = table.mask * 2 + 1;
    table.at = calloc(table.mask + 1, sizeof *table.at);
    *keys = calloc(list->count + 2, sizeof **keys);
    list->numbers = calloc(list->count + 1, sizeof *list->numbers);
    if (!table.at || !*keys || !list->numbers)
        run_out();
    count_signs(examples, reading, wanted, &table);
    uint32_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct counted_sign *sign = sign_find(&table, list->hashes[i]);
        if (sign->hash && sign->times >= least && !sign->number) {
            sign->number = ++count;
            (*keys)[count] = sign->hash;
        }
        list->numbers[i] = sign->number;
    }
    free(table.at);
    return count;
}

// --- the second reading

static void hear_document(struct examples *examples, size_t first, size_t count,
                          struct arena *arena)
{
    const struct heard *heard = &examples->heard[first];
    struct echo *echo = echo_collect(heard, count, arena);
    if (!echo)
        run_out();
    echo_look(echo, heard, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t hashes[ECHO_FEATURES_MAX];
        size_t signs = echo_features(echo, heard, count, i, hashes);
        add_signs(examples, 1, &examples->positions[first + i], hashes, signs);
    }
}

void examples_hear(struct examples *examples)
{
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    examples->lists[1].count = 0;
    for (size_t s = 0; s < examples->segment_count;) {
        const struct segment_example *first = &examples->segments[s];
        size_t count = 0;
        for (; s < examples->segment_count && examples->segments[s].document == first->document;
             s++)
            count += examples->segments[s].count;
        hear_document(examples, first->first, count, &arena);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

void examples_free(struct examples *examples)
{
    for (unsigned reading = 0; reading < MODEL_READINGS; reading++) {
        free(examples->lists[reading].hashes);
        free(examples->lists[reading].numbers);
    }
    free(examples->heard);
    free(examples->positions);
    free(examples->segments);
}
