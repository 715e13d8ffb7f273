// The page that a test shares with the process whose faults it arranges: what was called how often,
// and what is to happen at which call. tests/crash/shim.py knows its form.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

enum shim_call {
    SHIM_SYNC = 0,         // fdatasync or fsync of the store's file
    SHIM_WRITE = 1,        // of pages to the store's file
    SHIM_META = 2,         // of LMDB's head, through its O_DSYNC descriptor: this is the commit
    SHIM_ALLOCATE = 3,     // fallocate of the store's file
    SHIM_BEGIN = 4,        // mdb_txn_begin
    SHIM_COMMIT = 5,       // mdb_txn_commit of a transaction that merges no indexes
    SHIM_MERGE = 6,        // a put into an index
    SHIM_MERGE_COMMIT = 7, // mdb_txn_commit of a transaction that merges indexes
    SHIM_DELETE = 8,       // mdb_del and mdb_cursor_del
    SHIM_GROW = 9,         // mdb_env_set_mapsize
    SHIM_COPY = 10,        // a write to a backup's file
    SHIM_SEND = 11,        // send, which is how acknowledgements leave
    SHIM_MALLOC = 12,      // malloc, calloc, realloc, posix_memalign
    SHIM_CALLS
};

enum shim_action {
    SHIM_NOTHING = 0,
    SHIM_KILL_BEFORE = 1, // SIGKILL in place of the call
    SHIM_KILL_AFTER = 2,  // SIGKILL when the call is done
    SHIM_FAIL = 3,        // the call is not made, and fails with the rule's errno
    SHIM_SWALLOW = 4,     // the call is not made, and seems to have succeeded
    SHIM_STOP = 5,        // SIGSTOP before the call, once
};

enum { SHIM_RULES = 4, SHIM_MAGIC = 0x7e1e0001 };

struct shim_rule {
    uint64_t at;     // fires at the call with this number, counted from 1; 0: never
    uint32_t call;   // enum shim_call
    uint32_t action; // enum shim_action
    uint32_t error;  // errno of SHIM_FAIL
    uint32_t onward; // not 0: at every later call as well
};

struct shim_page {
    uint32_t magic;
    uint32_t unsynced;  // not 0: O_DSYNC is taken from descriptors that are opened
    int64_t clock_ns;   // added to the wall clock
    uint64_t fired;     // rules that have fired
    uint64_t calls[16]; // by enum shim_call
    struct shim_rule rules[SHIM_RULES];
    uint32_t map_shift; // the map that a daemon starts with is smaller by so many bits
};

// The page, or NULL in a process that is not under test.
struct shim_page *shim_page(void);

// Counts a call. What is to happen: SHIM_NOTHING, SHIM_KILL_AFTER (then shim_after must follow),
// SHIM_FAIL (with errno set) or SHIM_SWALLOW; the others have happened.
enum shim_action shim_before(enum shim_call call);
void shim_after(enum shim_action action);
