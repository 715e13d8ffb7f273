// Reads a store's file page by page, without LMDB, which trusts its pages and dies of damaged ones.
// What can be read is handed out however much of the file is damaged: every record carries a
// checksum over its table, its key and its bytes, so that none is mistaken.
//
// What belongs to the newest commit: pages that its trees lead to; and, where a tree is broken,
// those pages that are neither reached nor free. Free pages hold the past (and what was never
// committed): they are never read.
#pragma once

#include "daemon/store/internal.h"

struct pages;

// Maps the file and chooses the head of the newest commit. 0; -EBADMSG with err when neither head
// leads to a store of ours.
int pages_open(struct pages **out, const char *path, struct err *err);
void pages_close(struct pages *pages); // accepts NULL

// One record whose checksum holds, borrowed; `value` as it lies there. `strayed`: it was not found
// by its tree, so one that was wins over it. 0, or an error that ends the walk.
typedef int pages_record_cb(enum store_db db, struct slice key, struct slice value, bool strayed,
                            void *arg);

// Every record of the tables that are not derived from others, and every damage found, as a line of
// text. 0 also when there was damage.
int pages_walk(struct pages *pages, pages_record_cb *record_cb, store_problem_cb *problem_cb,
               void *arg);

// Looks at every page of every table, records left alone. How many are damaged; none when LMDB can
// be trusted with the file.
uint64_t pages_check(struct pages *pages, store_problem_cb *problem_cb, void *arg);

// How many articles and events there were, as the tables' own counts have it; 0 where these, which
// carry no checksum, do not bear each other out: an article is pending or has the number of its
// event, and most often each event is the only one of its article.
void pages_count(const struct pages *pages, uint64_t *articles, uint64_t *events);
