#include "workers/tagger/lexicon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers/tagger/lexicon_file.h"
#include "workers/tagger/lexicon_twins.h"

struct lexicon {
    struct lexicon_file files[LEXICON_LAYERS];
    struct lexicon_twins twins; // when there is a user's file
    char id[64];
};

static const struct lexicon_file *bundled(const struct lexicon *lexicon)
{
    return &lexicon->files[LEXICON_BUNDLED];
}

static const struct lexicon_file *own(const struct lexicon *lexicon)
{
    return &lexicon->files[LEXICON_OWN];
}

// The file that a reference is of.
static const struct lexicon_file *file_of(const struct lexicon *lexicon, uint32_t reference)
{
    return &lexicon->files[reference & LEXICON_OWN_MARK ? LEXICON_OWN : LEXICON_BUNDLED];
}

int lexicon_open(struct lexicon **out, const char *path, struct err *err)
{
    struct lexicon *lexicon = calloc(1, sizeof *lexicon);
    if (!lexicon)
        return err_set_errno(err, ENOMEM, "cannot open lexicon %s", path);
    int failed = lexicon_file_open(&lexicon->files[LEXICON_BUNDLED], LEXICON_BUNDLED, path, err);
    if (failed) {
        lexicon_close(lexicon);
        return failed;
    }
    snprintf(lexicon->id, sizeof lexicon->id, "%s", bundled(lexicon)->id);
    *out = lexicon;
    return 0;
}

int lexicon_add_own(struct lexicon *lexicon, const char *path, struct err *err)
{
    struct lexicon_file *file = &lexicon->files[LEXICON_OWN];
    int failed = lexicon_file_open(file, LEXICON_OWN, path, err);
    if (failed)
        return failed;
    if (lexicon_twins_find(&lexicon->twins, bundled(lexicon), file) < 0) {
        lexicon_file_close(file);
        return err_set_errno(err, ENOMEM, "cannot open lexicon %s", path);
    }
    snprintf(lexicon->id, sizeof lexicon->id, "%s+%s", bundled(lexicon)->id, file->id);
    return 0;
}

void lexicon_close(struct lexicon *lexicon)
{
    if (!lexicon)
        return;
    for (size_t i = 0; i < LEXICON_LAYERS; i++)
        lexicon_file_close(&lexicon->files[i]);
    lexicon_twins_fini(&lexicon->twins);
    free(lexicon);
}

const char *lexicon_id(const struct lexicon *lexicon)
{
    return lexicon->id;
}

bool lexicon_has_own(const struct lexicon *lexicon)
{
    return own(lexicon)->mapped.bytes != NULL;
}

static const struct lexicon_node *find_node(const struct lexicon_file *file, uint64_t hash)
{
    uint32_t check = lexicon_check_of(hash);
    for (uint64_t at = hash & file->node_mask;; at = (at + 1) & file->node_mask) {
        const struct lexicon_node *node = &file->in.nodes[at];
        if (node->check == check)
            return node;
        if (node->check == 0)
            return NULL;
    }
}

const struct lexicon_node *lexicon_find_node(const struct lexicon *lexicon, uint64_t hash)
{
    return find_node(bundled(lexicon), hash);
}

const struct lexicon_node *lexicon_find_own_node(const struct lexicon *lexicon, uint64_t hash)
{
    return lexicon_has_own(lexicon) ? find_node(own(lexicon), hash) : NULL;
}

const struct lexicon_posting *lexicon_postings(const struct lexicon *lexicon, uint32_t posting)
{
    return &file_of(lexicon, posting)->in.postings[posting & ~LEXICON_OWN_MARK];
}

static const struct lexicon_word *find_word(const struct lexicon_file *file, uint64_t hash)
{
    uint32_t check = lexicon_check_of(hash);
    for (uint64_t at = hash & file->word_mask;; at = (at + 1) & file->word_mask) {
        const struct lexicon_word *word = &file->in.words[at];
        if (word->check == check)
            return word;
        if (word->check == 0)
            return NULL;
    }
}

const struct lexicon_word *lexicon_find_word(const struct lexicon *lexicon, uint64_t hash)
{
    return find_word(bundled(lexicon), hash);
}

void lexicon_expect_word(const struct lexicon *lexicon, uint64_t hash)
{
    const struct lexicon_file *file = bundled(lexicon);
    __builtin_prefetch(&file->in.words[hash & file->word_mask]);
}

void lexicon_expect_node(const struct lexicon *lexicon, uint64_t hash)
{
    const struct lexicon_file *file = bundled(lexicon);
    __builtin_prefetch(&file->in.nodes[hash & file->node_mask]);
}

bool lexicon_own_starts_small(const struct lexicon *lexicon, uint64_t hash)
{
    const struct lexicon_word *word =
        lexicon_has_own(lexicon) ? find_word(own(lexicon), hash) : NULL;
    return word && word->small_start;
}

const struct lexicon_form *lexicon_next_form(const struct lexicon *lexicon, uint64_t hash,
                                             uint32_t *at)
{
    const struct lexicon_file *file = bundled(lexicon);
    uint32_t check = lexicon_check_of(hash);
    for (;; ++*at) {
        const struct lexicon_form *form = &file->in.forms[(hash + *at) & file->form_mask];
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
    return &file_of(lexicon, index)->in.entities[index & ~LEXICON_OWN_MARK];
}

struct slice lexicon_string(const struct lexicon *lexicon, uint32_t offset)
{
    return slice_from_text(file_of(lexicon, offset)->in.strings + (offset & ~LEXICON_OWN_MARK));
}

struct slice lexicon_spelling(const struct lexicon *lexicon, const struct lexicon_entity *entity,
                              uint32_t index)
{
    const struct lexicon_file *file = file_of(lexicon, entity->spellings);
    return lexicon_string(lexicon,
                          file->in.spellings[(entity->spellings & ~LEXICON_OWN_MARK) + index]);
}

uint32_t lexicon_prefer(const struct lexicon *lexicon, uint32_t entity)
{
    if (entity == LEXICON_NONE || entity & LEXICON_OWN_MARK || !lexicon_has_own(lexicon))
        return entity;
    uint32_t preferred = lexicon_twins_own(&lexicon->twins, entity);
    return preferred == LEXICON_NONE ? entity : preferred;
}

uint32_t lexicon_twin(const struct lexicon *lexicon, uint32_t entity)
{
    if (entity == LEXICON_NONE || !(entity & LEXICON_OWN_MARK))
        return LEXICON_NONE;
    return lexicon->twins.bundled[entity & ~LEXICON_OWN_MARK];
}

uint32_t lexicon_find_own_id(const struct lexicon *lexicon, struct slice id)
{
    return lexicon_has_own(lexicon) ? lexicon_twins_find_id(&lexicon->twins, own(lexicon), id)
                                    : LEXICON_NONE;
}
