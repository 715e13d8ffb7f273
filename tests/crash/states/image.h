// A file in memory, as a disk would have it after some of the writes made to it.
#pragma once

#include "tests/crash/states/recorder.h"

struct image {
    char *bytes;
    size_t len, capacity;
};

void image_free(struct image *image);
void image_copy(struct image *to, const struct image *from);

// One record carried out; those that are neither a write nor a size change nothing.
void image_apply(struct image *image, const struct record *record);

// Only those sectors of 512 bytes for which `chosen(arg)` says so.
void image_apply_torn(struct image *image, const struct record *record, bool (*chosen)(void *arg),
                      void *arg);

// Writes it as a file, with holes where there are zeros at its end. Aborts on failure.
void image_save(const struct image *image, const char *path);
void image_load(struct image *image, const char *path);
