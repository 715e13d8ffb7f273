// Bytes from a descriptor or from memory, with a window that grows to a bound. Knows the line it is
// at.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

struct input {
    int fd;                                // -1: memory
    int (*wait_cb)(int fd, void *context); // before every read: forms_options; may be NULL
    void *context;
    bool owns_fd;
    bool eof;
    const char *bytes; // the window; borrowed for memory, else `memory`
    char *memory;
    size_t start; // what is not consumed yet is [start, end)
    size_t end;
    size_t capacity;
    size_t limit;   // most bytes of the window
    uint64_t total; // bytes read
    uint64_t line;  // of the byte at start, from 1
};

void input_init_fd(struct input *in, int fd, bool owns_fd, size_t limit);
void input_init_bytes(struct input *in, struct slice bytes);
void input_fini(struct input *in);

// What was read and not consumed. Valid until the next input_more.
static inline struct slice input_window(const struct input *in)
{
    return slice_from(in->bytes + in->start, in->end - in->start);
}

// Reads on. Waits for the first bytes, not for a full window. 1: the window has grown; 0: the end;
// -E2BIG: it is at its limit; another negative errno: reading failed.
int input_more(struct input *in);

void input_consume(struct input *in, size_t bytes);

// Consumes white space, reading on as needed. As input_more: 1 when something else follows.
int input_skip_space(struct input *in);
