// Which of the user's entities has an id, and which of their names is written so: hash tables of
// indices into an own_list, so that a second one is noticed.
#pragma once

#include "workers/tagger/own_list.h"

enum { OWN_TABLE_BYTES_MAX = 512 << 20 };

// A table, and what the keys of its indices are.
struct own_table {
    struct buf *slots;
    struct slice (*key_of)(const struct own_list *list, size_t index);
};

struct own_table own_table_of_ids(struct own_list *list);
struct own_table own_table_of_names(struct own_list *list);

// Makes room for `count` entries in all. False without memory.
bool own_table_room(const struct own_list *list, struct own_table table, size_t count);

void own_table_put(const struct own_list *list, struct own_table table, uint32_t index);

// The next entry of this key at or behind the slot *at (at first the key's hash), as an index;
// false at the end of them.
bool own_table_next(const struct own_list *list, struct own_table table, struct slice key,
                    size_t *at, uint32_t *index);
