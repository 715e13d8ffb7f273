#include "daemon/store/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/env.h"
#include "daemon/store/page.h"
#include "daemon/store/problems.h"

enum { DEPTH_MOST = 32, HEADS = 2, FIRST_PAGE = 2, FREE_TREE = DB_COUNT };

enum page_state { STATE_UNSEEN, STATE_REACHED, STATE_FREE };

struct pages {
    const char *map;
    uint64_t bytes, count; // count: up to the last page of the chosen commit
    uint8_t *states;
    struct page_root root;
    struct page_tree tables[DB_COUNT];
    bool found[DB_COUNT];
    bool heads_damaged;
    bool free_unknown; // the list of free pages is damaged

    // While walking.
    int db; // FREE_TREE: the list of free pages
    pages_record_cb *record_cb;
    struct problems problems; // its `arg` is record_cb's too
};

static const char *page_at(const struct pages *pages, uint64_t number)
{
    return pages->map + number * PAGE_BYTES;
}

static const char *tree_name(const struct pages *pages)
{
    return pages->db == FREE_TREE ? "free pages" : env_table_name((enum store_db)pages->db);
}

// --- the file and its heads

static int map_file(struct pages *pages, const char *path, struct err *err)
{
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    void *map = MAP_FAILED;
    if (fstat(fd, &file) == 0 && file.st_size >= HEADS * PAGE_BYTES)
        map = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return err_set(err, "%s is cut short or cannot be mapped", path), -EBADMSG;
    pages->map = map;
    pages->bytes = (uint64_t)file.st_size;
    return 0;
}

static void find_tables_in(struct pages *pages, const struct page *page)
{
    for (unsigned i = 0; i < page_nodes(page); i++) {
        struct node node;
        if (!page_node(page, i, false, &node) || !(node.flags & NODE_SUBTREE))
            continue;
        for (int db = 0; db < DB_COUNT; db++)
            if (slice_equal(node.key, slice_from_text(env_table_name((enum store_db)db))))
                pages->found[db] = page_tree_read(node.data, &pages->tables[db]);
    }
}

// The tables' trees hang from one page: there are eleven.
static int find_tables(struct pages *pages, const struct page_root *root)
{
    int count = 0;
    memset(pages->found, 0, sizeof pages->found);
    if (root->main.root < pages->bytes / PAGE_BYTES) {
        struct page page = page_read(page_at(pages, root->main.root));
        find_tables_in(pages, &page);
    }
    for (int db = 0; db < DB_COUNT; db++)
        count += pages->found[db];
    return count;
}

// Commits alternate between the heads, so that their numbers follow each other.
static bool heads_agree(const struct page_root roots[HEADS])
{
    uint64_t a = roots[0].transaction, b = roots[1].transaction;
    return a % 2 == 0 && (a == b + 1 || b == a + 1 || (a == 0 && b == 0));
}

// What both tables only ever append to, unless retention was at work.
static uint64_t entries(const struct pages *pages)
{
    return pages->tables[DB_ARTICLES].entries + pages->tables[DB_EVENTS].entries;
}

// Where the heads agree the newer one is right, also when it leads to less: retention removes. Else
// one of them is damaged, more likely the one that leads to less.
static int choose_head(struct pages *pages, const char *path, struct err *err)
{
    struct page_root roots[HEADS] = {{.transaction = 1}, {.transaction = 0}};
    int best = -1, most = 0;
    uint64_t weight = 0;
    bool read[HEADS], sound = true;
    for (int i = 0; i < HEADS; i++)
        sound &= read[i] = page_root_read(page_at(pages, (uint64_t)i), &roots[i]);
    bool agreed = sound && heads_agree(roots);
    for (int i = 0; i < HEADS; i++) {
        int tables = read[i] ? find_tables(pages, &roots[i]) : 0;
        bool newer = best >= 0 && roots[i].transaction > roots[best].transaction;
        bool better = newer || (!agreed && tables && entries(pages) > weight);
        if (tables > most || (tables && tables == most && better)) {
            best = i;
            most = tables;
            weight = entries(pages);
        }
    }
    if (best < 0)
        return err_set(err, "neither head of %s leads to a telex store; only a backup helps", path),
               -EBADMSG;
    pages->root = roots[best];
    find_tables(pages, &pages->root);
    pages->heads_damaged = !agreed;
    return 0;
}

int pages_open(struct pages **out, const char *path, struct err *err)
{
    struct pages *pages = *out = calloc(1, sizeof *pages);
    if (!pages)
        return err_set_errno(err, ENOMEM, "cannot read %s", path);
    int status = map_file(pages, path, err);
    if (status == 0)
        status = choose_head(pages, path, err);
    if (status == 0) {
        uint64_t whole = pages->bytes / PAGE_BYTES;
        pages->count = pages->root.last_page < whole ? pages->root.last_page + 1 : whole;
        pages->states = calloc(pages->count, 1);
        status = pages->states ? 0 : err_set_errno(err, ENOMEM, "cannot read %s", path);
    }
    if (status < 0) {
        pages_close(pages);
        *out = NULL;
    }
    return status;
}

void pages_close(struct pages *pages)
{
    if (!pages)
        return;
    if (pages->map)
        munmap((void *)(uintptr_t)pages->map, pages->bytes);
    free(pages->states);
    free(pages);
}

// --- values

// Where a big value lies; its pages are marked. False when it reaches out of the file.
static bool find_big(struct pages *pages, const struct node *node, struct slice *value)
{
    uint64_t first;
    memcpy(&first, node->data.ptr, sizeof first);
    uint64_t taken = (PAGE_HEAD_BYTES + node->len + PAGE_BYTES - 1) / PAGE_BYTES;
    if (first < FIRST_PAGE || first >= pages->count || taken > pages->count - first)
        return false;
    struct page page = page_read(page_at(pages, first));
    for (uint64_t i = 0; i < taken; i++)
        pages->states[first + i] = STATE_REACHED;
    *value = slice_from(page.at + PAGE_HEAD_BYTES, node->len);
    return page.number == first && page.flags == PAGE_OVERFLOW && page.overflow >= taken;
}

static bool is_number_table(enum store_db db)
{
    return db == DB_PENDING || db == DB_EVENT_OF || db == DB_CURSORS || db == DB_IDENTITY;
}

static bool holds(enum store_db db, struct slice key, struct slice value)
{
    struct slice payload;
    uint64_t number;
    if (is_number_table(db))
        return number_open(db, key, value, &number) == 0;
    return record_open(db, key, value, &payload) == 0 ||
           (db == DB_META && number_open(db, key, value, &number) == 0);
}

static bool is_wanted(enum store_db db)
{
    return db < DB_IDENTITY || db == DB_DEAD || db == DB_CURSORS;
}

// --- records

// Of a page that no tree has led to, or that is damaged: the checksum tells the table.
static int take_strayed(struct pages *pages, struct slice key, struct slice value)
{
    for (int db = 0; db < DB_COUNT; db++)
        if (is_wanted((enum store_db)db) && holds((enum store_db)db, key, value))
            return pages->record_cb((enum store_db)db, key, value, true, pages->problems.arg);
    return 0;
}

static int take_known(struct pages *pages, struct slice key, struct slice value, bool whole)
{
    enum store_db db = (enum store_db)pages->db;
    if (!pages->record_cb || !is_wanted(db))
        return 0;
    if (whole && holds(db, key, value))
        return pages->record_cb(db, key, value, false, pages->problems.arg);
    if (key.len == sizeof(uint64_t)) {
        uint64_t number;
        memcpy(&number, key.ptr, sizeof number);
        problems_tell(&pages->problems, "record %" PRIu64 " of table %s is damaged", number,
                      tree_name(pages));
    } else {
        problems_tell(&pages->problems, "record \"%.*s\" of table %s is damaged",
                      (int)(key.len < 64 ? key.len : 64), key.ptr, tree_name(pages));
    }
    return 0;
}

static int salvage_page(struct pages *pages, const struct page *page)
{
    int status = 0;
    for (unsigned i = 0; i < page_nodes(page) && status == 0 && pages->record_cb; i++) {
        struct node node;
        struct slice value;
        if (!page_node(page, i, false, &node) || node.flags & ~(unsigned)NODE_BIG)
            continue;
        value = node.data;
        if (node.flags & NODE_BIG)
            find_big(pages, &node, &value);
        status = take_strayed(pages, node.key, value);
    }
    return status;
}

// --- trees

static int walk_tree(struct pages *pages, uint64_t number, int depth);

static void take_free_pages(struct pages *pages, struct slice list)
{
    uint64_t count = 0, page;
    if (list.len >= sizeof count)
        memcpy(&count, list.ptr, sizeof count);
    if (!list.len || list.len % sizeof page || count != list.len / sizeof page - 1) {
        problems_tell(&pages->problems, "a record of the list of free pages is damaged");
        pages->free_unknown = true;
        return;
    }
    for (size_t at = sizeof count; at < list.len; at += sizeof page) {
        memcpy(&page, list.ptr + at, sizeof page);
        if (page < FIRST_PAGE || page >= pages->count || pages->states[page] != STATE_UNSEEN) {
            problems_tell(&pages->problems, "page %" PRIu64 " is on the list of free pages wrongly",
                          page);
            pages->free_unknown = true;
        } else {
            pages->states[page] = STATE_FREE;
        }
    }
}

static int walk_duplicates(struct pages *pages, const struct node *node, int depth)
{
    struct page_tree tree = {.root = PAGE_TREE_EMPTY};
    bool subtree = node->flags & NODE_SUBTREE; // else they lie on the page itself
    if (subtree ? !page_tree_read(node->data, &tree) : !page_sub_is_sound(node->data)) {
        problems_tell(&pages->problems, "a list of table %s is damaged", tree_name(pages));
        return 0;
    }
    return tree.root == PAGE_TREE_EMPTY ? 0 : walk_tree(pages, tree.root, depth + 1);
}

// LMDB believes a node that says its key has several values, or one on pages of its own.
static bool flags_are_possible(const struct pages *pages, unsigned flags)
{
    bool several = pages->db == DB_NAMES || pages->db == DB_POSTINGS;
    return several ? !(flags & NODE_BIG) && (flags & NODE_DUPLICATES || !(flags & NODE_SUBTREE))
                   : !(flags & (NODE_DUPLICATES | NODE_SUBTREE));
}

static int take_leaf_node(struct pages *pages, const struct node *node, int depth)
{
    struct slice value = node->data;
    bool whole = true;
    if (!flags_are_possible(pages, node->flags)) {
        problems_tell(&pages->problems, "a record of table %s is damaged", tree_name(pages));
        return 0;
    }
    if (node->flags & NODE_DUPLICATES)
        return walk_duplicates(pages, node, depth);
    if (node->flags & NODE_BIG)
        whole = find_big(pages, node, &value);
    if (pages->db == FREE_TREE && whole)
        take_free_pages(pages, value);
    else if (!whole && !pages->record_cb)
        problems_tell(&pages->problems, "pages of a long record of table %s are damaged",
                      tree_name(pages));
    return pages->db == FREE_TREE ? 0 : take_known(pages, node->key, value, whole);
}

static int walk_nodes(struct pages *pages, const struct page *page, int depth)
{
    bool branch = page->flags == PAGE_BRANCH;
    int status = 0;
    for (unsigned i = 0; i < page_nodes(page) && status == 0; i++) {
        struct node node;
        if (!page_node(page, i, branch, &node))
            problems_tell(&pages->problems,
                          "page %" PRIu64 " of table %s has a node outside itself", page->number,
                          tree_name(pages));
        else if (branch)
            status = walk_tree(pages, node.child, depth + 1);
        else
            status = take_leaf_node(pages, &node, depth);
    }
    return status;
}

static int walk_tree(struct pages *pages, uint64_t number, int depth)
{
    if (number < FIRST_PAGE || number >= pages->count || depth > DEPTH_MOST ||
        pages->states[number] != STATE_UNSEEN) {
        problems_tell(&pages->problems,
                      "table %s leads to page %" PRIu64 ", which cannot be its own",
                      tree_name(pages), number);
        pages->free_unknown |= pages->db == FREE_TREE;
        return 0;
    }
    struct page page = page_read(page_at(pages, number));
    pages->states[number] = STATE_REACHED;
    if (!page_is_sound(&page, number)) {
        problems_tell(&pages->problems, "page %" PRIu64 " of table %s is damaged", number,
                      tree_name(pages));
        pages->free_unknown |= pages->db == FREE_TREE;
        return salvage_page(pages, &page);
    }
    if (page.flags & PAGE_LEAF2)
        return 0; // numbers side by side
    return walk_nodes(pages, &page, depth);
}

static int walk_root(struct pages *pages, int db, const struct page_tree *tree)
{
    pages->db = db;
    return tree->root == PAGE_TREE_EMPTY ? 0 : walk_tree(pages, tree->root, 0);
}

static int walk_all(struct pages *pages)
{
    int status = walk_root(pages, FREE_TREE, &pages->root.free);
    if (pages->heads_damaged)
        problems_tell(&pages->problems,
                      "the heads of the file are damaged; the one that leads to more was taken");
    if (pages->root.main.root < pages->count)
        pages->states[pages->root.main.root] = STATE_REACHED;
    for (int db = 0; db < DB_COUNT && status == 0; db++) {
        if (pages->found[db])
            status = walk_root(pages, db, &pages->tables[db]);
        else
            problems_tell(&pages->problems, "table %s is not found",
                          env_table_name((enum store_db)db));
    }
    return status;
}

// Pages that nothing leads to and that are not free belong to a tree that is broken above them.
static int salvage_strays(struct pages *pages)
{
    uint64_t strays = 0;
    int status = 0;
    for (uint64_t number = FIRST_PAGE; number < pages->count && status == 0; number++) {
        struct page page = page_read(page_at(pages, number));
        if (pages->states[number] != STATE_UNSEEN || !(page.flags & PAGE_LEAF))
            continue;
        strays++;
        if (!pages->free_unknown)
            status = salvage_page(pages, &page);
    }
    if (strays && pages->free_unknown)
        problems_tell(&pages->problems,
                      "%" PRIu64
                      " pages are left alone: which pages are free is damaged, so that they "
                      "cannot be told from the past",
                      strays);
    return status;
}

static void begin(struct pages *pages, pages_record_cb *record_cb, store_problem_cb *problem_cb,
                  void *arg)
{
    pages->record_cb = record_cb;
    pages->problems = (struct problems){.cb = problem_cb, .arg = arg};
    pages->free_unknown = false;
    memset(pages->states, STATE_UNSEEN, pages->count);
}

int pages_walk(struct pages *pages, pages_record_cb *record_cb, store_problem_cb *problem_cb,
               void *arg)
{
    begin(pages, record_cb, problem_cb, arg);
    int status = walk_all(pages);
    return status == 0 ? salvage_strays(pages) : status;
}

uint64_t pages_check(struct pages *pages, store_problem_cb *problem_cb, void *arg)
{
    begin(pages, NULL, problem_cb, arg);
    walk_all(pages);
    return pages->problems.count;
}

void pages_count(const struct pages *pages, uint64_t *articles, uint64_t *events)
{
    const struct page_tree *tables = pages->tables;
    bool found = pages->found[DB_ARTICLES] && pages->found[DB_EVENTS] && pages->found[DB_PENDING] &&
                 pages->found[DB_EVENT_OF];
    uint64_t finished = tables[DB_EVENT_OF].entries;
    bool articles_agree =
        found && tables[DB_ARTICLES].entries == tables[DB_PENDING].entries + finished;
    *articles = articles_agree ? tables[DB_ARTICLES].entries : 0;
    *events = articles_agree && tables[DB_EVENTS].entries == finished ? finished : 0;
}
