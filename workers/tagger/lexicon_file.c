// 1. Map the file. 2. Is it ours, whole and undamaged? 3. Do its sections fit, and does everything
// in them refer to what is there?
#include "workers/tagger/lexicon_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/hash.h"

static const size_t record_sizes[SECTION_COUNT] = {
    [SECTION_STRINGS] = 1,
    [SECTION_ENTITIES] = sizeof(struct lexicon_entity),
    [SECTION_SPELLINGS] = sizeof(uint32_t),
    [SECTION_NODES] = sizeof(struct lexicon_node),
    [SECTION_POSTINGS] = sizeof(struct lexicon_posting),
    [SECTION_WORDS] = sizeof(struct lexicon_word),
    [SECTION_FORMS] = sizeof(struct lexicon_form),
};

static bool is_table(enum lexicon_section section)
{
    return section == SECTION_NODES || section == SECTION_WORDS || section == SECTION_FORMS;
}

static bool section_is_sound(const struct lexicon_file *file, enum lexicon_section section)
{
    uint64_t offset = file->header->sections[section].offset;
    uint64_t size = file->header->sections[section].size;
    if (offset % 8 != 0 || offset > file->mapped.size || size > file->mapped.size - offset)
        return false;
    uint64_t records = size / record_sizes[section];
    if (records * record_sizes[section] != size || (section == SECTION_STRINGS && records == 0))
        return false;
    return !is_table(section) || (records && (records & (records - 1)) == 0);
}

static const void *section_start(const struct lexicon_file *file, enum lexicon_section section)
{
    return (const char *)file->mapped.bytes + file->header->sections[section].offset;
}

// A refusal says all there is to say: -EINVAL.
#define refuse(err, ...) (err_set(err, __VA_ARGS__), -EINVAL)

// What is to be done about a damaged file.
static const char *remedy(const struct lexicon_file *file)
{
    return file->in.mark ? "build it again with telex lexicon build" : "install it again";
}

static int check_magic(const struct lexicon_file *file, const char *path, struct err *err)
{
    bool own = memcmp(file->header->magic, LEXICON_OWN_MAGIC, 8) == 0;
    if (!own && memcmp(file->header->magic, LEXICON_MAGIC, 8) != 0)
        return refuse(err, "%s is not a telex lexicon", path);
    if (own && !file->in.mark)
        return refuse(err, "%s is a user's lexicon, which only adds to the one that is shipped",
                      path);
    if (!own && file->in.mark)
        return refuse(err, "%s is a lexicon as shipped, not one of telex lexicon build", path);
    return 0;
}

// It stands in front of what the checksum covers, and in every event.
static bool date_is_sound(const char date[16])
{
    for (size_t i = 0; i < 10; i++)
        if ((date[i] < '0' || date[i] > '9') && date[i] != '-')
            return false;
    return true;
}

static int check_header(const struct lexicon_file *file, const char *path, struct err *err)
{
    const struct lexicon_header *header = file->header;
    int failed = check_magic(file, path, err);
    if (failed)
        return failed;
    if (header->version != LEXICON_VERSION || header->section_count != SECTION_COUNT)
        return refuse(err,
                      "%s is a lexicon of version %u, this program reads version %d: old and new "
                      "files mixed? Install both from one build",
                      path, header->version, LEXICON_VERSION);
    if (header->file_size != file->mapped.size)
        return refuse(err, "%s is damaged: %zu bytes long instead of %llu; %s", path,
                      file->mapped.size, (unsigned long long)header->file_size, remedy(file));
    struct slice content = slice_from(header + 1, file->mapped.size - sizeof *header);
    if (hash64(content, LEXICON_VERSION) != header->checksum || !date_is_sound(header->date))
        return refuse(err, "%s is damaged: wrong checksum; %s", path, remedy(file));
    return 0;
}

static int check_sections(const struct lexicon_file *file, const char *path, struct err *err)
{
    for (enum lexicon_section section = 0; section < SECTION_COUNT; section++)
        if (!section_is_sound(file, section))
            return refuse(err, "%s is damaged: section %d does not fit; %s", path, (int)section,
                          remedy(file));
    return 0;
}

static void find_sections(struct lexicon_file *file)
{
    struct lexicon_sections *in = &file->in;
    in->strings = section_start(file, SECTION_STRINGS);
    in->entities = section_start(file, SECTION_ENTITIES);
    in->spellings = section_start(file, SECTION_SPELLINGS);
    in->nodes = section_start(file, SECTION_NODES);
    in->postings = section_start(file, SECTION_POSTINGS);
    in->words = section_start(file, SECTION_WORDS);
    in->forms = section_start(file, SECTION_FORMS);
    for (enum lexicon_section section = 0; section < SECTION_COUNT; section++)
        in->count[section] = file->header->sections[section].size / record_sizes[section];
    file->node_mask = in->count[SECTION_NODES] - 1;
    file->word_mask = in->count[SECTION_WORDS] - 1;
    file->form_mask = in->count[SECTION_FORMS] - 1;
    snprintf(file->id, sizeof file->id, "%.10s-%08x", file->header->date,
             (unsigned)(file->header->checksum >> 32));
}

static int check_contents(const struct lexicon_file *file, const char *path, struct err *err)
{
    const char *problem = lexicon_check(&file->in);
    return problem ? refuse(err, "%s is damaged: %s; %s", path, problem, remedy(file)) : 0;
}

static int map_file(struct lexicon_file *file, const char *path, struct err *err)
{
    size_t most = file->in.mark ? LEXICON_OWN_BYTES_MAX : LEXICON_BYTES_MAX;
    int failed = mapped_open(&file->mapped, path, "lexicon", most, err);
    if (failed)
        return failed;
    if (file->mapped.size < sizeof *file->header)
        return refuse(err, "%s is not a telex lexicon", path);
    file->header = file->mapped.bytes;
    return 0;
}

static int load(struct lexicon_file *file, const char *path, struct err *err)
{
    int failed = map_file(file, path, err);
    if (!failed)
        failed = check_header(file, path, err);
    if (!failed)
        failed = check_sections(file, path, err);
    if (failed)
        return failed;
    find_sections(file);
    return check_contents(file, path, err);
}

int lexicon_file_open(struct lexicon_file *file, enum lexicon_layer layer, const char *path,
                      struct err *err)
{
    *file = (struct lexicon_file){.in.mark = layer == LEXICON_OWN ? LEXICON_OWN_MARK : 0};
    int failed = load(file, path, err);
    if (failed)
        lexicon_file_close(file);
    return failed;
}

void lexicon_file_close(struct lexicon_file *file)
{
    mapped_close(&file->mapped);
}
