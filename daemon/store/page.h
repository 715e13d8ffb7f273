// LMDB's pages as they lie in the file (mdb.c of 0.9, 64 bits): read with every length checked.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum page_flag {
    PAGE_BRANCH = 1,
    PAGE_LEAF = 2,
    PAGE_OVERFLOW = 4,
    PAGE_HEAD = 8,
    PAGE_DIRTY = 0x10,
    PAGE_LEAF2 = 0x20,
    PAGE_SUB = 0x40,
};

enum node_flag { NODE_BIG = 1, NODE_SUBTREE = 2, NODE_DUPLICATES = 4 };

enum { PAGE_BYTES = 4096, PAGE_HEAD_BYTES = 16, NODE_HEAD_BYTES = 8, PAGE_NONE_BYTES = 0 };

struct page {
    const char *at;
    uint64_t number; // in its own head
    unsigned flags;
    unsigned lower, upper; // of the free space between pointers and nodes
    uint32_t overflow;     // pages that a big value takes
};

struct page page_read(const char *at);

// Whether the head makes sense for a page of a tree at this place.
bool page_is_sound(const struct page *page, uint64_t number);

// Whether the values of one key that lie on its node, as a page within the page, lie within it.
bool page_sub_is_sound(struct slice bytes);

// How many pointers to nodes there seem to be; at most what a page has room for.
unsigned page_nodes(const struct page *page);

struct node {
    unsigned flags;
    uint64_t child; // of a branch
    struct slice key;
    uint64_t len;      // of the value
    struct slice data; // on the page: the value, or the number of the page where it begins
};

// False when it does not lie within its page.
bool page_node(const struct page *page, unsigned index, bool branch, struct node *node);

// A tree, as its parent or the file's head describes it.
struct page_tree {
    uint64_t root; // PAGE_TREE_EMPTY: none
    uint64_t entries;
};

#define PAGE_TREE_EMPTY UINT64_MAX

enum { PAGE_TREE_BYTES = 48 };

bool page_tree_read(struct slice bytes, struct page_tree *tree);

// One of the two heads of the file.
struct page_root {
    struct page_tree free, main;
    uint64_t last_page, transaction;
};

bool page_root_read(const char *at, struct page_root *root);
