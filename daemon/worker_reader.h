// Frames out of the bytes a worker writes: buffered, bounded, and refused as soon as they cannot be
// right. Pure.
#pragma once

#include <stddef.h>

#include "proto/base/slice.h"
#include "proto/wire/worker.h"

struct worker_reader {
    char *bytes;
    size_t capacity;
    size_t start, end; // what was read and not yet taken
};

// Allocates nothing yet.
void worker_reader_init(struct worker_reader *reader);
void worker_reader_fini(struct worker_reader *reader);

// Room for the next read, at least one byte: *room bytes at the returned place. NULL without
// memory. Moves what is buffered: slices from worker_reader_next are no longer valid.
char *worker_reader_room(struct worker_reader *reader, size_t *room);

// So many bytes were read into the room.
void worker_reader_filled(struct worker_reader *reader, size_t len);

// The next whole frame: 1 (payload is valid until the next room or fini), 0 when more bytes are
// needed, -EPROTO for another version of the protocol, -EBADMSG for what is no frame or none that a
// worker may send, payloads too long for their kind included.
int worker_reader_next(struct worker_reader *reader, struct worker_head *head,
                       struct slice *payload);
