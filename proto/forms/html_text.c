#include "proto/forms/html_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "proto/base/utf8.h"
#include "proto/forms/html_blocks.h"

enum effect {
    EFFECT_NONE,
    EFFECT_BREAK,
    EFFECT_LINE,
    EFFECT_PARAGRAPH,
    EFFECT_TITLE,
    EFFECT_CELL,
    EFFECT_LINK,
    EFFECT_PRE,
    EFFECT_SKIP,
};

struct element {
    const char *name;
    enum effect effect;
};

// Sorted by name.
static const struct element ELEMENTS[] = {
    {"a", EFFECT_LINK},
    {"address", EFFECT_PARAGRAPH},
    {"article", EFFECT_PARAGRAPH},
    {"aside", EFFECT_PARAGRAPH},
    {"audio", EFFECT_SKIP},
    {"blockquote", EFFECT_PARAGRAPH},
    {"body", EFFECT_PARAGRAPH},
    {"br", EFFECT_BREAK},
    {"button", EFFECT_SKIP},
    {"canvas", EFFECT_SKIP},
    {"caption", EFFECT_PARAGRAPH},
    {"center", EFFECT_PARAGRAPH},
    {"dd", EFFECT_LINE},
    {"details", EFFECT_PARAGRAPH},
    {"dir", EFFECT_PARAGRAPH},
    {"div", EFFECT_PARAGRAPH},
    {"dl", EFFECT_PARAGRAPH},
    {"dt", EFFECT_LINE},
    {"embed", EFFECT_SKIP},
    {"fieldset", EFFECT_PARAGRAPH},
    {"figcaption", EFFECT_PARAGRAPH},
    {"figure", EFFECT_PARAGRAPH},
    {"footer", EFFECT_PARAGRAPH},
    {"form", EFFECT_PARAGRAPH},
    {"h1", EFFECT_TITLE},
    {"h2", EFFECT_PARAGRAPH},
    {"h3", EFFECT_PARAGRAPH},
    {"h4", EFFECT_PARAGRAPH},
    {"h5", EFFECT_PARAGRAPH},
    {"h6", EFFECT_PARAGRAPH},
    {"header", EFFECT_PARAGRAPH},
    {"hr", EFFECT_PARAGRAPH},
    {"iframe", EFFECT_SKIP},
    {"li", EFFECT_LINE},
    {"main", EFFECT_PARAGRAPH},
    {"math", EFFECT_SKIP},
    {"menu", EFFECT_PARAGRAPH},
    {"nav", EFFECT_PARAGRAPH},
    {"noscript", EFFECT_SKIP},
    {"object", EFFECT_SKIP},
    {"ol", EFFECT_PARAGRAPH},
    {"p", EFFECT_PARAGRAPH},
    {"pre", EFFECT_PRE},
    {"script", EFFECT_SKIP},
    {"section", EFFECT_PARAGRAPH},
    {"select", EFFECT_SKIP},
    {"style", EFFECT_SKIP},
    {"summary", EFFECT_PARAGRAPH},
    {"svg", EFFECT_SKIP},
    {"table", EFFECT_PARAGRAPH},
    {"td", EFFECT_CELL},
    {"template", EFFECT_SKIP},
    {"textarea", EFFECT_SKIP},
    {"th", EFFECT_CELL},
    {"title", EFFECT_SKIP},
    {"tr", EFFECT_LINE},
    {"ul", EFFECT_PARAGRAPH},
    {"video", EFFECT_SKIP},
};

static int compare_cb(const void *name, const void *element)
{
    return strcasecmp(name, ((const struct element *)element)->name);
}

static enum effect effect_of(const char *name)
{
    const struct element *found =
        bsearch(name, ELEMENTS, sizeof ELEMENTS / sizeof *ELEMENTS, sizeof *ELEMENTS, compare_cb);
    return found ? found->effect : EFFECT_NONE;
}

void html_text_init(struct html_text *text, size_t limit)
{
    *text = (struct html_text){.gap = HTML_GAP_NONE};
    buf_init(&text->out, limit);
    buf_init(&text->blocks, SIZE_MAX); // a block has a byte of text at least
}

void html_text_fini(struct html_text *text)
{
    buf_fini(&text->out);
    buf_fini(&text->blocks);
}

void html_text_reset(struct html_text *text)
{
    buf_reset(&text->out);
    buf_reset(&text->blocks);
    text->gap = HTML_GAP_NONE;
    text->skipped = text->pre = text->links = text->bound = text->depth = text->page = 0;
}

static void owe(struct html_text *text, enum html_gap gap)
{
    if (text->gap < gap)
        text->gap = gap;
}

// Two line breaks in a row are how many pages write a paragraph.
static void line_break(struct html_text *text)
{
    text->gap = text->gap >= HTML_GAP_LINE ? HTML_GAP_PARAGRAPH : HTML_GAP_LINE;
}

static void leave_gap(struct html_text *text, enum effect effect)
{
    if (effect == EFFECT_LINE || effect == EFFECT_CELL)
        owe(text, HTML_GAP_LINE);
    else if (effect == EFFECT_PARAGRAPH || effect == EFFECT_TITLE || effect == EFFECT_PRE)
        owe(text, HTML_GAP_PARAGRAPH);
}

// The counter of open elements that an effect has; NULL: none.
static unsigned *counter_of(struct html_text *text, enum effect effect)
{
    switch (effect) {
    case EFFECT_PRE:
        return &text->pre;
    case EFFECT_SKIP:
        return &text->skipped;
    case EFFECT_LINK:
        return &text->links;
    case EFFECT_TITLE:
    case EFFECT_CELL:
        return &text->bound;
    default:
        return NULL;
    }
}

void html_text_open(struct html_text *text, const char *name, const char *const *attributes)
{
    enum effect effect = effect_of(name);
    unsigned *counter = counter_of(text, effect);
    leave_gap(text, effect);
    if (effect == EFFECT_BREAK)
        line_break(text);
    if (counter)
        ++*counter;
    text->depth++;
    if (!text->page && html_element_is_page(name, attributes)) {
        text->page = text->depth;
        owe(text, HTML_GAP_LINE);
    }
}

void html_text_close(struct html_text *text, const char *name)
{
    enum effect effect = effect_of(name);
    unsigned *counter = counter_of(text, effect);
    leave_gap(text, effect);
    if (counter && *counter)
        --*counter;
    if (text->page && text->page == text->depth) {
        text->page = 0;
        owe(text, HTML_GAP_LINE);
    }
    text->depth -= text->depth != 0;
}

static struct html_block *last_block(struct html_text *text)
{
    return (struct html_block *)(void *)(text->blocks.ptr + text->blocks.len) - 1;
}

static void begin_block(struct html_text *text, size_t start)
{
    struct html_block block = {.start = (uint32_t)start,
                               .first = (uint32_t)text->out.len,
                               .gap = (uint8_t)text->gap,
                               .bound = text->bound > 0,
                               .page = text->page > 0};
    buf_put(&text->blocks, &block, sizeof block);
}

static void pay_gap(struct html_text *text)
{
    static const char *const gaps[] = {"", " ", "\n", "\n\n"};
    size_t start = text->out.len;
    if (start)
        buf_put_text(&text->out, gaps[text->gap]);
    if (!start || text->gap >= HTML_GAP_LINE)
        begin_block(text, start);
    text->gap = HTML_GAP_NONE;
}

// A character of the text that is a link.
static void count_linked(struct html_text *text, size_t bytes)
{
    if (text->links && text->blocks.len >= sizeof(struct html_block))
        last_block(text)->linked += (uint32_t)bytes;
}

// Bytes that stand for themselves: everything but white space, controls and the lead bytes of the
// code points that put_special looks at.
static bool is_ordinary(unsigned char c)
{
    return c > 0x20 && c != 0x7f && c != 0xc2 && c != 0xe2 && c != 0xef;
}

// Pages that call themselves Latin-1 write &#150; and mean Windows-1252; HTML 5 reads them so.
static uint32_t c1_to_unicode(uint32_t code)
{
    static const uint16_t windows_1252[32] = {
        0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
    return code >= 0x80 && code < 0xa0 ? windows_1252[code - 0x80] : code;
}

static void put_special(struct html_text *text, uint32_t code)
{
    char bytes[4];
    code = c1_to_unicode(code);
    if (code == '\n' && text->pre) {
        line_break(text);
    } else if (code <= 0x20 || code == 0xa0 || code == 0x202f || code == 0x2003 || code == 0x2002 ||
               code == 0x2009) {
        owe(text, HTML_GAP_SPACE);
    } else if (code != 0x7f && code != 0xad && code != 0x200b && code != 0xfeff &&
               (code < 0x80 || code >= 0xa0)) {
        pay_gap(text);
        size_t len = utf8_put(bytes, code);
        buf_put(&text->out, bytes, len);
        count_linked(text, len);
    }
}

void html_text_put(struct html_text *text, struct slice s)
{
    if (text->skipped)
        return;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && is_ordinary((unsigned char)s.ptr[i]))
            i++;
        if (i > from) {
            pay_gap(text);
            buf_put(&text->out, s.ptr + from, i - from);
            count_linked(text, i - from);
        } else {
            put_special(text, utf8_next(s, &i));
        }
    }
}

void html_text_end(struct html_text *text)
{
    if (text->out.failed || text->blocks.failed || !text->blocks.len)
        return;
    html_blocks_clean(&text->out, (const struct html_block *)(const void *)text->blocks.ptr,
                      text->blocks.len / sizeof(struct html_block));
    buf_reset(&text->blocks);
}
