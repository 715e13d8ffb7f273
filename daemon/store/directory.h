// The store's directory: what is in it, whose it is, and its lock.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct directory_contents {
    bool missing;   // no such directory
    bool has_data;  // data.mdb
    bool has_lock;  // telexd.lock: some telexd has begun to work here
    bool has_other; // anything that is neither ours, nor LMDB's, nor the file system's
};

// 0 or negative errno with err.
int directory_scan(const char *path, struct directory_contents *contents, struct err *err);

// Creates it with mode 0700; its entry in the parent is synced.
int directory_create(const char *path, struct err *err);

// Locks PATH/telexd.lock and writes our pid into it; shared (and without the pid) when
// `read_only`. *fd stays open as long as the lock is wanted; -1 when there was nothing to lock for
// a reader. -EBUSY with the holder's pid in err.
int directory_lock(const char *path, bool read_only, int *fd, struct err *err);

// fsyncs the directory itself, so that names in it survive a power cut.
int directory_sync(const char *path, struct err *err);
int directory_sync_parent(const char *path, struct err *err);

// Size of a file; 0 when it cannot be told.
uint64_t directory_file_bytes(const char *path);
