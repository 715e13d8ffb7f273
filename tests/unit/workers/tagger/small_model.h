// Names models of a few buckets, made by hand with the layout of model.h.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/hash.h"
#include "tests/unit/cmocka_all.h"
#include "workers/tagger/model.h"

enum { SMALL_BITS = 8, SMALL_BUCKETS = (1 << SMALL_BITS) / MODEL_SLOTS };

struct small_model {
    struct model_header header;
    struct model_bucket buckets[SMALL_BUCKETS];
};

static inline void small_model_seal(struct small_model *small)
{
    size_t from = offsetof(struct model_header, date);
    struct slice content = slice_from((const char *)small + from, sizeof *small - from);
    small->header.checksum = hash64(content, MODEL_VERSION);
}

static inline struct small_model *small_model_make(void)
{
    struct small_model *small = calloc(1, sizeof *small);
    assert_non_null(small);
    memcpy(small->header.magic, MODEL_MAGIC, sizeof small->header.magic);
    small->header.version = MODEL_VERSION;
    small->header.bits = SMALL_BITS;
    small->header.file_size = sizeof *small;
    small->header.scale = 0.5f;
    memcpy(small->header.date, "2026-11-22", 10);
    small_model_seal(small);
    return small;
}

static inline void small_model_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}
