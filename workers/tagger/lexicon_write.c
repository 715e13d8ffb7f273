// Turns a lexicon under construction into the file: lexicon_format.h.
#include <errno.h>
#include <stdlib.h>

#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "workers/tagger/lexicon_build_private.h"

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

static void *section_of(const struct buf *out, const struct lexicon_header *header,
                        enum lexicon_section section, size_t record, size_t *count)
{
    *count = header->sections[section].size / record;
    return out->ptr + header->sections[section].offset;
}

// Every reference of a user's lexicon says that it is one.
static void mark_references(const struct buf *out, const struct lexicon_header *header)
{
    size_t count;
    struct lexicon_entity *entities =
        section_of(out, header, SECTION_ENTITIES, sizeof *entities, &count);
    for (size_t i = 0; i < count; i++) {
        entities[i].id |= LEXICON_OWN_MARK;
        entities[i].name |= LEXICON_OWN_MARK;
        entities[i].spellings |= LEXICON_OWN_MARK;
    }
    uint32_t *spellings = section_of(out, header, SECTION_SPELLINGS, sizeof *spellings, &count);
    for (size_t i = 0; i < count; i++)
        spellings[i] |= LEXICON_OWN_MARK;
    struct lexicon_node *nodes = section_of(out, header, SECTION_NODES, sizeof *nodes, &count);
    for (size_t i = 0; i < count; i++)
        nodes[i].posting |= nodes[i].check ? LEXICON_OWN_MARK : 0;
    struct lexicon_posting *postings =
        section_of(out, header, SECTION_POSTINGS, sizeof *postings, &count);
    for (size_t i = 0; i < count; i++) {
        postings[i].entity |= LEXICON_OWN_MARK;
        postings[i].text |= LEXICON_OWN_MARK;
    }
    struct lexicon_form *forms = section_of(out, header, SECTION_FORMS, sizeof *forms, &count);
    for (size_t i = 0; i < count; i++)
        forms[i].lemma |= forms[i].check ? LEXICON_OWN_MARK : 0;
}

static int put_file(struct lexicon_build *build, struct buf *out, struct slice date)
{
    struct lexicon_header header = {.version = LEXICON_VERSION, .section_count = SECTION_COUNT};
    bool own = build->layer == LEXICON_OWN;
    memcpy(header.magic, own ? LEXICON_OWN_MAGIC : LEXICON_MAGIC, sizeof header.magic);
    memcpy(header.date, date.ptr, date.len < 10 ? date.len : 10);
    lexicon_build_index(build);
    buf_put(out, &header, sizeof header);
    if (build->failed || !put_sections(build, out, &header))
        return -ENOMEM;
    if (own)
        mark_references(out, &header);
    header.file_size = out->len;
    header.checksum =
        hash64(slice_from(out->ptr + sizeof header, out->len - sizeof header), LEXICON_VERSION);
    memcpy(out->ptr, &header, sizeof header);
    return out->len > (own ? LEXICON_OWN_BYTES_MAX : LEXICON_BYTES_MAX) ? -EFBIG : 0;
}

int lexicon_build_write(struct lexicon_build *build, const char *path, struct slice date,
                        struct err *err)
{
    struct buf out;
    buf_init(&out, BUILD_BYTES_MAX);
    int rc = put_file(build, &out, date);
    if (rc == -EFBIG)
        err_set(err, "%s would be %zu MiB large, more than a worker may map", path, out.len >> 20);
    else if (rc < 0)
        err_set_errno(err, -rc, "no memory to build %s", path);
    else
        rc = file_replace(path, buf_slice(&out), err);
    buf_fini(&out);
    return rc;
}
