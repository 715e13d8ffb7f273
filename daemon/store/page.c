#include "daemon/store/page.h"

enum {
    LMDB_MAGIC = (int)0xBEEFC0DE,
    LMDB_VERSION = 1,
    ROOT_AT = 16, // behind the page's head: magic, version, address, size of the map, two trees
    FREE_TREE_AT = ROOT_AT + 24,
    MAIN_TREE_AT = FREE_TREE_AT + PAGE_TREE_BYTES,
    LAST_PAGE_AT = MAIN_TREE_AT + PAGE_TREE_BYTES,
    TRANSACTION_AT = LAST_PAGE_AT + 8,
    TREE_ENTRIES_AT = 32,
    TREE_ROOT_AT = 40,
};

static uint16_t u16_at(const char *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint32_t u32_at(const char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t u64_at(const char *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

struct page page_read(const char *at)
{
    return (struct page){.at = at,
                         .number = u64_at(at),
                         .flags = u16_at(at + 10),
                         .lower = u16_at(at + 12),
                         .upper = u16_at(at + 14),
                         .overflow = u32_at(at + 12)};
}

// The head of a page of so many bytes; and of values of one length side by side, that there is
// room for all.
static bool fits(const struct page *page, size_t bytes)
{
    if (page->lower < PAGE_HEAD_BYTES || page->lower % 2 != 0 || page->lower > page->upper ||
        page->upper > bytes)
        return false;
    size_t each = u16_at(page->at + 8), count = (page->lower - PAGE_HEAD_BYTES) / 2U;
    return !(page->flags & PAGE_LEAF2) || (each && count * each <= bytes - PAGE_HEAD_BYTES);
}

bool page_is_sound(const struct page *page, uint64_t number)
{
    // LMDB follows a leaf's first pointer and a branch's second without asking whether it is there.
    bool branch = page->flags == PAGE_BRANCH && page_nodes(page) > 1;
    bool leaf = page->flags == PAGE_LEAF || page->flags == (PAGE_LEAF | PAGE_LEAF2);
    return (branch || (leaf && page_nodes(page) > 0)) && page->number == number &&
           fits(page, PAGE_BYTES);
}

static bool value_is_sound(struct slice bytes, unsigned lower, size_t at)
{
    if (at < lower || at + NODE_HEAD_BYTES > bytes.len)
        return false;
    return u16_at(bytes.ptr + at + 6) <= bytes.len - at - NODE_HEAD_BYTES;
}

bool page_sub_is_sound(struct slice bytes)
{
    if (bytes.len < PAGE_HEAD_BYTES)
        return false;
    struct page page = page_read(bytes.ptr);
    unsigned kind = page.flags & ~(unsigned)(PAGE_LEAF2 | PAGE_DIRTY); // dirty as LMDB leaves it
    if (kind != (PAGE_LEAF | PAGE_SUB) || !fits(&page, bytes.len))
        return false;
    unsigned count = (page.lower - PAGE_HEAD_BYTES) / 2U;
    for (unsigned i = 0; i < count && !(page.flags & PAGE_LEAF2); i++)
        if (!value_is_sound(bytes, page.lower, u16_at(bytes.ptr + PAGE_HEAD_BYTES + 2 * (size_t)i)))
            return false;
    return count > 0;
}

unsigned page_nodes(const struct page *page)
{
    unsigned most = (PAGE_BYTES - PAGE_HEAD_BYTES) / 2;
    unsigned nodes = page->lower > PAGE_HEAD_BYTES ? (page->lower - PAGE_HEAD_BYTES) / 2U : 0;
    return nodes < most ? nodes : most;
}

bool page_node(const struct page *page, unsigned index, bool branch, struct node *node)
{
    unsigned at = u16_at(page->at + PAGE_HEAD_BYTES + 2 * (size_t)index);
    if (at < PAGE_HEAD_BYTES || at > PAGE_BYTES - NODE_HEAD_BYTES)
        return false;
    const char *bytes = page->at + at;
    unsigned low = u16_at(bytes), high = u16_at(bytes + 2), flags = u16_at(bytes + 4);
    size_t key = u16_at(bytes + 6), room = PAGE_BYTES - at - NODE_HEAD_BYTES;
    *node = (struct node){.flags = flags, .key = slice_from(bytes + NODE_HEAD_BYTES, key)};
    if (key > room)
        return false;
    if (branch) {
        node->child = low | (uint64_t)high << 16 | (uint64_t)flags << 32;
        return true;
    }
    node->len = low | (uint64_t)high << 16;
    uint64_t here = flags & NODE_BIG ? sizeof(uint64_t) : node->len;
    if (flags & ~(unsigned)(NODE_BIG | NODE_SUBTREE | NODE_DUPLICATES) || here > room - key)
        return false;
    node->data = slice_from(bytes + NODE_HEAD_BYTES + key, here);
    return true;
}

bool page_tree_read(struct slice bytes, struct page_tree *tree)
{
    if (bytes.len != PAGE_TREE_BYTES)
        return false;
    tree->entries = u64_at(bytes.ptr + TREE_ENTRIES_AT);
    tree->root = u64_at(bytes.ptr + TREE_ROOT_AT);
    return true;
}

bool page_root_read(const char *at, struct page_root *root)
{
    struct page page = page_read(at);
    if (!(page.flags & PAGE_HEAD) || u32_at(at + ROOT_AT) != (uint32_t)LMDB_MAGIC ||
        u32_at(at + ROOT_AT + 4) != LMDB_VERSION)
        return false;
    page_tree_read(slice_from(at + FREE_TREE_AT, PAGE_TREE_BYTES), &root->free);
    page_tree_read(slice_from(at + MAIN_TREE_AT, PAGE_TREE_BYTES), &root->main);
    root->last_page = u64_at(at + LAST_PAGE_AT);
    root->transaction = u64_at(at + TRANSACTION_AT);
    return true;
}
