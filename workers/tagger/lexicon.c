#include "workers/tagger/lexicon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workers/tagger/lexicon_check.h"

struct lexicon {
    void *map;
    size_t size;
    const struct lexicon_header *header;
    struct lexicon_sections in;
    uint64_t node_mask, word_mask, form_mask;
    char id[32];
};

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

static bool section_is_sound(const struct lexicon *lexicon, enum lexicon_section section)
{
    uint64_t offset = lexicon->header->sections[section].offset;
    uint64_t size = lexicon->header->sections[section].size;
    if (offset % 8 != 0 || offset > lexicon->size || size > lexicon->size - offset)
        return false;
    uint64_t records = size / record_sizes[section];
    if (records == 0 || records * record_sizes[section] != size)
        return false;
    return !is_table(section) || (records & (records - 1)) == 0;
}

static const void *section_start(const struct lexicon *lexicon, enum lexicon_section section)
{
    return (const char *)lexicon->map + lexicon->header->sections[section].offset;
}

// A refusal says all there is to say: -EINVAL.
#define refuse(err, ...) (err_set(err, __VA_ARGS__), -EINVAL)

static int check_header(const struct lexicon *lexicon, const char *path, struct err *err)
{
    const struct lexicon_header *header = lexicon->header;
    if (memcmp(header->magic, LEXICON_MAGIC, 8) != 0)
        return refuse(err, "%s is not a telex lexicon", path);
    if (header->version != LEXICON_VERSION || header->section_count != SECTION_COUNT)
        return refuse(err,
                      "%s is a lexicon of version %u, this program reads version %d: old and new "
                      "files mixed? Install both from one build",
                      path, header->version, LEXICON_VERSION);
    if (header->file_size != lexicon->size)
        return refuse(err, "%s is damaged: %zu bytes long instead of %llu; install it again", path,
                      lexicon->size, (unsigned long long)header->file_size);
    struct slice content = slice_from(header + 1, lexicon->size - sizeof *header);
    if (hash64(content, LEXICON_VERSION) != header->checksum)
        return refuse(err, "%s is damaged: wrong checksum; install it again", path);
    return 0;
}

static int check_sections(const struct lexicon *lexicon, const char *path, struct err *err)
{
    for (enum lexicon_section section = 0; section < SECTION_COUNT; section++)
        if (!section_is_sound(lexicon, section))
            return refuse(err, "%s is damaged: section %d does not fit", path, (int)section);
    return 0;
}

static void find_sections(struct lexicon *lexicon)
{
    struct lexicon_sections *in = &lexicon->in;
    in->strings = section_start(lexicon, SECTION_STRINGS);
    in->entities = section_start(lexicon, SECTION_ENTITIES);
    in->spellings = section_start(lexicon, SECTION_SPELLINGS);
    in->nodes = section_start(lexicon, SECTION_NODES);
    in->postings = section_start(lexicon, SECTION_POSTINGS);
    in->words = section_start(lexicon, SECTION_WORDS);
    in->forms = section_start(lexicon, SECTION_FORMS);
    for (enum lexicon_section section = 0; section < SECTION_COUNT; section++)
        in->count[section] = lexicon->header->sections[section].size / record_sizes[section];
    lexicon->node_mask = in->count[SECTION_NODES] - 1;
    lexicon->word_mask = in->count[SECTION_WORDS] - 1;
    lexicon->form_mask = in->count[SECTION_FORMS] - 1;
    snprintf(lexicon->id, sizeof lexicon->id, "%.10s-%08x", lexicon->header->date,
             (unsigned)(lexicon->header->checksum >> 32));
}

static int check_contents(const struct lexicon *lexicon, const char *path, struct err *err)
{
    const char *problem = lexicon_check(&lexicon->in);
    return problem ? refuse(err, "%s is damaged: %s", path, problem) : 0;
}

static int map_open(struct lexicon *lexicon, int fd, const char *path, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return err_set_errno(err, errno, "cannot read lexicon %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(struct lexicon_header))
        return refuse(err, "%s is not a telex lexicon", path);
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return err_set_errno(err, errno, "cannot map lexicon %s", path);
    lexicon->size = (size_t)status.st_size;
    lexicon->header = lexicon->map = map;
    return 0;
}

static int map_file(struct lexicon *lexicon, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open lexicon %s", path);
    int failed = map_open(lexicon, fd, path, err);
    close(fd);
    return failed;
}

static int load(struct lexicon *lexicon, const char *path, struct err *err)
{
    int failed = map_file(lexicon, path, err);
    if (!lexicon->map)
        return failed;
    failed = check_header(lexicon, path, err);
    if (!failed)
        failed = check_sections(lexicon, path, err);
    if (failed)
        return failed;
    find_sections(lexicon);
    return check_contents(lexicon, path, err);
}

int lexicon_open(struct lexicon **out, const char *path, struct err *err)
{
    struct lexicon *lexicon = calloc(1, sizeof *lexicon);
    if (!lexicon)
        return err_set_errno(err, ENOMEM, "cannot open lexicon %s", path);
    int failed = load(lexicon, path, err);
    if (failed) {
        lexicon_close(lexicon);
        return failed;
    }
    *out = lexicon;
    return 0;
}

void lexicon_close(struct lexicon *lexicon)
{
    if (!lexicon)
        return;
    if (lexicon->map)
        munmap(lexicon->map, lexicon->size);
    free(lexicon);
}

const char *lexicon_id(const struct lexicon *lexicon)
{
    return lexicon->id;
}

const struct lexicon_node *lexicon_find_node(const struct lexicon *lexicon, uint64_t hash)
{
    uint32_t check = lexicon_check_of(hash);
    for (uint64_t at = hash & lexicon->node_mask;; at = (at + 1) & lexicon->node_mask) {
        const struct lexicon_node *node = &lexicon->in.nodes[at];
        if (node->check == check)
            return node;
        if (node->check == 0)
            return NULL;
    }
}

const struct lexicon_posting *lexicon_postings(const struct lexicon *lexicon, uint32_t posting)
{
    return &lexicon->in.postings[posting];
}

const struct lexicon_word *lexicon_find_word(const struct lexicon *lexicon, uint64_t hash)
{
    uint32_t check = lexicon_check_of(hash);
    for (uint64_t at = hash & lexicon->word_mask;; at = (at + 1) & lexicon->word_mask) {
        const struct lexicon_word *word = &lexicon->in.words[at];
        if (word->check == check)
            return word;
        if (word->check == 0)
            return NULL;
    }
}

const struct lexicon_form *lexicon_next_form(const struct lexicon *lexicon, uint64_t hash,
                                             uint32_t *at)
{
    uint32_t check = lexicon_check_of(hash);
    for (;; ++*at) {
        const struct lexicon_form *form = &lexicon->in.forms[(hash + *at) & lexicon->form_mask];
        if (form->check == 0)
            return NULL;
        if (form->check == check) {
            ++*at;
            return form;
        }
    }
}

const struct lexicon_entity *lexicon_entity(const struct lexicon *lexicon, uint32_t index)
{
    return &lexicon->in.entities[index];
}

struct slice lexicon_string(const struct lexicon *lexicon, uint32_t offset)
{
    return slice_from_text(lexicon->in.strings + offset);
}

struct slice lexicon_spelling(const struct lexicon *lexicon, const struct lexicon_entity *entity,
                              uint32_t index)
{
    return lexicon_string(lexicon, lexicon->in.spellings[entity->spellings + index]);
}
