#include "workers/tagger/lexicon_build.h"

#include <stdlib.h>

#include "proto/base/fold.h"
#include "proto/base/utf8.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/lexicon_build_private.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/person_key.h"
#include "workers/tagger/typo_key.h"

enum { BUILD_BUFS = 6 };

static void list_bufs(struct lexicon_build *build, struct buf *all[BUILD_BUFS])
{
    struct buf *bufs[BUILD_BUFS] = {&build->strings,  &build->entities, &build->names,
                                    &build->prefixes, &build->words,    &build->forms};
    memcpy(all, bufs, sizeof bufs);
}

struct lexicon_build *lexicon_build_create(enum lexicon_layer layer)
{
    struct lexicon_build *build = calloc(1, sizeof *build);
    if (!build)
        return NULL;
    build->layer = layer;
    struct buf *all[BUILD_BUFS];
    list_bufs(build, all);
    for (size_t i = 0; i < BUILD_BUFS; i++)
        buf_init(all[i], BUILD_BYTES_MAX);
    buf_put_byte(&build->strings, 0);
    return build;
}

void lexicon_build_destroy(struct lexicon_build *build)
{
    if (!build)
        return;
    struct buf *all[BUILD_BUFS];
    list_bufs(build, all);
    for (size_t i = 0; i < BUILD_BUFS; i++)
        buf_fini(all[i]);
    free(build);
}

static uint32_t put_string(struct lexicon_build *build, struct slice text)
{
    uint32_t offset = (uint32_t)build->strings.len;
    buf_put_slice(&build->strings, text);
    buf_put_byte(&build->strings, 0);
    return build->strings.failed ? 0 : offset;
}

uint32_t lexicon_build_entity(struct lexicon_build *build, struct slice id, struct slice name,
                              enum tag_type type, uint8_t weight)
{
    struct lexicon_entity entity = {.id = put_string(build, id),
                                    .name = put_string(build, name),
                                    .type = (uint8_t)type,
                                    .weight = weight};
    uint32_t index = (uint32_t)(build->entities.len / sizeof entity);
    buf_put(&build->entities, &entity, sizeof entity);
    build->failed |= build->entities.failed;
    return index;
}

void lexicon_build_update(struct lexicon_build *build, uint32_t index, struct slice id,
                          struct slice name, uint8_t weight)
{
    if (build->failed)
        return;
    struct lexicon_entity *entity = entity_at(build, index);
    bool same_id = id.ptr == build->strings.ptr + entity->id;
    entity->id = same_id ? entity->id : put_string(build, id);
    entity->name = put_string(build, name);
    entity->weight = entity->weight > weight ? entity->weight : weight;
}

struct slice lexicon_build_id(const struct lexicon_build *build, uint32_t entity)
{
    return slice_from_text(build->strings.ptr + entity_at(build, entity)->id);
}

uint32_t lexicon_build_find_id(const struct lexicon_build *build, struct slice id)
{
    uint32_t count = (uint32_t)(build->entities.len / sizeof(struct lexicon_entity));
    for (uint32_t i = 0; i < count; i++)
        if (slice_equal(lexicon_build_id(build, i), id))
            return i;
    return LEXICON_NONE;
}

static uint8_t case_flags(struct slice spelling)
{
    size_t upper = 0, lower = 0;
    bool first_lower = false;
    for (size_t at = 0; at < spelling.len;) {
        uint32_t code = utf8_next(spelling, &at);
        bool is_upper = lexicon_words_is_upper(code);
        bool is_lower = !is_upper && (code > 0x7f || (code >= 'a' && code <= 'z'));
        first_lower |= is_lower && upper + lower == 0;
        upper += is_upper;
        lower += is_lower;
    }
    if (lower == 0 && upper <= 5)
        return POSTING_UPPER;
    return first_lower ? POSTING_LOWER : 0;
}

// Typing errors are looked for in well-known names only: among many, one letter leads astray.
enum { KEY_WEIGHT_MIN = 2, TYPO_WEIGHT_MIN = 5 };

static void add_key(struct lexicon_build *build, uint64_t hash, struct build_name name)
{
    name.hash = hash;
    name.posting.flags = POSTING_KEY;
    buf_put(&build->prefixes, &hash, sizeof hash);
    buf_put(&build->names, &name, sizeof name);
}

static void add_person_keys(struct lexicon_build *build, struct build_name name,
                            struct slice spelling)
{
    struct person_key key;
    uint64_t variants[PERSON_KEY_VARIANTS];
    uint8_t weight = entity_at(build, name.posting.entity)->weight;
    if (weight < KEY_WEIGHT_MIN || !person_key_make(&key, spelling))
        return;
    add_key(build, person_key_hash(&key), name);
    size_t count = weight < TYPO_WEIGHT_MIN ? 0 : person_key_variants(&key, variants);
    for (size_t i = 0; i < count; i++)
        add_key(build, variants[i], name);
}

// Only of the names that everybody knows: one or two letters more or less make others of the rest.
static void add_typo_keys(struct lexicon_build *build, struct build_name name,
                          const struct lexicon_words *words)
{
    enum { FAMOUS = 8 };
    uint64_t variants[TYPO_VARIANTS];
    const struct lexicon_entity *entity = entity_at(build, name.posting.entity);
    if (words->count != 1 || entity->weight < FAMOUS || name.posting.flags ||
        name.posting.languages == 1u << LEXICON_OTHER)
        return;
    size_t count = typo_key_variants(words->folded[0], variants);
    for (size_t i = 0; i < count; i++)
        add_key(build, variants[i], name);
}

void lexicon_build_name(struct lexicon_build *build, uint32_t entity, struct slice spelling,
                        uint8_t languages, uint8_t flags)
{
    struct lexicon_words words;
    if (build->failed || !lexicon_words_split(&words, spelling))
        return;
    struct build_name name = {.posting = {.entity = entity,
                                          .flags = flags | case_flags(spelling),
                                          .languages = languages,
                                          .words = (uint8_t)words.count}};
    for (size_t i = 0; i < words.count; i++) {
        name.hash = lexicon_hash_append(name.hash, lexicon_hash_word(words.folded[i]));
        buf_put(&build->prefixes, &name.hash, sizeof name.hash);
    }
    if (name.posting.flags & POSTING_LOWER)
        lexicon_build_word(build, words.folded[0])->small_start = 1;
    name.posting.text = put_string(build, spelling);
    name.folded = put_string(build, slice_from(words.text, words.text_len));
    buf_put(&build->names, &name, sizeof name);
    if (entity_at(build, entity)->type == TAG_PERSON && !(flags & POSTING_SURNAME))
        add_person_keys(build, name, spelling);
    else
        add_typo_keys(build, name, &words);
    build->failed |= build->names.failed || build->prefixes.failed || build->strings.failed;
}

static int compare_names(const void *a, const void *b)
{
    const struct build_name *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->posting.entity != y->posting.entity)
        return x->posting.entity < y->posting.entity ? -1 : 1;
    return x->posting.text < y->posting.text ? -1 : x->posting.text > y->posting.text;
}

void lexicon_build_index(struct lexicon_build *build)
{
    if (name_count(build))
        qsort(build->names.ptr, name_count(build), sizeof(struct build_name), compare_names);
    build->indexed = name_count(build);
}

static size_t first_name(const struct lexicon_build *build, uint64_t hash)
{
    size_t low = 0, high = build->indexed;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (name_at(build, middle)->hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t lexicon_build_lookup(const struct lexicon_build *build, struct slice name,
                              enum tag_type type)
{
    struct lexicon_words words;
    if (build->failed || !lexicon_words_split(&words, name))
        return LEXICON_NONE;
    uint64_t hash = 0;
    for (size_t i = 0; i < words.count; i++)
        hash = lexicon_hash_append(hash, lexicon_hash_word(words.folded[i]));
    uint32_t best = LEXICON_NONE;
    for (size_t i = first_name(build, hash); i < build->indexed && name_at(build, i)->hash == hash;
         i++) {
        uint32_t entity = name_at(build, i)->posting.entity;
        const struct lexicon_entity *found = entity_at(build, entity);
        if (found->type == type &&
            (best == LEXICON_NONE || found->weight > entity_at(build, best)->weight))
            best = entity;
    }
    return best;
}

static struct build_word *word_slot(struct build_word *slots, size_t count, uint64_t hash)
{
    size_t at = hash & (count - 1);
    while (slots[at].hash && slots[at].hash != hash)
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool grow_words(struct lexicon_build *build)
{
    size_t slots = build->word_slots ? build->word_slots * 2 : 1024;
    struct buf grown;
    buf_init(&grown, BUILD_BYTES_MAX);
    if (!buf_reserve(&grown, slots * sizeof(struct build_word)))
        return false;
    memset(grown.ptr, 0, slots * sizeof(struct build_word));
    struct build_word *old = (void *)build->words.ptr;
    for (size_t i = 0; i < build->word_slots; i++)
        if (old[i].hash)
            *word_slot((void *)grown.ptr, slots, old[i].hash) = old[i];
    buf_fini(&build->words);
    build->words = grown;
    build->word_slots = slots;
    return true;
}

struct lexicon_word *lexicon_build_word(struct lexicon_build *build, struct slice word)
{
    struct lexicon_words words;
    if (!lexicon_words_split(&words, word) || words.count != 1)
        return &build->lost_word;
    if (build->word_count * 3 >= build->word_slots * 2 && !grow_words(build)) {
        build->failed = true;
        return &build->lost_word;
    }
    uint64_t hash = lexicon_hash_word(words.folded[0]);
    struct build_word *slot = word_slot((void *)build->words.ptr, build->word_slots, hash);
    build->word_count += slot->hash == 0;
    slot->hash = hash;
    return &slot->word;
}

void lexicon_build_form(struct lexicon_build *build, struct slice form, struct slice lemma,
                        uint8_t cases, uint8_t gender)
{
    struct lexicon_words inflected, base;
    if (!lexicon_words_split(&inflected, form) || inflected.count != 1 ||
        !lexicon_words_split(&base, lemma) || base.count != 1)
        return;
    struct build_form added = {.hash = lexicon_hash_word(inflected.folded[0]),
                               .form = {.lemma = put_string(build, lemma),
                                        .hash = lexicon_hash_word(base.folded[0]),
                                        .ending = (uint8_t)form.ptr[form.len - 1],
                                        .cases = cases,
                                        .gender = gender}};
    buf_put(&build->forms, &added, sizeof added);
    build->failed |= build->forms.failed || build->strings.failed;
}
