// Repair's first half: what is intact in a damaged file goes into a new store.
#pragma once

#include "daemon/store/internal.h"
#include "daemon/store/pages.h"
#include "daemon/store/problems.h"

// An event that is nowhere to be found.
struct lost_event {
    uint64_t sequence;
    uint64_t offset; // of its article; 0 as long as that is unknown
};

struct repair {
    struct store *store; // the new one
    MDB_txn *txn;
    unsigned changes; // in the transaction
    struct store_repair_report *report;
    struct problems problems; // and what becomes of them
    struct buf scratch;
    bool mark_found, horizon_found;
    uint64_t article_count, event_count; // there were; 0 when that is not certain
    uint64_t last_offset, last_sequence; // highest that anything speaks of
    struct buf lost;                     // struct lost_event, ascending
    struct buf blanks;                   // offsets of articles that were lost, in no order
};

// Called between changes: commits when they are many. Slices into the store end here.
int repair_breathe(struct repair *repair);

// Puts every intact record of the tables that are not derived into the new store.
int salvage_all(struct repair *repair, struct pages *pages);

// Repair's second half (mend.c): fills the places of what was lost, makes every article's state
// agree with its events, and makes identities and indexes anew.
int mend_all(struct repair *repair);
