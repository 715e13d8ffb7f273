// Memory for one article (or one request), freed whole. Bounded: when the bound is reached,
// allocation answers NULL and the arena remembers it, so that a long computation may check once at
// its end.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *first; // it and some others are kept by arena_reset
    struct arena_block *current;
    size_t used;  // bytes handed out since the last reset
    size_t limit; // most bytes that may be handed out
    bool overflowed;
};

// `limit` in bytes. Allocates nothing yet.
void arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);

// Forgets every allocation and the overflow; keeps up to 4 MiB for the next article.
void arena_reset(struct arena *arena);

// `size` bytes, aligned for any type, zeroed. NULL when the limit or the system's memory is reached
// (overflowed is then set).
void *arena_alloc(struct arena *arena, size_t size);

// count * size, checked against overflow of the product. NULL as arena_alloc.
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

// The same two, but the bytes are whatever they were: for what is written before it is read, and
// for room of which little is used. Sanitized builds fill them with rubbish.
void *arena_alloc_uncleared(struct arena *arena, size_t size);
void *arena_alloc_array_uncleared(struct arena *arena, size_t count, size_t size);

// A copy that lives as long as the arena, with a NUL behind it. ptr is NULL when memory ran out.
struct slice arena_copy(struct arena *arena, struct slice bytes);
