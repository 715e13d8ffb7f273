// One field of a feed or of an item: what its element means in the dialect at hand, and its text.
#pragma once

#include "proto/base/buf.h"
#include "proto/forms/feed_item.h"
#include "proto/forms/html_text.h"

// A start tag as libxml2 reports it. `attributes` has five pointers each: name, prefix, namespace,
// value, end of value.
struct xml_element {
    const char *name;
    const char *prefix; // NULL: none
    const char *space;  // namespace; NULL: none
    size_t attribute_count;
    const char *const *attributes;
};

enum feed_dialect_kind { FEED_DIALECT_NONE, FEED_DIALECT_RSS, FEED_DIALECT_ATOM };

// RSS of any version and RDF, or Atom; with the namespace of its root, which is that of its own
// elements.
struct feed_dialect {
    enum feed_dialect_kind kind;
    bool rdf;
    char space[128];
};

// By the root element. FEED_DIALECT_NONE: it is no feed.
enum feed_dialect_kind feed_dialect_find(struct feed_dialect *dialect,
                                         const struct xml_element *root);

bool feed_is_item(const struct feed_dialect *dialect, const struct xml_element *element);
bool feed_is_channel(const struct feed_dialect *dialect, const struct xml_element *element);

// A copy of the attribute (any prefix), empty when it is missing.
struct slice feed_copy_attribute(struct arena *arena, const struct xml_element *element,
                                 const char *name);

struct feed_field {
    enum feed_slot slot;
    enum feed_markup markup;
    int rank;
    char name[64]; // for extra
    struct buf text;
    struct html_text html; // in use once an element was found inside
    bool nested;
    bool capture;                         // inside the child whose text counts
    json_t *object;                       // the attributes, for extra; owned
    char language[WIRE_LANGUAGE_MAX + 1]; // xml:lang of the field itself
};

void feed_field_init(struct feed_field *field);
void feed_field_fini(struct feed_field *field);

void feed_field_begin(struct feed_field *field, const struct feed_dialect *dialect,
                      const struct xml_element *element);

// Elements and characters inside, `depth` levels below the field (characters of its own: 0).
void feed_field_open(struct feed_field *field, const struct xml_element *element, unsigned depth);
void feed_field_close(struct feed_field *field, const char *name, unsigned depth);
void feed_field_put(struct feed_field *field, struct slice characters, unsigned depth);

// What was collected, without white space around it. Valid until the next begin.
struct slice feed_field_text(const struct feed_field *field);

// Hands everything to the item.
void feed_field_end(struct feed_field *field, struct feed_item *item);
