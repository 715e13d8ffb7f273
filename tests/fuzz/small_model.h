// A whole names model of fifteen kilobytes.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/hash.h"
#include "workers/tagger/model.h"

enum { SMALL_BITS = 8, SMALL_BUCKETS = (1 << SMALL_BITS) / MODEL_SLOTS };

struct small_model {
    struct model_header header;
    struct model_bucket buckets[SMALL_BUCKETS];
};

// Every sign has a weight, so that whatever is changed has an effect.
static inline struct small_model small_model_make(void)
{
    struct small_model small = {.header = {.version = MODEL_VERSION,
                                           .bits = SMALL_BITS,
                                           .file_size = sizeof small,
                                           .scale = 0.5f}};
    memcpy(small.header.magic, MODEL_MAGIC, sizeof small.header.magic);
    memcpy(small.header.date, "2026-11-22", 10);
    for (size_t i = 0; i < SMALL_BUCKETS; i++) {
        for (size_t slot = 0; slot < MODEL_SLOTS; slot++) {
            small.buckets[i].tags[slot] = (uint8_t)(1 + slot * 31 + i);
            small.buckets[i].weights[slot][LABEL_PERSON] = (int8_t)(slot * 20);
        }
    }
    return small;
}

// What is to be checked lies behind the checksum.
static inline void small_model_forge(struct small_model *small, size_t len)
{
    size_t from = offsetof(struct model_header, date);
    if (len < sizeof small->header)
        return;
    small->header.file_size = len;
    small->header.checksum =
        hash64(slice_from((const char *)small + from, len - from), MODEL_VERSION);
}

// The first `len` bytes of it as a file.
static inline void small_model_write(const struct small_model *small, size_t len, const char *path)
{
    FILE *file = fopen(path, "wb");
    check_must(file && fwrite(small, 1, len, file) == len && fclose(file) == 0);
}
