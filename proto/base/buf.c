#include "proto/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){.limit = buf->limit};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

static bool buf_grow(struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity < needed)
        capacity *= 2;
    char *grown = realloc(buf->ptr, capacity);
    if (!grown)
        return false;
    buf->ptr = grown;
    buf->capacity = capacity;
    return true;
}

char *buf_reserve(struct buf *buf, size_t extra)
{
    if (buf->failed || extra > buf->limit - buf->len) {
        buf->failed = true;
        return NULL;
    }
    if (buf->len + extra > buf->capacity && !buf_grow(buf, buf->len + extra)) {
        buf->failed = true;
        return NULL;
    }
    return buf->ptr + buf->len;
}

void buf_put(struct buf *buf, const void *bytes, size_t len)
{
    char *at = len ? buf_reserve(buf, len) : NULL;
    if (!at)
        return;
    memcpy(at, bytes, len);
    buf->len += len;
}

void buf_put_slice(struct buf *buf, struct slice bytes)
{
    buf_put(buf, bytes.ptr, bytes.len);
}

void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

void buf_put_byte(struct buf *buf, char byte)
{
    char *at = buf_reserve(buf, 1);
    if (!at)
        return;
    *at = byte;
    buf->len++;
}

void buf_put_decimal(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buf_put(buf, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int needed = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *at = needed >= 0 ? buf_reserve(buf, (size_t)needed + 1) : NULL;
    if (at) {
        vsnprintf(at, (size_t)needed + 1, format, again);
        buf->len += (size_t)needed;
    }
    va_end(again);
}

void buf_put_u8(struct buf *buf, uint8_t number)
{
    buf_put(buf, &number, 1);
}

static void buf_put_little(struct buf *buf, uint64_t number, size_t bytes)
{
    char *at = buf_reserve(buf, bytes);
    if (!at)
        return;
    for (size_t i = 0; i < bytes; i++)
        at[i] = (char)(uint8_t)(number >> (8 * i));
    buf->len += bytes;
}

void buf_put_u16(struct buf *buf, uint16_t number)
{
    buf_put_little(buf, number, 2);
}

void buf_put_u32(struct buf *buf, uint32_t number)
{
    buf_put_little(buf, number, 4);
}

void buf_put_u64(struct buf *buf, uint64_t number)
{
    buf_put_little(buf, number, 8);
}

static uint64_t cursor_little(struct cursor *cursor, size_t bytes)
{
    if (cursor->failed || cursor_left(cursor) < bytes) {
        cursor->failed = true;
        return 0;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)cursor->at[i] << (8 * i);
    cursor->at += bytes;
    return number;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    return (uint8_t)cursor_little(cursor, 1);
}

uint16_t cursor_u16(struct cursor *cursor)
{
    return (uint16_t)cursor_little(cursor, 2);
}

uint32_t cursor_u32(struct cursor *cursor)
{
    return (uint32_t)cursor_little(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor)
{
    return cursor_little(cursor, 8);
}

struct slice cursor_bytes(struct cursor *cursor, size_t len)
{
    if (cursor->failed || cursor_left(cursor) < len) {
        cursor->failed = true;
        return slice_from(NULL, 0);
    }
    struct slice bytes = slice_from(cursor->at, len);
    cursor->at += len;
    return bytes;
}
