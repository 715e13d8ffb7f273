// Spellings of entities that have gone. An entity takes those along that stand in its last event;
// others, from events that went before, are swept up in rounds over the whole table, a piece in
// each transaction that removes events, as soon as there can be more than a few of them.
#pragma once

#include "daemon/store/walk.h"

struct sweep {
    bool under_way;
    uint64_t gone; // entities that have gone since the last round began
    struct walk_place place;
};

// The first round begins at once when something was ever removed: nobody knows what was left.
void sweep_init(struct sweep *sweep, const struct store *store);

// Notes `gone` more entities and looks at up to `most` spellings. 0, or an error that ends the
// transaction.
int sweep_step(struct sweep *sweep, const struct store *store, MDB_txn *txn, uint64_t gone,
               unsigned most);
