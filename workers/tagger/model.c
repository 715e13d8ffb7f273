#include "workers/tagger/model.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/hash.h"
#include "workers/tagger/mapped.h"

enum { MODEL_BYTES_MAX = 1 << 30 };

struct model {
    struct mapped mapped;
    char id[32];
    struct model_steps steps[MODEL_READINGS][MODEL_LANGUAGES];
};

#define REMEDY "; install it again, or name another"

// A refusal says all there is to say: -EINVAL.
#define refuse(err, ...) (err_set(err, __VA_ARGS__), -EINVAL)

_Static_assert(sizeof(struct model_bucket) == 64, "a bucket is one cache line");
_Static_assert(sizeof(struct model_header) % sizeof(struct model_bucket) == 0,
               "the first bucket begins one");

static int check(const struct model *model, const char *path, struct err *err)
{
    const struct model_header *header = model->mapped.bytes;
    if (model->mapped.size < sizeof *header || memcmp(header->magic, MODEL_MAGIC, 8) != 0)
        return refuse(err, "%s is not a telex names model" REMEDY, path);
    if (header->version != MODEL_VERSION)
        return refuse(err,
                      "%s is a names model of version %u, this program reads version %d: old and "
                      "new files mixed? Install both from one build",
                      path, header->version, MODEL_VERSION);
    bool fits = header->bits >= 8 && header->bits <= 26 &&
                header->file_size == model->mapped.size &&
                model->mapped.size == sizeof *header + (sizeof(struct model_bucket)
                                                        << (header->bits - MODEL_SLOT_BITS));
    if (!fits)
        return refuse(err, "%s is damaged: its length is wrong" REMEDY, path);
    size_t from = offsetof(struct model_header, date);
    struct slice content =
        slice_from((const char *)model->mapped.bytes + from, model->mapped.size - from);
    if (hash64(content, MODEL_VERSION) != header->checksum)
        return refuse(err, "%s is damaged: wrong checksum" REMEDY, path);
    return 0;
}

static void fill_steps(struct model_steps *steps,
                       const float transitions[MODEL_GAPS][LABELS][LABELS])
{
    for (unsigned gap = 0; gap < MODEL_GAPS; gap++)
        for (unsigned a = 0; a < LABELS; a++)
            for (unsigned b = 0; b < LABELS; b++)
                if (label_may_follow(a, b))
                    steps->forth[gap][a][b] = steps->back[gap][b][a] =
                        model_exp(transitions[gap][a][b]);
}

int model_open(struct model **out, const char *path, struct err *err)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        return err_set_errno(err, ENOMEM, "cannot open the names model");
    int failed = mapped_open(&model->mapped, path, "names model", MODEL_BYTES_MAX, err);
    if (!failed)
        failed = check(model, path, err);
    if (failed) {
        model_close(model);
        return failed;
    }
    const struct model_header *header = model->mapped.bytes;
    snprintf(model->id, sizeof model->id, "%.10s-%08x", header->date,
             (unsigned)(header->checksum >> 32));
    for (unsigned reading = 0; reading < MODEL_READINGS; reading++)
        for (unsigned language = 0; language < MODEL_LANGUAGES; language++)
            fill_steps(&model->steps[reading][language], header->transitions[reading][language]);
    *out = model;
    return 0;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    mapped_close(&model->mapped);
    free(model);
}

const char *model_id(const struct model *model)
{
    return model->id;
}

const struct model_header *model_header_of(const struct model *model)
{
    return model->mapped.bytes;
}

const struct model_bucket *model_buckets(const struct model *model)
{
    return (const struct model_bucket *)((const struct model_header *)model->mapped.bytes + 1);
}

const struct model_steps *model_steps(const struct model *model, unsigned reading)
{
    return model->steps[reading];
}
