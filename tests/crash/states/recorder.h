// Takes the place of the C library's calls that write a store's file, and keeps what they wrote.
// Nothing is synced for real: what a sync would have made durable is for the reader of the record.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
    RECORD_WRITE, // bytes at a place
    RECORD_HEAD,  // the same through a descriptor with O_DSYNC: durable when it returns
    RECORD_SYNC,  // everything before it is durable
    RECORD_SIZE,  // the file reaches up to `at`, with zeros
    RECORD_MARK,  // `at` promises have been made
};

struct record {
    enum record_kind kind;
    uint64_t at;
    size_t len;
    char *bytes;
};

// From here on writes to the file at `path` are kept, which need not be there yet.
void recorder_start(const char *path);
void recorder_stop(void);
void recorder_mark(size_t promises);

// What was kept, in order. Until recorder_free.
const struct record *recorder_records(size_t *count);
void recorder_free(void);
