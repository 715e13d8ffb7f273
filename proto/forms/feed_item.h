// One item of a feed: the fields as they were found, and the article they make.
#pragma once

#include <jansson.h>

#include "proto/base/arena.h"
#include "proto/base/list.h"
#include "proto/forms/feed.h"

// What a field of a feed means to us.
enum feed_slot {
    FEED_NONE, // nothing
    FEED_ID,
    FEED_LINK,
    FEED_TITLE,
    FEED_SUMMARY,
    FEED_CONTENT,
    FEED_PUBLISHED,
    FEED_UPDATED,
    FEED_LANGUAGE,
    FEED_SOURCE,
    FEED_AUTHOR,
    FEED_CATEGORY,
    FEED_OTHER, // kept in extra under its name
    FEED_SLOTS,
};

enum feed_markup {
    FEED_SNIFF, // the format does not say: HTML when it looks like it
    FEED_PLAIN,
    FEED_HTML,
    FEED_READ, // was markup, is text now
};

struct feed_value {
    struct slice text;
    enum feed_markup markup;
    int rank; // of the field it came from; lower wins
};

// What all items of a feed share.
struct feed_head {
    struct slice title;
    struct slice link;
    struct slice language;
};

struct feed_item {
    struct list link;
    struct arena arena;
    struct feed_value values[FEED_SLOTS];
    struct slice about; // rdf:about
    json_t *extra;
    struct feed_entry entry;
};

// NULL when memory ran out.
struct feed_item *feed_item_create(uint64_t item, uint64_t line);

// Accepts NULL.
void feed_item_destroy(struct feed_item *item);

// Keeps a copy of `value` unless a field of lower rank filled the slot before.
void feed_item_set(struct feed_item *item, enum feed_slot slot, const struct feed_value *value);

// Adds to extra; a name that comes again makes an array. `value` is consumed, NULL is ignored.
void feed_item_add(struct feed_item *item, const char *name, json_t *value);

// Refuses the item, unless it was refused before.
void feed_item_refuse(struct feed_item *item, enum wire_code code, const char *reason);

// Makes entry.article of the values, or entry.code and entry.err.
void feed_item_finish(struct feed_item *item, const struct feed_head *head, size_t body_max);
