#include "workers/tagger/model.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_tag.h"
#include "tests/fuzz/small_model.h"
#include "workers/tagger/lexicon_build.h"

// The input is a list of changes to a small whole names model: where, and which four bytes stand
// there then. A first byte of 'T' cuts the file at the first place, too.
enum { CHANGE_BYTES = 6 };

static char lexicon_path[64], model_path[64];

static void make_lexicon(void)
{
    struct err err = {0};
    struct lexicon_build *build = lexicon_build_create(LEXICON_BUNDLED);
    check_must(build);
    snprintf(lexicon_path, sizeof lexicon_path, "/dev/shm/telex-fuzz-model-%d-l", (int)getpid());
    snprintf(model_path, sizeof model_path, "/dev/shm/telex-fuzz-model-%d-m", (int)getpid());
    lexicon_build_word(build, slice_from_text("Anna"))->given = 3;
    lexicon_build_index(build);
    check_must(lexicon_build_write(build, lexicon_path, slice_from_text("2026-11-22"), &err) == 0);
    lexicon_build_destroy(build);
}

static void remove_lexicon(void) __attribute__((destructor));
static void remove_lexicon(void)
{
    if (lexicon_path[0])
        unlink(lexicon_path);
}

static size_t change(char *bytes, size_t len, const uint8_t *data, size_t size)
{
    bool cut = size && data[0] == 'T';
    for (size_t i = cut; i + CHANGE_BYTES <= size; i += CHANGE_BYTES) {
        uint16_t at;
        memcpy(&at, data + i, sizeof at);
        if (cut && i == 1)
            len = at < len ? at : len;
        else if (at + 4u <= len)
            memcpy(bytes + at, data + i + sizeof at, 4);
    }
    return len;
}

static void use(const struct tagger *tagger)
{
    struct article article = {
        .uri = slice_from_text("urn:fuzz"),
        .title = slice_from_text("Anna Merkel w Moskwie"),
        .body = slice_from_text("Herr Kowalski of the Ministry met Zoe in Lower Saxony. He left."),
    };
    fuzz_tag(tagger, &article);
}

// Whatever lies in the file: it is refused with a reason, or good enough to tag with.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!lexicon_path[0])
        make_lexicon();
    struct small_model small = small_model_make();
    size_t len = change((char *)&small, sizeof small, data, size);
    small_model_forge(&small, len);
    small_model_write(&small, len, model_path);
    const struct tagger_files files = {.lexicon = lexicon_path, .model = model_path};
    struct tagger *tagger;
    struct err err = {0}, warning;
    if (tagger_open(&tagger, &files, &warning, &err) < 0) {
        check_must(err.text[0]);
    } else {
        use(tagger);
        tagger_close(tagger);
    }
    unlink(model_path);
    return 0;
}
