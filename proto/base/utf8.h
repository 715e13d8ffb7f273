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

// Decodes the code point at *at (of well-formed text, *at < len) and moves *at behind it.
uint32_t utf8_next(struct slice bytes, size_t *at);

// Writes the code point; returns its length in bytes, 1 to 4. `code` must be a scalar value.
size_t utf8_put(char out[4], uint32_t code);
