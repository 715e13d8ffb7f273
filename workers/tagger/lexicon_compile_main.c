// telex-lexicon-compile: compiles the data files of workers/tagger/data into lexicon.tlx. Runs at
// build time.
#include <stdio.h>
#include <stdlib.h>

#include "workers/tagger/lexicon_sources.h"

enum { PATH_BYTES = 4096 };

// In this order: the curated list joins what was gathered, cues come behind the words they mark.
static const struct {
    const char *file;
    int (*read)(struct lexicon_build *build, const char *path, struct err *err);
} sources[] = {
    {"entities.tsv", lexicon_read_entities},
    {"curated.tsv", lexicon_read_curated},
    {"other-names.tsv", lexicon_read_other_names},
    {"personal.tsv", lexicon_read_personal},
    {"words.tsv", lexicon_read_words},
    {"cues.tsv", lexicon_read_cues},
    {"cues-inflected.tsv", lexicon_read_cues},
    {"forms.tsv", lexicon_read_forms},
};

static int compile(const char *folder, const char *date, const char *output, struct err *err)
{
    struct lexicon_build *build = lexicon_build_create(LEXICON_BUNDLED);
    if (!build)
        return err_set(err, "no memory");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof sources / sizeof *sources; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, sources[i].file);
        rc = sources[i].read(build, path, err);
    }
    if (rc == 0)
        rc = lexicon_build_write(build, output, slice_from_text(date), err);
    lexicon_build_destroy(build);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: telex-lexicon-compile DATA-FOLDER DATE OUTPUT\n");
        return 2;
    }
    struct err err = {.text = ""};
    if (compile(argv[1], argv[2], argv[3], &err) < 0) {
        fprintf(stderr, "telex-lexicon-compile: %s\n", err_text(&err));
        return 1;
    }
    return 0;
}
