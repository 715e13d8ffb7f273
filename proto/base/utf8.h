// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

// Byte offset of the first byte that does not belong to well-formed UTF-8; bytes.len when all does.
size_t utf8_valid_prefix(struct slice bytes);

static inline bool utf8_is_valid(struct slice bytes)
{
    return utf8_valid_prefix(bytes) == bytes.len;
}

// Code points in well-formed UTF-8.
size_t utf8_count(struct slice bytes);

// Decodes the code point at *at (of well-formed text, *at < len) and moves *at behind it. Here to
// be inlined: it is asked for every letter.
static inline uint32_t utf8_next(struct slice bytes, size_t *at)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr + *at;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    if (p[0] < 0xe0) {
        *at += 2;
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (p[0] < 0xf0) {
        *at += 3;
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *at += 4;
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
           (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

// Writes the code point; returns its length in bytes, 1 to 4. `code` must be a scalar value.
size_t utf8_put(char out[4], uint32_t code);
