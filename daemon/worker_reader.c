#include "daemon/worker_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BYTES = 64 * 1024,   // a pipe holds no more
    KEEP_BYTES = 1024 * 1024, // an emptied buffer above this is given back
    HELLO_MAX = 64 * 1024,    // payloads by kind
    RESULT_MAX = WORKER_PAYLOAD_MAX,
};

void worker_reader_init(struct worker_reader *reader)
{
    *reader = (struct worker_reader){0};
}

void worker_reader_fini(struct worker_reader *reader)
{
    free(reader->bytes);
    *reader = (struct worker_reader){0};
}

static void reader_compact(struct worker_reader *reader)
{
    if (reader->start == reader->end && reader->capacity > KEEP_BYTES)
        worker_reader_fini(reader);
    if (!reader->start)
        return;
    memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
}

// The buffer grows with what has come, not with what a head announces.
char *worker_reader_room(struct worker_reader *reader, size_t *room)
{
    reader_compact(reader);
    if (reader->capacity - reader->end < READ_BYTES / 2) {
        size_t wanted = reader->capacity ? 2 * reader->capacity : 2 * READ_BYTES;
        char *grown = realloc(reader->bytes, wanted);
        if (!grown && reader->capacity == reader->end)
            return *room = 0, NULL;
        if (grown) {
            reader->bytes = grown;
            reader->capacity = wanted;
        }
    }
    *room = reader->capacity - reader->end;
    return reader->bytes + reader->end;
}

void worker_reader_filled(struct worker_reader *reader, size_t len)
{
    reader->end += len;
}

static int kind_check(const struct worker_head *head)
{
    switch (head->kind) {
    case WORKER_HELLO:
        return head->len <= HELLO_MAX ? 0 : -EBADMSG;
    case WORKER_RESULT:
        return head->len <= RESULT_MAX ? 0 : -EBADMSG;
    case WORKER_PONG:
        return head->len == 0 ? 0 : -EBADMSG;
    default:
        return -EBADMSG;
    }
}

int worker_reader_next(struct worker_reader *reader, struct worker_head *head,
                       struct slice *payload)
{
    size_t left = reader->end - reader->start;
    if (left < WORKER_HEAD_BYTES)
        return 0;
    const char *at = reader->bytes + reader->start;
    int failed = worker_head_decode((const uint8_t *)at, head);
    failed = failed ? failed : kind_check(head);
    if (failed)
        return failed;
    if (left - WORKER_HEAD_BYTES < head->len)
        return 0;
    *payload = slice_from(at + WORKER_HEAD_BYTES, head->len);
    reader->start += WORKER_HEAD_BYTES + head->len;
    return 1;
}
