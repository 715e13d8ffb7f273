// 1. libxml2 reports elements and characters as the bytes come in.
// 2. Children of the channel give what all items share; children of an item become its fields.
// 3. At an item's end tag its fields become an article (feed_item.c), which waits to be popped.
#include "proto/forms/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#include "proto/base/utf8.h"
#include "proto/forms/feed_field.h"
#include "proto/forms/feed_item.h"
#include "proto/forms/html.h"
#include "proto/forms/tag_guard.h"

enum { FEED_MAX_DEPTH = 256, ENTITY_NAME_MAX = 32 };

struct feed {
    xmlParserCtxtPtr parser;
    size_t body_max;
    uint64_t first_line;
    unsigned depth;       // open elements
    unsigned head_depth;  // of the channel or the Atom feed; 0: not inside
    unsigned item_depth;  // 0: not inside an item
    unsigned field_depth; // 0: not inside a field
    struct feed_dialect dialect;
    struct feed_field field;
    struct feed_item *item;     // being read
    struct feed_item *document; // carries the refusal of the whole document
    struct feed_item *popped;
    struct list ready;
    uint64_t items;
    struct feed_head head;
    struct arena head_arena;
    struct tag_guard guard;
    xmlEntity entity; // handed to the parser by entity_cb
    char entity_text[ENTITY_NAME_MAX + 3];
    bool ending; // the last bytes are in
    bool over;
};

static uint64_t current_line(const struct feed *feed)
{
    const xmlParserInput *input = feed->parser->input;
    return feed->first_line + (input && input->line > 0 ? (uint64_t)input->line - 1 : 0);
}

// --- refusing the document

// Reported once, with the item that was open. Nothing of the document is looked at any more.
static void refuse_document(struct feed *feed, uint64_t line, enum wire_code code,
                            const char *reason)
{
    if (feed->over)
        return;
    feed->over = true;
    struct feed_item *report = feed->document;
    feed->document = NULL;
    report->entry.item = feed->item ? feed->items : 0;
    report->entry.line = line;
    feed_item_refuse(report, code, reason);
    list_append(&feed->ready, &report->link);
    feed_item_destroy(feed->item);
    feed->item = NULL;
}

// The same from an element's callback, where the parser may be stopped.
static void refuse_here(struct feed *feed, enum wire_code code, const char *reason)
{
    refuse_document(feed, current_line(feed), code, reason);
    xmlStopParser(feed->parser);
}

static void error_cb(void *data, xmlErrorPtr error)
{
    struct feed *feed = data;
    if (error->level != XML_ERR_FATAL || feed->over)
        return;
    char reason[256];
    const char *message = error->message ? error->message : "?";
    // What libxml2 says then ("Extra content") misleads.
    if (feed->ending && feed->depth > 0)
        message = "the document is cut off";
    snprintf(reason, sizeof reason, "not well-formed XML: %.*s", (int)strcspn(message, "\r\n"),
             message);
    uint64_t line = feed->first_line + (error->line > 0 ? (uint64_t)error->line - 1 : 0);
    enum wire_code code =
        error->code == XML_ERR_INVALID_CHAR || error->code == XML_ERR_INVALID_ENCODING
            ? WIRE_BAD_UTF8
            : WIRE_BAD_ARTICLE;
    refuse_document(feed, line, code, reason);
}

// Called at "<!DOCTYPE name", before anything in it is read.
static void doctype_cb(void *data, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    struct feed *feed = data;
    (void)public_id, (void)system_id;
    bool page = xmlStrcasecmp(name, (const xmlChar *)"html") == 0;
    refuse_here(feed, WIRE_BAD_ARTICLE,
                page ? "an HTML page, not a feed; push its feed"
                     : "a document type declaration (<!DOCTYPE ...>), which can name files "
                       "and make a little text huge; remove it");
}

// --- elements

static void begin_item(struct feed *feed, const struct xml_element *element)
{
    feed->field_depth = 0;
    feed->items++;
    feed->item = feed_item_create(feed->items, current_line(feed));
    if (!feed->item) {
        refuse_here(feed, WIRE_INTERNAL, "out of memory for an item");
        return;
    }
    feed->item_depth = feed->depth;
    feed->item->about = feed_copy_attribute(&feed->item->arena, element, "about");
    struct feed_value language = {.rank = 5};
    language.text = feed_copy_attribute(&feed->item->arena, element, "lang");
    feed_item_set(feed->item, FEED_LANGUAGE, &language);
}

static void begin_root(struct feed *feed, const struct xml_element *element)
{
    char reason[160];
    switch (feed_dialect_find(&feed->dialect, element)) {
    case FEED_DIALECT_ATOM:
        // An entry may be a document of its own (RFC 4287, 2).
        if (feed_is_item(&feed->dialect, element)) {
            begin_item(feed, element);
            return;
        }
        feed->head_depth = feed->depth;
        feed->head.language = feed_copy_attribute(&feed->head_arena, element, "lang");
        return;
    case FEED_DIALECT_RSS:
        feed->head.language = feed_copy_attribute(&feed->head_arena, element, "lang");
        return;
    default:
        snprintf(reason, sizeof reason,
                 "XML, but no feed: its root is <%.40s>; RSS, RDF and Atom are read",
                 element->name);
        refuse_here(feed, WIRE_BAD_ARTICLE, reason);
    }
}

static void begin_field(struct feed *feed, const struct xml_element *element)
{
    feed->field_depth = feed->depth;
    feed_field_begin(&feed->field, &feed->dialect, element);
}

static void begin_element(struct feed *feed, const struct xml_element *element)
{
    if (++feed->depth > FEED_MAX_DEPTH)
        refuse_here(feed, WIRE_BAD_ARTICLE, "nested more than 256 deep");
    else if (feed->depth == 1)
        begin_root(feed, element);
    else if (!feed->item && feed_is_item(&feed->dialect, element))
        begin_item(feed, element);
    else if (feed->field_depth)
        feed_field_open(&feed->field, element, feed->depth - feed->field_depth);
    else if (feed->item ? feed->depth == feed->item_depth + 1
                        : feed->head_depth && feed->depth == feed->head_depth + 1)
        begin_field(feed, element);
    else if (!feed->item && !feed->head_depth && feed_is_channel(&feed->dialect, element))
        feed->head_depth = feed->depth;
}

static void start_cb(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int default_count, const xmlChar **attributes)
{
    (void)namespace_count, (void)namespaces, (void)default_count;
    struct feed *feed = data;
    if (feed->over)
        return;
    const struct xml_element element = {.name = (const char *)name,
                                        .prefix = (const char *)prefix,
                                        .space = (const char *)uri,
                                        .attribute_count = (size_t)attribute_count,
                                        .attributes = (const char *const *)attributes};
    begin_element(feed, &element);
}

static void end_head_field(struct feed *feed)
{
    struct slice *where[FEED_SLOTS] = {[FEED_TITLE] = &feed->head.title,
                                       [FEED_LINK] = &feed->head.link,
                                       [FEED_LANGUAGE] = &feed->head.language};
    struct slice *place = where[feed->field.slot];
    struct slice text = feed_field_text(&feed->field);
    if (place && text.len && (!place->len || feed->field.slot == FEED_LANGUAGE))
        *place = arena_copy(&feed->head_arena, text);
}

static void end_item(struct feed *feed)
{
    feed_item_finish(feed->item, &feed->head, feed->body_max);
    list_append(&feed->ready, &feed->item->link);
    feed->item = NULL;
    feed->item_depth = 0;
}

static void end_cb(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct feed *feed = data;
    (void)prefix, (void)uri;
    if (feed->over)
        return;
    if (feed->field_depth == feed->depth) {
        if (feed->item)
            feed_field_end(&feed->field, feed->item);
        else
            end_head_field(feed);
        feed->field_depth = 0;
    } else if (feed->field_depth) {
        feed_field_close(&feed->field, (const char *)name, feed->depth - feed->field_depth);
    } else if (feed->item && feed->item_depth == feed->depth) {
        end_item(feed);
    } else if (feed->head_depth == feed->depth) {
        feed->head_depth = 0;
    }
    feed->depth--;
}

static void characters_cb(void *data, const xmlChar *bytes, int len)
{
    struct feed *feed = data;
    if (feed->field_depth && !feed->over)
        feed_field_put(&feed->field, slice_from(bytes, (size_t)len),
                       feed->depth - feed->field_depth);
}

// Feeds use HTML's entities (&nbsp;, &auml;) without declaring them: they mean what they mean
// there. A name that HTML does not know stays as it is written. In attributes libxml2 takes only
// the first byte of such an entity, so there the reference stays, too.
static xmlEntityPtr entity_cb(void *data, const xmlChar *name)
{
    struct feed *feed = data;
    size_t len = (size_t)xmlStrlen(name);
    if (len > ENTITY_NAME_MAX)
        return NULL;
    const htmlEntityDesc *known = htmlEntityLookup(name);
    if (known)
        feed->entity_text[utf8_put(feed->entity_text, known->value)] = '\0';
    else
        snprintf(feed->entity_text, sizeof feed->entity_text, "&%s;", (const char *)name);
    bool attribute = feed->parser->instate == XML_PARSER_ATTRIBUTE_VALUE;
    feed->entity = (xmlEntity){.type = XML_ENTITY_DECL, .name = name};
    feed->entity.etype = attribute ? XML_INTERNAL_GENERAL_ENTITY : XML_INTERNAL_PREDEFINED_ENTITY;
    feed->entity.content = attribute ? NULL : (xmlChar *)feed->entity_text;
    return &feed->entity;
}

// --- the feed

static xmlParserCtxtPtr create_parser(struct feed *feed)
{
    xmlSAXHandler sax = {.internalSubset = doctype_cb,
                         .getEntity = entity_cb,
                         .startElementNs = start_cb,
                         .endElementNs = end_cb,
                         .characters = characters_cb,
                         .ignorableWhitespace = characters_cb,
                         .cdataBlock = characters_cb,
                         .serror = error_cb,
                         .initialized = XML_SAX2_MAGIC};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, feed, NULL, 0, NULL);
    // Not NOENT, not DTDLOAD, not HUGE.
    if (parser)
        xmlCtxtUseOptions(parser, XML_PARSE_NONET);
    return parser;
}

struct feed *feed_create(size_t body_max, uint64_t line)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return NULL;
    feed->body_max = body_max;
    feed->first_line = line;
    list_init(&feed->ready);
    arena_init(&feed->head_arena, 4 * HTML_MAX);
    feed_field_init(&feed->field);
    feed->document = feed_item_create(0, 0);
    feed->parser = create_parser(feed);
    if (feed->document && feed->parser)
        return feed;
    feed_destroy(feed);
    return NULL;
}

void feed_destroy(struct feed *feed)
{
    if (!feed)
        return;
    list_for_each_safe (link, &feed->ready)
        feed_item_destroy(list_entry(link, struct feed_item, link));
    feed_item_destroy(feed->item);
    feed_item_destroy(feed->document);
    feed_item_destroy(feed->popped);
    feed_field_fini(&feed->field);
    arena_fini(&feed->head_arena);
    if (feed->parser)
        xmlFreeParserCtxt(feed->parser);
    free(feed);
}

static bool guard_tag(struct feed *feed)
{
    const xmlParserInput *input = feed->parser->input;
    return !input || !input->cur ||
           tag_guard_check(&feed->guard, input->consumed + (uint64_t)(input->cur - input->base),
                           slice_from(input->cur, (size_t)(input->end - input->cur)));
}

void feed_push(struct feed *feed, struct slice bytes, bool last)
{
    if (feed->over)
        return;
    feed->ending = last;
    if (xmlParseChunk(feed->parser, bytes.ptr, (int)bytes.len, last) != 0 &&
        !feed->parser->wellFormed)
        refuse_document(feed, current_line(feed), WIRE_BAD_ARTICLE, "not well-formed XML");
    if (!feed->over && !guard_tag(feed))
        refuse_document(feed, current_line(feed), WIRE_TOO_LARGE, "a tag has too many attributes");
    if (last)
        feed->over = true;
}

bool feed_is_over(const struct feed *feed)
{
    return feed->over;
}

bool feed_pop(struct feed *feed, struct feed_entry **entry)
{
    feed_item_destroy(feed->popped);
    feed->popped = NULL;
    struct list *link = list_pop(&feed->ready);
    if (!link)
        return false;
    feed->popped = list_entry(link, struct feed_item, link);
    *entry = &feed->popped->entry;
    return true;
}
