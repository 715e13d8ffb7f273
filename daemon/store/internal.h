// What the files of the store share. Nothing outside daemon/store and its tests includes this.
#pragma once

#include <lmdb.h>
#include <sched.h>

#include "daemon/store/gate.h"
#include "daemon/store/record.h"
#include "daemon/store/store.h"

struct filter_plan;
struct identity_set;
struct tail;

// What was removed of the past (horizon.h).
struct horizon {
    uint64_t first;       // first event that is kept; all before it are gone
    uint64_t whole_from;  // no article at or behind this offset was removed
    uint64_t articles;    // removed in the store's life
    int64_t last_time_ms; // of the newest event that was removed
};

// Where the journal and the stream end, and where the stream begins. The writer works on a copy
// until its commit succeeds.
struct store_tail {
    uint64_t next_offset;
    uint64_t next_sequence;
    int64_t last_time_ms; // of the newest event
    struct horizon horizon;
};

struct store {
    char *directory;
    char *event_source;
    char uuid[37]; // text of the identity
    int lock_fd;
    bool read_only;
    MDB_env *env;
    MDB_dbi dbs[DB_COUNT];
    uint64_t map_limit;
    struct gate gate; // read transactions are inside
    bool gate_made;
    struct identity_set *identities;

    // The writer's thread only.
    uint64_t map_size;
    uint64_t file_size;       // bytes of data.mdb that are allocated on disk for certain
    uint64_t unconfined_size; // of the map, while a full disk keeps it from growing; else 0
    bool reserve_unsupported;
    struct store_tail tail;
    uint64_t indexed;
    int64_t (*wall_ms)(void); // clock_wall_ms; tests put theirs here
};

enum { STORE_TEXT_MAX = 64 << 20 }; // four times the longest body

struct store_reader {
    struct store *store;
    MDB_txn *txn;
    bool active;
    uint64_t first;   // first sequence in this snapshot
    uint64_t head;    // newest one; first - 1 when there is none
    uint64_t indexed; // newest sequence in its indexes
    struct filter_plan *plan;
    struct tail *tail; // NULL until a question needs it
    MDB_cursor *scan;  // events_scan's, in this snapshot; NULL: none
    uint64_t scanned;  // where it stands
    struct buf text;   // of the event whose text was asked for last
    bool gives_way;
    unsigned steps;
};

enum { READER_STEPS = 256 }; // between two times that it gives way: some 300 us

// For every record on a long way. The scheduler lets a busy thread run to its next tick, and an
// article needs the processor several times on its way to the ACK: under a flood of questions to a
// large store its 99th percentile is 8 ms without this and 2 with it.
static inline void reader_step(struct store_reader *reader)
{
    if (reader->gives_way && ++reader->steps % READER_STEPS == 0)
        sched_yield();
}

static inline struct slice slice_from_val(MDB_val val)
{
    return slice_from(val.mv_data, val.mv_size);
}

// LMDB takes keys and values as void *, and leaves them alone.
static inline MDB_val val_from(struct slice bytes)
{
    const union {
        const char *ours;
        void *theirs;
    } ptr = {.ours = bytes.ptr};
    return (MDB_val){.mv_size = bytes.len, .mv_data = ptr.theirs};
}

// A key of the integer tables.
static inline struct slice slice_of_number(const uint64_t *number)
{
    return slice_from(number, sizeof *number);
}
