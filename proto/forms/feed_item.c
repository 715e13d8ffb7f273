#include "proto/forms/feed_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/hash.h"
#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/forms/feed_date.h"
#include "proto/forms/html.h"
#include "proto/forms/html_text.h"

enum {
    ITEM_ARENA_MAX = 3 * HTML_MAX,
    SUMMARY_KEPT_MAX = 8192, // a longer summary beside the content is the content again
};

struct feed_item *feed_item_create(uint64_t number, uint64_t line)
{
    struct feed_item *item = calloc(1, sizeof *item);
    json_t *extra = json_object();
    if (!item || !extra) {
        free(item);
        json_decref(extra);
        return NULL;
    }
    list_init(&item->link);
    arena_init(&item->arena, ITEM_ARENA_MAX);
    item->extra = extra;
    item->entry = (struct feed_entry){.code = WIRE_OK, .item = number, .line = line};
    return item;
}

void feed_item_destroy(struct feed_item *item)
{
    if (!item)
        return;
    json_decref(item->extra);
    arena_fini(&item->arena);
    free(item);
}

void feed_item_refuse(struct feed_item *item, enum wire_code code, const char *reason)
{
    if (item->entry.code != WIRE_OK)
        return;
    item->entry.code = code;
    err_set(&item->entry.err, "%s", reason);
}

// --- collecting

static struct slice trim(struct slice text)
{
    while (text.len && (unsigned char)text.ptr[0] <= ' ')
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

void feed_item_set(struct feed_item *item, enum feed_slot slot, const struct feed_value *value)
{
    struct slice text = trim(value->text);
    struct feed_value *old = &item->values[slot];
    if (!text.len || (old->text.len && old->rank <= value->rank))
        return;
    *old = *value;
    old->text = arena_copy(&item->arena, text);
}

// Names of the article's own fields never stand in extra.
static const char *free_name(const char *name, char *renamed, size_t size)
{
    static const char *const own[] = {"uri", "title", "source", "language", "published", "body"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(name, own[i]) == 0) {
            snprintf(renamed, size, "feed_%s", name);
            return renamed;
        }
    }
    return name;
}

void feed_item_add(struct feed_item *item, const char *name, json_t *value)
{
    char renamed[32];
    name = free_name(name, renamed, sizeof renamed);
    json_t *old = json_object_get(item->extra, name);
    if (!value) {
        return;
    } else if (json_is_array(old)) {
        json_array_append_new(old, value);
    } else if (old) {
        json_t *both = json_pack("[O,o]", old, value);
        json_object_set_new(item->extra, name, both);
    } else {
        json_object_set_new(item->extra, name, value);
    }
}

// --- making the article

static struct slice value_text(struct feed_item *item, enum feed_slot slot)
{
    const struct feed_value *value = &item->values[slot];
    bool html =
        value->markup == FEED_HTML || (value->markup == FEED_SNIFF && html_is_like(value->text));
    if (!html)
        return value->text;
    struct slice text;
    struct err reason = {.text = ""};
    if (forms_html_to_text(value->text, &item->arena, &text, &reason) != 0)
        feed_item_refuse(item, WIRE_BAD_ARTICLE, reason.text);
    return text;
}

// One line, its white space folded; at most `limit` bytes, cut at a code point.
static struct slice one_line(struct feed_item *item, struct slice text, size_t limit)
{
    struct html_text line;
    html_text_init(&line, text.len + 64);
    html_text_put(&line, text);
    struct slice folded = buf_slice(&line.out);
    while (folded.len > limit ||
           (folded.len < line.out.len && (folded.ptr[folded.len] & 0xc0) == 0x80))
        folded.len--;
    folded = folded.len ? arena_copy(&item->arena, folded) : slice_from(NULL, 0);
    html_text_fini(&line);
    return folded;
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0;
}

// For an item that has neither an id nor a link: its feed, title and date identify it, without a
// title its text.
static struct slice made_up_uri(struct feed_item *item, const struct feed_head *head)
{
    const struct feed_value *values = item->values;
    const struct slice parts[] = {head->link, values[FEED_TITLE].text, values[FEED_PUBLISHED].text,
                                  values[FEED_TITLE].text.len ? slice_from(NULL, 0)
                                                              : item->entry.article.body};
    struct buf key;
    buf_init(&key, ITEM_ARENA_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_put_slice(&key, parts[i]);
        buf_put_byte(&key, '\n');
    }
    char uri[48] = "urn:telex:", *hex = uri + strlen(uri);
    hash128_format(hash128_of(buf_slice(&key)), hex);
    buf_fini(&key);
    return arena_copy(&item->arena, slice_from_text(uri));
}

// The guid or id. A bare number says nothing outside its feed: then the link, as when there is
// none.
static struct slice find_uri(struct feed_item *item, const struct feed_head *head)
{
    const struct feed_value *values = item->values;
    if (values[FEED_ID].text.len && !is_number(values[FEED_ID].text))
        return values[FEED_ID].text;
    if (item->about.len)
        return item->about;
    if (values[FEED_LINK].text.len)
        return values[FEED_LINK].text;
    return made_up_uri(item, head);
}

// A tag that cannot be one is no reason to refuse the text.
static struct slice clean_language(struct slice tag)
{
    if (tag.len > WIRE_LANGUAGE_MAX)
        return slice_from(NULL, 0);
    for (size_t i = 0; i < tag.len; i++) {
        unsigned char c = (unsigned char)tag.ptr[i];
        if (c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
            (c < 'a' || c > 'z'))
            return slice_from(NULL, 0);
    }
    return tag;
}

static json_t *json_text(struct slice text)
{
    return text.len ? json_stringn(text.ptr, text.len) : NULL;
}

static void add_extra(struct feed_item *item)
{
    const struct article *article = &item->entry.article;
    const struct feed_value *values = item->values;
    if (!slice_equal(values[FEED_ID].text, article->uri))
        feed_item_add(item, "guid", json_text(values[FEED_ID].text));
    if (!slice_equal(values[FEED_LINK].text, article->uri))
        feed_item_add(item, "link", json_text(values[FEED_LINK].text));
    feed_item_add(item, "author", json_text(one_line(item, values[FEED_AUTHOR].text, 1024)));
    struct slice updated = feed_date_read(values[FEED_UPDATED].text, &item->arena);
    if (!slice_equal(updated, article->published))
        feed_item_add(item, "updated", json_text(updated));
    if (values[FEED_CONTENT].text.len && values[FEED_SUMMARY].text.len <= SUMMARY_KEPT_MAX) {
        struct slice summary = value_text(item, FEED_SUMMARY);
        if (!slice_equal(summary, article->body))
            feed_item_add(item, "summary", json_text(summary));
    }
}

static struct slice write_extra(struct feed_item *item)
{
    add_extra(item);
    if (json_object_size(item->extra) == 0)
        return slice_from(NULL, 0);
    struct buf text;
    buf_init(&text, ITEM_ARENA_MAX);
    json_put_value(&text, item->extra);
    struct slice extra = arena_copy(&item->arena, buf_slice(&text));
    buf_fini(&text);
    return extra;
}

static void fill(struct feed_item *item, const struct feed_head *head)
{
    struct article *article = &item->entry.article;
    const struct feed_value *values = item->values;
    article->title = one_line(item, value_text(item, FEED_TITLE), WIRE_TITLE_MAX);
    article->body = value_text(item, FEED_CONTENT);
    if (!article->body.len)
        article->body = value_text(item, FEED_SUMMARY);
    article->uri = find_uri(item, head);
    struct slice source = values[FEED_SOURCE].text.len ? values[FEED_SOURCE].text : head->title;
    article->source = one_line(item, source, WIRE_SOURCE_MAX);
    struct slice language = clean_language(values[FEED_LANGUAGE].text);
    if (!language.len)
        language = clean_language(head->language);
    article->language = language.len ? arena_copy(&item->arena, language) : language;
    struct slice date =
        values[values[FEED_PUBLISHED].text.len ? FEED_PUBLISHED : FEED_UPDATED].text;
    article->published = feed_date_read(date, &item->arena);
    article->extra = write_extra(item);
}

void feed_item_finish(struct feed_item *item, const struct feed_head *head, size_t body_max)
{
    struct feed_entry *entry = &item->entry;
    if (entry->code == WIRE_OK)
        fill(item, head);
    if (item->arena.overflowed)
        feed_item_refuse(item, WIRE_TOO_LARGE, "the item is too large");
    if (entry->code == WIRE_OK)
        entry->code = article_check(&entry->article, body_max, &entry->err);
}
