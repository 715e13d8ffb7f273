#include "proto/forms/feed_field.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/utf8.h"
#include "proto/forms/html.h"

// --- dialects

enum space { SPACE_OTHER, SPACE_CORE, SPACE_ATOM, SPACE_DC, SPACE_CONTENT, SPACE_XHTML };

struct known_space {
    const char *uri;
    enum space space;
};

static const struct known_space SPACES[] = {
    {"http://purl.org/rss/1.0/", SPACE_CORE},
    {"http://my.netscape.com/rdf/simple/0.9/", SPACE_CORE},
    {"http://channel.netscape.com/rdf/simple/0.9/", SPACE_CORE},
    {"http://purl.org/net/rss1.1#", SPACE_CORE},
    {"http://www.w3.org/2005/Atom", SPACE_ATOM},
    {"http://purl.org/atom/ns#", SPACE_ATOM},
    {"http://purl.org/dc/elements/1.1/", SPACE_DC},
    {"http://purl.org/dc/elements/1.0/", SPACE_DC},
    {"http://purl.org/dc/terms/", SPACE_DC},
    {"http://purl.org/rss/1.0/modules/content/", SPACE_CONTENT},
    {"http://www.w3.org/1999/xhtml", SPACE_XHTML},
};

static enum space space_of(const struct feed_dialect *dialect, const char *uri)
{
    if (strcmp(uri ? uri : "", dialect->space) == 0)
        return dialect->kind == FEED_DIALECT_ATOM ? SPACE_ATOM : SPACE_CORE;
    for (size_t i = 0; uri && i < sizeof SPACES / sizeof *SPACES; i++) {
        if (strcmp(uri, SPACES[i].uri) == 0)
            return SPACES[i].space;
    }
    return SPACE_OTHER;
}

enum feed_dialect_kind feed_dialect_find(struct feed_dialect *dialect,
                                         const struct xml_element *root)
{
    const char *name = root->name;
    *dialect = (struct feed_dialect){.kind = FEED_DIALECT_NONE};
    snprintf(dialect->space, sizeof dialect->space, "%s", root->space ? root->space : "");
    if (strcmp(name, "feed") == 0 || strcmp(name, "entry") == 0)
        dialect->kind = FEED_DIALECT_ATOM;
    else if (strcasecmp(name, "rss") == 0 || strcmp(name, "RDF") == 0 ||
             strcmp(name, "Channel") == 0)
        dialect->kind = FEED_DIALECT_RSS;
    dialect->rdf = strcmp(name, "RDF") == 0;
    return dialect->kind;
}

bool feed_is_item(const struct feed_dialect *dialect, const struct xml_element *element)
{
    enum space space = space_of(dialect, element->space);
    if (dialect->kind == FEED_DIALECT_ATOM)
        return space == SPACE_ATOM && strcmp(element->name, "entry") == 0;
    return (space == SPACE_CORE || dialect->rdf) && strcmp(element->name, "item") == 0;
}

bool feed_is_channel(const struct feed_dialect *dialect, const struct xml_element *element)
{
    return dialect->kind == FEED_DIALECT_RSS && strcmp(element->name, "channel") == 0;
}

// --- attributes

static struct slice attribute(const struct xml_element *element, const char *name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        const char *const *at = element->attributes + 5 * i;
        if (strcmp(at[0], name) == 0)
            return slice_from(at[3], (size_t)(at[4] - at[3]));
    }
    return slice_from(NULL, 0);
}

// Without entity replacement libxml2 hands out "&amp;" in attributes as "&#38;".
static void put_attribute(struct buf *out, struct slice value)
{
    static const char quirk[] = "&#38;";
    for (const char *found; value.len && (found = memmem(value.ptr, value.len, quirk, 5));) {
        size_t before = (size_t)(found - value.ptr) + 1;
        buf_put(out, value.ptr, before);
        value = slice_from(value.ptr + before + 4, value.len - before - 4);
    }
    buf_put_slice(out, value);
}

struct slice feed_copy_attribute(struct arena *arena, const struct xml_element *element,
                                 const char *name)
{
    struct buf text;
    buf_init(&text, HTML_MAX);
    put_attribute(&text, attribute(element, name));
    struct slice copy = text.len ? arena_copy(arena, buf_slice(&text)) : slice_from(NULL, 0);
    buf_fini(&text);
    return copy;
}

static bool contains(struct slice text, const char *part)
{
    return text.len && memmem(text.ptr, text.len, part, strlen(part));
}

// --- what an element means

struct meaning {
    enum space space;
    const char *name;
    enum feed_slot slot;
    int rank; // where two elements say the same the lower wins
};

static const struct meaning MEANINGS[] = {
    {SPACE_CORE, "guid", FEED_ID, 0},
    {SPACE_CORE, "link", FEED_LINK, 0},
    {SPACE_CORE, "title", FEED_TITLE, 0},
    {SPACE_CORE, "description", FEED_SUMMARY, 0},
    {SPACE_CORE, "pubDate", FEED_PUBLISHED, 0},
    {SPACE_CORE, "language", FEED_LANGUAGE, 1},
    {SPACE_CORE, "source", FEED_SOURCE, 0},
    {SPACE_CORE, "author", FEED_AUTHOR, 1},
    {SPACE_CORE, "category", FEED_CATEGORY, 0},
    {SPACE_ATOM, "id", FEED_ID, 1},
    {SPACE_ATOM, "link", FEED_LINK, 1},
    {SPACE_ATOM, "title", FEED_TITLE, 1},
    {SPACE_ATOM, "summary", FEED_SUMMARY, 1},
    {SPACE_ATOM, "content", FEED_CONTENT, 1},
    {SPACE_ATOM, "published", FEED_PUBLISHED, 1},
    {SPACE_ATOM, "issued", FEED_PUBLISHED, 2},
    {SPACE_ATOM, "created", FEED_PUBLISHED, 3},
    {SPACE_ATOM, "updated", FEED_UPDATED, 1},
    {SPACE_ATOM, "modified", FEED_UPDATED, 2},
    {SPACE_ATOM, "source", FEED_SOURCE, 1},
    {SPACE_ATOM, "author", FEED_AUTHOR, 1},
    {SPACE_ATOM, "category", FEED_CATEGORY, 0},
    {SPACE_DC, "title", FEED_TITLE, 2},
    {SPACE_DC, "description", FEED_SUMMARY, 2},
    {SPACE_DC, "date", FEED_PUBLISHED, 4},
    {SPACE_DC, "issued", FEED_PUBLISHED, 4},
    {SPACE_DC, "created", FEED_PUBLISHED, 5},
    {SPACE_DC, "modified", FEED_UPDATED, 3},
    {SPACE_DC, "creator", FEED_AUTHOR, 0},
    {SPACE_DC, "language", FEED_LANGUAGE, 0},
    {SPACE_DC, "subject", FEED_CATEGORY, 0},
    {SPACE_CONTENT, "encoded", FEED_CONTENT, 0},
    {SPACE_XHTML, "body", FEED_CONTENT, 2},
    {SPACE_XHTML, "div", FEED_CONTENT, 3},
};

static void find_meaning(struct feed_field *field, enum space space, const char *name)
{
    field->slot = FEED_OTHER;
    field->rank = 0;
    for (size_t i = 0; i < sizeof MEANINGS / sizeof *MEANINGS; i++) {
        if (MEANINGS[i].space == space && strcmp(MEANINGS[i].name, name) == 0) {
            field->slot = MEANINGS[i].slot;
            field->rank = MEANINGS[i].rank;
            return;
        }
    }
}

// Atom's type (and mode, in 0.3). Content that is no text is not looked at.
static void find_markup(struct feed_field *field, const struct xml_element *element,
                        enum space space)
{
    struct slice type = attribute(element, "type"), mode = attribute(element, "mode");
    field->markup = FEED_SNIFF;
    if (space == SPACE_CONTENT)
        field->markup = FEED_HTML;
    if (space != SPACE_ATOM)
        return;
    bool markup = contains(type, "xhtml") || contains(type, "xml"); // it has elements
    bool html = contains(type, "html") && !markup;
    bool text = !type.len || slice_is(type, "text") || contains(type, "text/");
    if (slice_is(mode, "base64") || (!html && !text && !markup))
        field->slot = FEED_NONE;
    else
        field->markup = html ? FEED_HTML : FEED_PLAIN;
}

// --- collecting

enum { FIELD_MAX = HTML_MAX, OTHER_MAX = 16 * 1024 };

void feed_field_init(struct feed_field *field)
{
    *field = (struct feed_field){.slot = FEED_NONE};
    buf_init(&field->text, FIELD_MAX);
    html_text_init(&field->html, FIELD_MAX);
}

void feed_field_fini(struct feed_field *field)
{
    buf_fini(&field->text);
    html_text_fini(&field->html);
    json_decref(field->object);
    field->object = NULL;
}

static bool has_markup(const struct feed_field *field)
{
    return field->slot == FEED_TITLE || field->slot == FEED_SUMMARY || field->slot == FEED_CONTENT;
}

// Their text is that of one child: <author><name>, <source><title>.
static bool has_children(const struct feed_field *field)
{
    return field->slot == FEED_AUTHOR || field->slot == FEED_SOURCE;
}

static json_t *attributes_object(const struct xml_element *element)
{
    json_t *object = element->attribute_count ? json_object() : NULL;
    struct buf value;
    buf_init(&value, OTHER_MAX);
    for (size_t i = 0; object && i < element->attribute_count; i++) {
        const char *const *at = element->attributes + 5 * i;
        buf_reset(&value);
        put_attribute(&value, slice_from(at[3], (size_t)(at[4] - at[3])));
        if (value.len && !value.failed)
            json_object_set_new(object, at[0], json_stringn(value.ptr, value.len));
    }
    buf_fini(&value);
    return object;
}

static bool is_alternate(const struct xml_element *element)
{
    struct slice rel = attribute(element, "rel");
    return !rel.len || slice_is(rel, "alternate");
}

// What stands in attributes: Atom's link and category.
static void take_attributes(struct feed_field *field, const struct xml_element *element,
                            enum space space)
{
    if (space == SPACE_ATOM && field->slot == FEED_LINK) {
        put_attribute(&field->text, attribute(element, "href"));
        if (is_alternate(element))
            return;
        field->slot = FEED_OTHER;
        snprintf(field->name, sizeof field->name, "links");
        buf_reset(&field->text);
    }
    if (space == SPACE_ATOM && field->slot == FEED_CATEGORY)
        put_attribute(&field->text, attribute(element, "term"));
    if (field->slot == FEED_OTHER)
        field->object = attributes_object(element);
}

void feed_field_begin(struct feed_field *field, const struct feed_dialect *dialect,
                      const struct xml_element *element)
{
    enum space space = space_of(dialect, element->space);
    buf_reset(&field->text);
    html_text_reset(&field->html);
    json_decref(field->object);
    field->object = NULL;
    field->nested = field->capture = false;
    bool core = space == SPACE_CORE || space == SPACE_ATOM || !element->prefix;
    snprintf(field->name, sizeof field->name, "%s%s%s", core ? "" : element->prefix,
             core ? "" : ":", element->name);
    find_meaning(field, space, element->name);
    if (has_markup(field))
        find_markup(field, element, space);
    struct slice language = attribute(element, "lang");
    snprintf(field->language, sizeof field->language, "%.*s",
             has_markup(field) && language.len <= WIRE_LANGUAGE_MAX ? (int)language.len : 0,
             language.len ? language.ptr : "");
    take_attributes(field, element, space);
}

void feed_field_open(struct feed_field *field, const struct xml_element *element, unsigned depth)
{
    if (has_markup(field)) {
        if (!field->nested)
            html_text_put(&field->html, buf_slice(&field->text));
        html_text_open(&field->html, element->name, NULL);
    } else if (has_children(field)) {
        if (!field->nested)
            buf_reset(&field->text);
        field->capture = depth == 1 && field->text.len == 0 &&
                         strcmp(element->name, field->slot == FEED_AUTHOR ? "name" : "title") == 0;
    } else if (field->slot == FEED_OTHER) {
        // Structures of other vocabularies are more than we can keep as text.
        field->slot = FEED_NONE;
    }
    field->nested = true;
}

void feed_field_close(struct feed_field *field, const char *name, unsigned depth)
{
    if (has_markup(field))
        html_text_close(&field->html, name);
    else if (depth == 1)
        field->capture = false;
}

void feed_field_put(struct feed_field *field, struct slice characters, unsigned depth)
{
    if (field->slot == FEED_NONE)
        return;
    if (has_markup(field) && field->nested)
        html_text_put(&field->html, characters);
    else if (depth == 0 ? !field->nested : field->capture && depth == 1)
        buf_put_slice(&field->text, characters);
}

struct slice feed_field_text(const struct feed_field *field)
{
    bool markup = has_markup(field) && field->nested;
    struct slice text = buf_slice(markup ? &field->html.out : &field->text);
    while (text.len && (unsigned char)text.ptr[0] <= ' ')
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

// Text alone as a string, attributes alone as an object, both as an object with a "value".
static json_t *other_value(struct feed_field *field, struct slice text)
{
    json_t *object = field->object;
    field->object = NULL;
    if (!text.len || text.len > OTHER_MAX)
        return object;
    json_t *string = json_stringn(text.ptr, text.len);
    if (!object)
        return string;
    json_object_set_new(object, "value", string);
    return object;
}

void feed_field_end(struct feed_field *field, struct feed_item *item)
{
    html_text_end(&field->html);
    struct slice text = feed_field_text(field);
    if (field->text.failed || field->html.out.failed)
        feed_item_refuse(item, WIRE_TOO_LARGE, "a field of the item is larger than 16 MiB");
    if (field->slot == FEED_OTHER) {
        feed_item_add(item, field->name, other_value(field, text));
    } else if (field->slot == FEED_CATEGORY) {
        feed_item_add(item, "category", text.len ? json_stringn(text.ptr, text.len) : NULL);
    } else if (field->slot != FEED_NONE) {
        bool read = has_markup(field) && field->nested;
        struct feed_value value = {
            .text = text, .markup = read ? FEED_READ : field->markup, .rank = field->rank};
        feed_item_set(item, field->slot, &value);
        struct feed_value language = {.text = slice_from_text(field->language), .rank = 4};
        feed_item_set(item, FEED_LANGUAGE, &language);
    }
}
