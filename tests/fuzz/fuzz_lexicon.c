#include "workers/tagger/lexicon.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/file.h"
#include "tests/fuzz/fuzz_tag.h"
#include "tests/fuzz/small_model.h"
#include "workers/tagger/lexicon_build.h"

// The input is a list of changes to a small whole lexicon: so many bytes from the start, and what
// stands there then. A first byte of 'O' makes it one of the user's own, beside a shipped one that
// is sound; a next byte of 'T' cuts the file at the first place, too.
struct change {
    uint16_t at;
    uint32_t value;
};
enum { CHANGE_BYTES = 6 };

static struct buf wholes[LEXICON_LAYERS];
static char model_path[64];

static void name_path(char path[64], enum lexicon_layer layer)
{
    snprintf(path, 64, "/dev/shm/telex-fuzz-lexicon-%d-%d", (int)getpid(), (int)layer);
}

static void add_name(struct lexicon_build *build, const char *id, const char *name,
                     enum tag_type type)
{
    uint32_t entity =
        lexicon_build_entity(build, slice_from_text(id), slice_from_text(name), type, 7);
    lexicon_build_name(build, entity, slice_from_text(name), 0, 0);
}

static void make_whole(enum lexicon_layer layer)
{
    char path[64];
    struct err err = {0};
    struct lexicon_build *build = lexicon_build_create(layer);
    name_path(path, layer);
    check_must(build);
    add_name(build, "Q567", "Angela Merkel", TAG_PERSON);
    add_name(build, "Q64", "Berlin", TAG_PLACE);
    add_name(build, "Q1065", "United Nations", TAG_ORGANISATION);
    lexicon_build_word(build, slice_from_text("Anna"))->given = 3;
    lexicon_build_form(build, slice_from_text("Moskwie"), slice_from_text("Moskwa"),
                       CASE_DATIVE | CASE_LOCATIVE, GENDER_FEMININE);
    lexicon_build_index(build);
    check_must(lexicon_build_write(build, path, slice_from_text("2026-11-22"), &err) == 0);
    lexicon_build_destroy(build);
    buf_init(&wholes[layer], 1 << 20);
    check_must(file_read(&wholes[layer], path, &err) == 0);
    unlink(path);
}

static void make_model(void)
{
    struct small_model small = small_model_make();
    small_model_forge(&small, sizeof small);
    snprintf(model_path, sizeof model_path, "/dev/shm/telex-fuzz-lexicon-%d-model", (int)getpid());
    small_model_write(&small, sizeof small, model_path);
}

static void remove_model(void) __attribute__((destructor));
static void remove_model(void)
{
    if (model_path[0])
        unlink(model_path);
}

static size_t change(char *bytes, size_t len, const uint8_t *data, size_t size)
{
    bool cut = size && data[0] == 'T';
    for (size_t i = cut; i + CHANGE_BYTES <= size; i += CHANGE_BYTES) {
        struct change one;
        memcpy(&one.at, data + i, sizeof one.at);
        memcpy(&one.value, data + i + sizeof one.at, sizeof one.value);
        if (cut && i == 1)
            len = one.at < len ? one.at : len;
        else if (one.at + sizeof one.value <= len)
            memcpy(bytes + one.at, &one.value, sizeof one.value);
    }
    return len;
}

// A forger's file: what is to be checked lies behind the checksum.
static void forge(char *bytes, size_t len)
{
    struct lexicon_header header;
    if (len < sizeof header)
        return;
    memcpy(&header, bytes, sizeof header);
    header.file_size = len;
    header.checksum =
        hash64(slice_from(bytes + sizeof header, len - sizeof header), LEXICON_VERSION);
    memcpy(bytes, &header, sizeof header);
}

static void use(const struct tagger *tagger, const char *language)
{
    struct article article = {
        .uri = slice_from_text("urn:fuzz"),
        .title = slice_from_text("Anna Merkel w Moskwie"),
        .body = slice_from_text("Angela Merkel, Angela Merkell, Angeli Merkel of the United "
                                "Nations met Anna Berlin in Berlin. Merkels Berliner."),
        .language = slice_from_text(language),
    };
    fuzz_tag(tagger, &article);
}

static void write_changed(const char *path, const struct buf *whole, const uint8_t *data,
                          size_t size)
{
    char *bytes = malloc(whole->len);
    check_must(bytes);
    memcpy(bytes, whole->ptr, whole->len);
    size_t len = change(bytes, whole->len, data, size);
    forge(bytes, len);
    FILE *file = fopen(path, "wb");
    check_must(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
    free(bytes);
}

// It is opening that decides what may be used; tagging, which takes ten times as long, tries it for
// some of the inputs, and for all of a corpus that is replayed.
static bool is_used(const uint8_t *data, size_t size)
{
#ifdef TELEX_FUZZ_REPLAY
    (void)data, (void)size;
    return true;
#else
    return hash64(slice_from(data, size), 0) % 16 == 0;
#endif
}

static void open_and_use(const struct tagger_files *files, const uint8_t *data, size_t size)
{
    static const char *const languages[] = {"pl", "de", "en"};
    struct tagger *tagger;
    struct err err = {0}, warning;
    if (tagger_open(&tagger, files, &warning, &err) < 0) {
        check_must(err.text[0] && !files->user_lexicon);
        return;
    }
    check_must(!files->user_lexicon ||
               (strchr(tagger_lexicon_id(tagger), '+') == NULL) == (warning.text[0] != '\0'));
    if (is_used(data, size))
        use(tagger, languages[size % 3]);
    tagger_close(tagger);
}

// Whatever lies in the file: it is refused with a reason, or good enough to tag with.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char paths[LEXICON_LAYERS][64];
    bool own = size && data[0] == 'O';
    if (!model_path[0])
        make_model();
    for (enum lexicon_layer i = 0; i < LEXICON_LAYERS; i++) {
        name_path(paths[i], i);
        if (!wholes[i].len)
            make_whole(i);
    }
    write_changed(paths[LEXICON_BUNDLED], &wholes[LEXICON_BUNDLED], data, own ? 0 : size);
    if (own)
        write_changed(paths[LEXICON_OWN], &wholes[LEXICON_OWN], data + 1, size - 1);
    const struct tagger_files files = {.lexicon = paths[LEXICON_BUNDLED],
                                       .model = model_path,
                                       .user_lexicon = own ? paths[LEXICON_OWN] : NULL};
    open_and_use(&files, data, size);
    unlink(paths[LEXICON_BUNDLED]);
    unlink(paths[LEXICON_OWN]);
    return 0;
}
