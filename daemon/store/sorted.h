// A run of index entries, put in the order of their keys before they go into a tree.
#pragma once

#include <stdint.h>

#include "proto/base/buf.h"

struct sorted_entry {
    uint64_t prefix; // first bytes of the key, so that most comparisons need no more
    uint32_t key_at, value_at;
    uint16_t key_len, value_len;
    uint64_t number;
};

struct sorted {
    struct buf bytes;   // keys and values
    struct buf entries; // struct sorted_entry
};

void sorted_init(struct sorted *run);
void sorted_fini(struct sorted *run);

// `key` and `value` are copied; at most 65,535 bytes each. A failure is remembered in bytes.failed
// or entries.failed.
void sorted_add(struct sorted *run, struct slice key, uint64_t number, struct slice value);

static inline bool sorted_failed(const struct sorted *run)
{
    return run->bytes.failed || run->entries.failed;
}

static inline size_t sorted_count(const struct sorted *run)
{
    return run->entries.len / sizeof(struct sorted_entry);
}

static inline size_t sorted_bytes(const struct sorted *run)
{
    return run->bytes.len + run->entries.len;
}

// By key as LMDB orders them (bytes, the shorter first), then number, then value.
void sorted_sort(struct sorted *run);

// The same for a run that is sorted but for the entries from `start` on, which were added since.
void sorted_sort_from(struct sorted *run, size_t start);

static inline const struct sorted_entry *sorted_at(const struct sorted *run, size_t i)
{
    return (const struct sorted_entry *)(const void *)run->entries.ptr + i;
}

static inline struct slice sorted_key(const struct sorted *run, const struct sorted_entry *entry)
{
    return slice_from(run->bytes.ptr + entry->key_at, entry->key_len);
}

static inline struct slice sorted_value(const struct sorted *run, const struct sorted_entry *entry)
{
    return slice_from(run->bytes.ptr + entry->value_at, entry->value_len);
}

// First entry of a sorted run whose key is not before `key`; their count when there is none.
size_t sorted_find(const struct sorted *run, struct slice key);

// Entry `i` of `left` against entry `j` of `right`, both sorted: negative, 0, positive.
int sorted_compare(const struct sorted *left, size_t i, const struct sorted *right, size_t j);
