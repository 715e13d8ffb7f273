// A growing byte buffer with a bound. A failed append is remembered (`failed`): write a whole
// message, then check once.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t limit; // most bytes it may hold
    bool failed;  // the limit or the system's memory was reached; contents are then incomplete
};

// `limit` in bytes. Allocates nothing yet.
void buf_init(struct buf *buf, size_t limit);
void buf_fini(struct buf *buf);

// Empties it and forgets a failure; keeps the memory.
void buf_reset(struct buf *buf);

// Room for `extra` more bytes; the place to write them, or NULL (failed is then set). Does not
// change len.
char *buf_reserve(struct buf *buf, size_t extra);

void buf_put(struct buf *buf, const void *bytes, size_t len);
void buf_put_slice(struct buf *buf, struct slice bytes);
void buf_put_text(struct buf *buf, const char *text);
void buf_put_byte(struct buf *buf, char byte);
void buf_put_decimal(struct buf *buf, uint64_t number);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Little-endian integers, the byte order of every telex protocol.
void buf_put_u8(struct buf *buf, uint8_t number);
void buf_put_u16(struct buf *buf, uint16_t number);
void buf_put_u32(struct buf *buf, uint32_t number);
void buf_put_u64(struct buf *buf, uint64_t number);

static inline struct slice buf_slice(const struct buf *buf)
{
    return slice_from(buf->ptr, buf->len);
}

// A read position in borrowed bytes. Reading past the end answers zeros and sets `failed`, so that
// a decoder reads a whole record and checks once.
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct cursor cursor_from(struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;
    return (struct cursor){.at = at, .end = bytes.len ? at + bytes.len : at};
}

static inline size_t cursor_left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
struct slice cursor_bytes(struct cursor *cursor, size_t len);

// True when everything was read, and nothing was missing: what a strict decoder returns at its end.
static inline bool cursor_is_done(const struct cursor *cursor)
{
    return !cursor->failed && cursor->at == cursor->end;
}
