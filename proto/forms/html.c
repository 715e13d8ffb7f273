#include "proto/forms/html.h"

#include <errno.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include "proto/base/utf8.h"
#include "proto/forms/html_text.h"
#include "proto/forms/tag_guard.h"

struct parsing {
    htmlParserCtxtPtr parser;
    struct html_text text;
    bool too_deep;
};

// libxml2 looks through all open elements at an end tag that fits none: without this bound
// 100,000 times <i></b> would take minutes.
static void open_cb(void *data, const xmlChar *name, const xmlChar **attributes)
{
    struct parsing *p = data;
    if (p->parser->nameNr > HTML_MAX_DEPTH) {
        p->too_deep = true;
        xmlStopParser(p->parser);
        return;
    }
    html_text_open(&p->text, (const char *)name, (const char *const *)attributes);
}

static void close_cb(void *data, const xmlChar *name)
{
    struct parsing *p = data;
    html_text_close(&p->text, (const char *)name);
}

static void characters_cb(void *data, const xmlChar *bytes, int len)
{
    struct parsing *p = data;
    html_text_put(&p->text, slice_from(bytes, (size_t)len));
}

static int refuse(struct err *err, int errnum, const char *reason)
{
    err_set(err, "%s", reason);
    return -errnum;
}

static int check_input(struct slice html, struct err *err)
{
    if (html.len > HTML_MAX)
        return refuse(err, E2BIG, "HTML of more than 16 MiB");
    if (html.len && memchr(html.ptr, 0, html.len))
        return refuse(err, EINVAL, "a NUL byte in HTML; remove it");
    if (!utf8_is_valid(html))
        return refuse(err, EINVAL, "HTML that is not UTF-8; convert it first");
    if (!tag_guard_html(html))
        return refuse(err, E2BIG, "an HTML tag has too many attributes");
    return 0;
}

// The parser gets events only: no tree is built, nothing is loaded, no DTD is read. Not the push
// parser: that of libxml2 2.9 loses count of quotation marks where a piece ends inside a tag, and
// waits for the tag's end until the document's.
static htmlParserCtxtPtr create_parser(struct parsing *p, struct slice html)
{
    htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(html.ptr, (int)html.len);
    if (!parser)
        return NULL;
    *parser->sax = (htmlSAXHandler){.startElement = open_cb,
                                    .endElement = close_cb,
                                    .characters = characters_cb,
                                    .ignorableWhitespace = characters_cb};
    parser->userData = p;
    htmlCtxtUseOptions(parser, HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_IGNORE_ENC | HTML_PARSE_RECOVER);
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    return parser;
}

static int parse(struct parsing *p, struct err *err)
{
    htmlParseDocument(p->parser);
    return p->too_deep ? refuse(err, E2BIG, "HTML nested more than 256 deep") : 0;
}

int forms_html_to_text(struct slice html, struct arena *arena, struct slice *text, struct err *err)
{
    *text = slice_from(NULL, 0);
    int result = check_input(html, err);
    if (result != 0 || html.len == 0)
        return result;
    struct parsing p = {.parser = NULL};
    // Text is never longer than the HTML it came from, but for a few references.
    html_text_init(&p.text, html.len * 2 + 64);
    p.parser = create_parser(&p, html);
    result = p.parser ? parse(&p, err) : -ENOMEM;
    html_text_end(&p.text);
    if (result == 0)
        *text = arena_copy(arena, buf_slice(&p.text.out));
    if (result == -ENOMEM || (result == 0 && (p.text.out.failed || !text->ptr)))
        result = refuse(err, ENOMEM, "no room for the text of HTML");
    if (p.parser)
        htmlFreeParserCtxt(p.parser);
    html_text_fini(&p.text);
    return result;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// "&amp;", "&#160;", "&#xa0;" at `at`.
static bool is_reference(struct slice text, size_t at)
{
    size_t i = at + 1;
    if (i < text.len && text.ptr[i] == '#')
        i++;
    size_t first = i;
    while (i < text.len && i < at + 12 && (is_letter(text.ptr[i]) || is_digit(text.ptr[i])))
        i++;
    return i > first && i < text.len && text.ptr[i] == ';';
}

bool html_is_like(struct slice text)
{
    const char *last = text.len ? memrchr(text.ptr, '>', text.len) : NULL;
    for (size_t i = 0; i + 1 < text.len; i++) {
        char c = text.ptr[i], next = text.ptr[i + 1];
        if (c == '<' && (is_letter(next) || next == '/' || next == '!') && last > text.ptr + i)
            return true;
        if (c == '&' && is_reference(text, i))
            return true;
    }
    return false;
}
