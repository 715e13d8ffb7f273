#include "workers/tagger/lexicon_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/buf.h"
#include "proto/base/fold.h"
#include "proto/base/utf8.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/lexicon_words.h"
#include "workers/tagger/person_key.h"

enum { BUILD_BYTES_MAX = 512 << 20 };

// A spelling on its way to a posting, and one beginning of a name on its way to a node.
struct build_name {
    uint64_t hash; // of all its words
    struct lexicon_posting posting;
    uint32_t folded; // string
};

struct build_word {
    uint64_t hash;
    struct lexicon_word word;
};

struct build_form {
    uint64_t hash;
    struct lexicon_form form;
};

struct lexicon_build {
    struct buf strings;  // char
    struct buf entities; // struct lexicon_entity
    struct buf names;    // struct build_name
    struct buf prefixes; // uint64_t
    struct buf words;    // struct build_word, a hash table while building
    struct buf forms;    // struct build_form
    size_t word_slots, word_count;
    size_t indexed;                // names that are sorted
    struct lexicon_word lost_word; // handed out when memory ran out
    bool failed;
};

enum { BUILD_BUFS = 6 };

static void list_bufs(struct lexicon_build *build, struct buf *all[BUILD_BUFS])
{
    struct buf *bufs[BUILD_BUFS] = {&build->strings,  &build->entities, &build->names,
                                    &build->prefixes, &build->words,    &build->forms};
    memcpy(all, bufs, sizeof bufs);
}

struct lexicon_build *lexicon_build_create(void)
{
    struct lexicon_build *build = calloc(1, sizeof *build);
    if (!build)
        return NULL;
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

static struct lexicon_entity *entity_at(const struct lexicon_build *build, uint32_t index)
{
    return (struct lexicon_entity *)(void *)build->entities.ptr + index;
}

static struct build_name *name_at(const struct lexicon_build *build, size_t index)
{
    return (struct build_name *)(void *)build->names.ptr + index;
}

static size_t name_count(const struct lexicon_build *build)
{
    return build->names.len / sizeof(struct build_name);
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

// --- Writing ---

static size_t table_slots(size_t records)
{
    size_t slots = 16;
    while (slots * 2 < records * 3)
        slots *= 2;
    return slots;
}

static void begin_section(struct buf *out, struct lexicon_header *header,
                          enum lexicon_section section)
{
    while (out->len % 8)
        buf_put_byte(out, 0);
    header->sections[section].offset = out->len;
}

static void end_section(const struct buf *out, struct lexicon_header *header,
                        enum lexicon_section section)
{
    header->sections[section].size = out->len - header->sections[section].offset;
}

// Room for a table of `slots` empty records behind what is written.
static void *put_table(struct buf *out, size_t slots, size_t record)
{
    char *at = buf_reserve(out, slots * record);
    if (!at)
        return NULL;
    memset(at, 0, slots * record);
    out->len += slots * record;
    return at;
}

static int compare_folded(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names sorted by entity, so that each entity's folded names form one run without doubles.
static int compare_by_entity(const void *a, const void *b)
{
    const struct build_name *x = *(const struct build_name *const *)a;
    const struct build_name *y = *(const struct build_name *const *)b;
    if (x->posting.entity != y->posting.entity)
        return x->posting.entity < y->posting.entity ? -1 : 1;
    return x->folded < y->folded ? -1 : x->folded > y->folded;
}

static void put_entity_spellings(struct lexicon_build *build, struct buf *out, const char **run,
                                 size_t count, struct lexicon_entity *entity, uint32_t *total)
{
    qsort(run, count, sizeof *run, compare_folded);
    entity->spellings = *total;
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(run[i], run[i - 1]) == 0)
            continue;
        buf_put_u32(out, (uint32_t)(run[i] - build->strings.ptr));
        entity->spelling_count++;
        ++*total;
    }
}

static bool put_spellings(struct lexicon_build *build, struct buf *out)
{
    size_t count = name_count(build);
    const struct build_name **sorted = calloc(count + 1, sizeof(struct build_name *));
    const char **run = calloc(count + 1, sizeof *run);
    uint32_t total = 0;
    if (sorted && run) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = name_at(build, i);
        qsort(sorted, count, sizeof(struct build_name *), compare_by_entity);
        for (size_t i = 0, len; i < count; i += len) {
            uint32_t entity = sorted[i]->posting.entity;
            for (len = 0; i + len < count && sorted[i + len]->posting.entity == entity; len++)
                run[len] = build->strings.ptr + sorted[i + len]->folded;
            put_entity_spellings(build, out, run, len, entity_at(build, entity), &total);
        }
    }
    bool done = sorted && run;
    free(sorted);
    free(run);
    if (total == 0)
        buf_put_u32(out, 0);
    return done;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static size_t unique_prefixes(struct lexicon_build *build)
{
    uint64_t *hashes = (void *)build->prefixes.ptr;
    size_t count = build->prefixes.len / sizeof *hashes, kept = 0;
    if (count)
        qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || hashes[kept - 1] != hashes[i])
            hashes[kept++] = hashes[i];
    return kept;
}

static struct lexicon_node *node_slot(struct lexicon_node *nodes, size_t slots, uint64_t hash)
{
    size_t at = hash & (slots - 1);
    while (nodes[at].check && nodes[at].check != lexicon_check_of(hash))
        at = (at + 1) & (slots - 1);
    return &nodes[at];
}

static void put_nodes(struct lexicon_build *build, struct buf *out)
{
    size_t count = unique_prefixes(build), slots = table_slots(count);
    const uint64_t *hashes = (void *)build->prefixes.ptr;
    struct lexicon_node *nodes = put_table(out, slots, sizeof *nodes);
    if (!nodes)
        return;
    for (size_t i = 0; i < count; i++)
        *node_slot(nodes, slots, hashes[i]) =
            (struct lexicon_node){.check = lexicon_check_of(hashes[i]), .posting = LEXICON_NONE};
    uint32_t posting = 0;
    for (size_t i = 0; i < build->indexed; i++) {
        const struct build_name *name = name_at(build, i);
        if (i == 0 || name->hash != name[-1].hash)
            node_slot(nodes, slots, name->hash)->posting = posting;
        posting++;
    }
}

static void put_postings(struct lexicon_build *build, struct buf *out)
{
    for (size_t i = 0; i < build->indexed; i++) {
        struct build_name *name = name_at(build, i);
        bool last = i + 1 == build->indexed || name[1].hash != name->hash;
        name->posting.flags = (uint8_t)(name->posting.flags | (last ? POSTING_LAST : 0));
        buf_put(out, &name->posting, sizeof name->posting);
    }
}

static void put_words(struct lexicon_build *build, struct buf *out)
{
    size_t slots = table_slots(build->word_count);
    struct lexicon_word *words = put_table(out, slots, sizeof *words);
    const struct build_word *built = (void *)build->words.ptr;
    for (size_t i = 0; words && i < build->word_slots; i++) {
        if (!built[i].hash)
            continue;
        size_t at = built[i].hash & (slots - 1);
        while (words[at].check)
            at = (at + 1) & (slots - 1);
        words[at] = built[i].word;
        words[at].check = lexicon_check_of(built[i].hash);
    }
}

static void put_forms(struct lexicon_build *build, struct buf *out)
{
    const struct build_form *built = (void *)build->forms.ptr;
    size_t count = build->forms.len / sizeof *built, slots = table_slots(count);
    struct lexicon_form *forms = put_table(out, slots, sizeof *forms);
    for (size_t i = 0; forms && i < count; i++) {
        size_t at = built[i].hash & (slots - 1);
        while (forms[at].check)
            at = (at + 1) & (slots - 1);
        forms[at] = built[i].form;
        forms[at].check = lexicon_check_of(built[i].hash);
    }
}

static bool put_sections(struct lexicon_build *build, struct buf *out,
                         struct lexicon_header *header)
{
    begin_section(out, header, SECTION_SPELLINGS);
    bool done = put_spellings(build, out);
    end_section(out, header, SECTION_SPELLINGS);
    begin_section(out, header, SECTION_STRINGS);
    buf_put(out, build->strings.ptr, build->strings.len);
    end_section(out, header, SECTION_STRINGS);
    begin_section(out, header, SECTION_ENTITIES);
    buf_put(out, build->entities.ptr, build->entities.len);
    end_section(out, header, SECTION_ENTITIES);
    begin_section(out, header, SECTION_NODES);
    put_nodes(build, out);
    end_section(out, header, SECTION_NODES);
    begin_section(out, header, SECTION_POSTINGS);
    put_postings(build, out);
    end_section(out, header, SECTION_POSTINGS);
    begin_section(out, header, SECTION_WORDS);
    put_words(build, out);
    end_section(out, header, SECTION_WORDS);
    begin_section(out, header, SECTION_FORMS);
    put_forms(build, out);
    end_section(out, header, SECTION_FORMS);
    return done && !out->failed;
}

static int write_file(const char *path, struct slice content, struct err *err)
{
    char temporary[4096];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return err_set_errno(err, ENAMETOOLONG, "name too long: %s", path);
    FILE *file = fopen(temporary, "wb");
    if (!file)
        return err_set_errno(err, errno, "cannot write %s", temporary);
    bool written = fwrite(content.ptr, 1, content.len, file) == content.len;
    written &= fclose(file) == 0;
    if (written && rename(temporary, path) == 0)
        return 0;
    int failure = errno;
    unlink(temporary);
    return err_set_errno(err, failure, "cannot write %s", path);
}

int lexicon_build_write(struct lexicon_build *build, const char *path, struct slice date,
                        struct err *err)
{
    struct lexicon_header header = {.version = LEXICON_VERSION, .section_count = SECTION_COUNT};
    memcpy(header.magic, LEXICON_MAGIC, sizeof header.magic);
    memcpy(header.date, date.ptr, date.len < 10 ? date.len : 10);
    lexicon_build_index(build);
    struct buf out;
    buf_init(&out, BUILD_BYTES_MAX);
    buf_put(&out, &header, sizeof header);
    int rc = 0;
    if (build->failed || !put_sections(build, &out, &header)) {
        rc = err_set_errno(err, ENOMEM, "no memory to build %s", path);
    } else {
        header.file_size = out.len;
        header.checksum =
            hash64(slice_from(out.ptr + sizeof header, out.len - sizeof header), LEXICON_VERSION);
        memcpy(out.ptr, &header, sizeof header);
        rc = write_file(path, buf_slice(&out), err);
    }
    buf_fini(&out);
    return rc;
}
