#include "workers/tagger/own_table.h"

#include <string.h>

#include "proto/base/hash.h"

static struct slice id_key(const struct own_list *list, size_t index)
{
    return own_list_entity(list, index)->id;
}

static struct slice name_key(const struct own_list *list, size_t index)
{
    return own_list_name(list, index)->folded;
}

struct own_table own_table_of_ids(struct own_list *list)
{
    return (struct own_table){&list->ids, id_key};
}

struct own_table own_table_of_names(struct own_list *list)
{
    return (struct own_table){&list->folded, name_key};
}

static size_t table_slots(const struct buf *table)
{
    return table->len / sizeof(uint32_t);
}

bool own_table_next(const struct own_list *list, struct own_table table, struct slice key,
                    size_t *at, uint32_t *index)
{
    const uint32_t *slots = (const uint32_t *)(const void *)table.slots->ptr;
    size_t mask = table_slots(table.slots) - 1;
    for (*at &= mask; slots && slots[*at]; *at = (*at + 1) & mask) {
        *index = slots[*at] - 1;
        if (slice_equal(table.key_of(list, *index), key)) {
            ++*at;
            return true;
        }
    }
    return false;
}

static void slots_put(struct buf *table, uint64_t hash, uint32_t index)
{
    uint32_t *slots = (uint32_t *)(void *)table->ptr;
    size_t mask = table_slots(table) - 1, at = hash & mask;
    while (slots[at])
        at = (at + 1) & mask;
    slots[at] = index + 1;
}

void own_table_put(const struct own_list *list, struct own_table table, uint32_t index)
{
    slots_put(table.slots, hash64(table.key_of(list, index), 0), index);
}

bool own_table_room(const struct own_list *list, struct own_table table, size_t count)
{
    size_t slots = table_slots(table.slots) ? table_slots(table.slots) : 64;
    while (slots < count * 2)
        slots *= 2;
    if (slots == table_slots(table.slots))
        return true;
    struct buf grown;
    buf_init(&grown, OWN_TABLE_BYTES_MAX);
    if (!buf_reserve(&grown, slots * sizeof(uint32_t)))
        return false;
    grown.len = slots * sizeof(uint32_t);
    memset(grown.ptr, 0, grown.len);
    const uint32_t *old = (const uint32_t *)(const void *)table.slots->ptr;
    for (size_t i = 0; i < table_slots(table.slots); i++)
        if (old[i])
            slots_put(&grown, hash64(table.key_of(list, old[i] - 1), 0), old[i] - 1);
    buf_fini(table.slots);
    *table.slots = grown;
    return true;
}
