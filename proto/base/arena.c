#include "proto/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

// Blocks of usual size, and how much is kept for the next article: what one of ordinary length
// takes shall not go back to the system and be asked for again.
enum { BLOCK_BYTES = 64 * 1024, KEPT_BYTES = 4 * 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_fini(struct arena *arena)
{
    blocks_free(arena->first);
    *arena = (struct arena){.limit = arena->limit};
}

// Keeps the first blocks up to KEPT_BYTES, and the very first whatever its size.
static void keep_some(struct arena *arena)
{
    size_t kept = 0;
    for (struct arena_block *block = arena->first; block; block = block->next) {
        block->used = 0;
        kept += block->size;
        if (block->next && kept + block->next->size > KEPT_BYTES) {
            blocks_free(block->next);
            block->next = NULL;
        }
    }
}

void arena_reset(struct arena *arena)
{
    keep_some(arena);
    arena->current = arena->first;
    arena->used = 0;
    arena->overflowed = false;
}

static struct arena_block *block_add(struct arena *arena, size_t size)
{
    size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    *block = (struct arena_block){.size = capacity};
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    arena->current = block;
    return block;
}

static void *block_take(struct arena *arena, size_t rounded)
{
    struct arena_block *block = arena->current;
    while (block && block->size - block->used < rounded && block->next)
        block = arena->current = block->next; // kept from before
    if (!block || block->size - block->used < rounded)
        block = block_add(arena, rounded);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

static void *take(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    bool fits = rounded >= size && rounded <= arena->limit - arena->used;
    void *memory = fits ? block_take(arena, rounded) : NULL;
    arena->overflowed |= !memory;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
    return memory ? memset(memory, 0, size) : NULL;
}

void *arena_alloc_uncleared(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
#ifdef TELEX_SANITIZED
    enum { RUBBISH = 0xa5 };
    if (memory)
        memset(memory, RUBBISH, size);
#endif
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        total = SIZE_MAX; // too much for any arena
    return arena_alloc(arena, total);
}

void *arena_alloc_array_uncleared(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        total = SIZE_MAX;
    return arena_alloc_uncleared(arena, total);
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = bytes.len == SIZE_MAX ? NULL : arena_alloc_uncleared(arena, bytes.len + 1);
    if (!copy)
        return slice_from(NULL, 0);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = 0;
    return slice_from(copy, bytes.len);
}
