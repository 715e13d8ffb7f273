#include "workers/tagger/model.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/hash.h"

struct model {
    void *map;
    size_t size;
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
    const struct model_header *header = model->map;
    if (model->size < sizeof *header || memcmp(header->magic, MODEL_MAGIC, 8) != 0)
        return refuse(err, "%s is not a telex names model" REMEDY, path);
    if (header->version != MODEL_VERSION)
        return refuse(err,
                      "%s is a names model of version %u, this program reads version %d: old and "
                      "new files mixed? Install both from one build",
                      path, header->version, MODEL_VERSION);
    bool fits = header->bits >= 8 && header->bits <= 26 && header->file_size == model->size &&
                model->size == sizeof *header + (sizeof(struct model_bucket)
                                                 << (header->bits - MODEL_SLOT_BITS));
    if (!fits)
        return refuse(err, "%s is damaged: its length is wrong" REMEDY, path);
    size_t from = offsetof(struct model_header, date);
    struct slice content = slice_from((const char *)model->map + from, model->size - from);
    if (hash64(content, MODEL_VERSION) != header->checksum)
        return refuse(err, "%s is damaged: wrong checksum" REMEDY, path);
    return 0;
}

static int map_file(struct model *model, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        int failed = err_set_errno(
            err, errno, "cannot open the names model %s (install it again, or name another)", path);
        if (fd >= 0)
            close(fd);
        return failed;
    }
    model->size = (size_t)info.st_size;
    model->map = model->size ? mmap(NULL, model->size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    int reason = errno;
    close(fd);
    if (model->size == 0)
        return refuse(err, "%s is empty: it is not a telex names model" REMEDY, path);
    if (model->map == MAP_FAILED)
        return err_set_errno(err, reason, "cannot map the names model %s", path);
    return 0;
}

static void fill_steps(struct model_steps *steps,
                       const float transitions[MODEL_GAPS][LABELS][LABELS])
{
    for (unsigned gap = 0; gap < MODEL_GAPS; gap++)
        for (unsigned a = 0; a < LABELS; a++)
            for (unsigned b = 0; b < LABELS; b++)
                if (label_may_follow(a, b))
                    steps->forth[gap][a][b] = steps->back[gap][b][a] = expf(transitions[gap][a][b]);
}

int model_open(struct model **out, const char *path, struct err *err)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        return err_set_errno(err, ENOMEM, "cannot open the names model");
    model->map = MAP_FAILED;
    int failed = map_file(model, path, err);
    if (!failed)
        failed = check(model, path, err);
    if (failed) {
        model_close(model);
        return failed;
    }
    const struct model_header *header = model->map;
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
    if (model->map != MAP_FAILED)
        munmap(model->map, model->size);
    free(model);
}

const char *model_id(const struct model *model)
{
    return model->id;
}

const struct model_header *model_header_of(const struct model *model)
{
    return model->map;
}

const struct model_bucket *model_buckets(const struct model *model)
{
    return (const struct model_bucket *)((const struct model_header *)model->map + 1);
}

const struct model_steps *model_steps(const struct model *model, unsigned reading)
{
    return model->steps[reading];
}
