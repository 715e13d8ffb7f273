// A hash map from a 64-bit key to a 32-bit number, sized once, in an arena.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/arena.h"

struct link_map {
    struct link_slot {
        uint64_t key; // 0 empty
        uint32_t value;
    } * slots;
    size_t mask;
};

static inline bool link_map_init(struct link_map *map, size_t records, struct arena *arena)
{
    size_t slots = 16;
    while (slots < records * 2)
        slots *= 2;
    map->slots = arena_alloc_array(arena, slots, sizeof *map->slots);
    map->mask = slots - 1;
    return map->slots != NULL;
}

// The value's place; *is_new tells whether the key was added. Never full: sized for every record.
static inline uint32_t *link_map_put(struct link_map *map, uint64_t key, bool *is_new)
{
    key = key ? key : 1;
    size_t at = key & map->mask;
    while (map->slots[at].key && map->slots[at].key != key)
        at = (at + 1) & map->mask;
    *is_new = map->slots[at].key == 0;
    map->slots[at].key = key;
    return &map->slots[at].value;
}

static inline const uint32_t *link_map_get(const struct link_map *map, uint64_t key)
{
    key = key ? key : 1;
    size_t at = key & map->mask;
    while (map->slots[at].key && map->slots[at].key != key)
        at = (at + 1) & map->mask;
    return map->slots[at].key ? &map->slots[at].value : NULL;
}
