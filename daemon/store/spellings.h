// The spellings that events give to entities, remembered by their hashes: what the table of names
// is compared with, and what the tail has already.
#pragma once

#include "daemon/store/internal.h"

enum { SPELLINGS_MAX = 1 << 20 }; // more than these take too much memory to remember

struct spellings {
    uint64_t *hashes; // open addressing; 0 is free
    size_t count, capacity;
    bool overflowed; // there were too many, or no memory, or damage: nothing can be said
    uint64_t added;  // newest sequence
};

void spellings_init(struct spellings *spellings);
void spellings_fini(struct spellings *spellings);

// Whether it is new; true also when nothing can be said.
bool spellings_add(struct spellings *spellings, struct slice spelling, struct slice id);

// The event's; the next one in order. NULL: it cannot be read, and nothing can be said any more.
void spellings_add_event(struct spellings *spellings, const struct stored_event *event);

// Those of the reader's events behind the last that was added.
void spellings_catch_up(struct spellings *spellings, struct store_reader *reader);

// Whether an event that was added gives the entity this spelling; true also when nothing can be
// said.
bool spellings_has(const struct spellings *spellings, struct slice spelling, struct slice id);
