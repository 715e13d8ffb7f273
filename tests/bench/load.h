// What the benchmark programs share: articles made from a file of records, and sending and
// receiving wire messages.
#pragma once

#include <stdbool.h>
#include <zmq.h>

#include "proto/base/buf.h"
#include "proto/wire/article.h"

struct load {
    struct article *articles; // templates, borrowed from `bytes`
    size_t count;
    struct buf bytes;
};

// Reads a file of article records (tests/bench/make_articles.py). Ends the program with a message
// when it cannot.
void load_read(struct load *load, const char *path);
void load_free(struct load *load);

// Appends article number `index`: a template's contents under a uri of its own.
void load_put(const struct load *load, struct buf *out, uint64_t index, const char *prefix);

// Connects a DEALER; buffers are unbounded, the program's window is the bound.
void *load_connect(void *context, const char *endpoint);

// Sends header and payload. Ends the program when it cannot.
void load_send(void *socket, uint8_t kind, uint64_t id, struct slice payload);

// Receives one message; the payload is the caller's to close. Ends the program on an ERROR or after
// 60 s of silence.
void load_receive(void *socket, struct frame *frame, zmq_msg_t *payload);

_Noreturn void load_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
