// A page of HTML: its <title> is the title, what is left of its text the body, the file's path the
// uri. The charset is what the page declares, else UTF-8, else a guess.
#include <errno.h>
#include <strings.h>

#include "proto/base/utf8.h"
#include "proto/forms/charset.h"
#include "proto/forms/html.h"
#include "proto/forms/source_parts.h"

static const char remedy[] = "declare it: <meta charset=\"...\">";

static bool begins(struct slice text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp(text.ptr, word, len) == 0;
}

static struct slice behind(struct slice text, size_t bytes)
{
    return slice_from(text.ptr + bytes, text.len - bytes);
}

// What follows the first `end`; empty when it is not there.
static struct slice behind_text(struct slice text, const char *end)
{
    const char *at = text.len ? memmem(text.ptr, text.len, end, strlen(end)) : NULL;
    return at ? behind(text, (size_t)(at - text.ptr) + strlen(end)) : slice_from(text.ptr, 0);
}

bool page_source_begins(struct slice start)
{
    for (;;) {
        while (start.len && start.ptr[0] && strchr(" \t\r\n", start.ptr[0]))
            start = behind(start, 1);
        if (begins(start, "<?"))
            start = behind_text(start, "?>");
        else if (begins(start, "<!--"))
            start = behind_text(start, "-->");
        else
            return begins(start, "<!doctype html") || begins(start, "<html");
    }
}

// --- charset

// The page as UTF-8 into `text` by an open charset.
static int convert(struct forms_source *source, struct charset *charset, struct slice page,
                   struct buf *text, struct err *err)
{
    size_t used;
    int result = charset_convert(charset, page, text, &used);
    if (result == -ENOMEM)
        return source_fail(source, WIRE_TOO_LARGE, err,
                           "the page is longer than %d bytes; split it", HTML_MAX);
    if (result != 0 || used < page.len)
        return source_fail(source, WIRE_BAD_UTF8, err,
                           "what the page declares, %s, is not what it is written in; correct it",
                           charset->name);
    return 0;
}

static int open_charset(struct forms_source *source, struct slice page, struct charset *charset,
                        struct err *err)
{
    char name[CHARSET_NAME_BYTES];
    struct err why = {0};
    int result = charset_find_declared(page, name)
                     ? charset_open(charset, name, &why)
                     : charset_open_guessed(charset, page, remedy, &why);
    return result == 0 ? 0 : source_fail(source, WIRE_BAD_UTF8, err, "%s", err_text(&why));
}

// *page becomes UTF-8: itself where that is what it is in.
static int make_utf8(struct forms_source *source, struct slice *page, struct buf *text,
                     struct err *err)
{
    char name[CHARSET_NAME_BYTES];
    bool plain = !charset_find_declared(*page, name) || strcasecmp(name, "utf-8") == 0;
    // Half of the bytes of UTF-16 can be NUL, which is UTF-8, too.
    if (plain && utf8_is_valid(*page) && !memchr(page->ptr, 0, page->len))
        return 0;
    struct charset charset;
    int result = open_charset(source, *page, &charset, err);
    if (result == 0)
        result = convert(source, &charset, *page, text, err);
    charset_close(&charset);
    *page = buf_slice(text);
    if (slice_begins(*page, "\xef\xbb\xbf"))
        *page = behind(*page, 3);
    return result;
}

// --- fields

// The tag <name ...> of the page's first bytes, from behind its name to its end; empty: none.
static struct slice find_tag(struct slice page, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len < page.len; i++) {
        struct slice tag = behind(page, i + 1);
        if (page.ptr[i] == '<' && begins(tag, name) && tag.len > len &&
            strchr(" \t\r\n>", tag.ptr[len])) {
            const char *end = memchr(tag.ptr, '>', tag.len);
            return end ? slice_from(tag.ptr + len, (size_t)(end - tag.ptr) - len)
                       : slice_from(NULL, 0);
        }
    }
    return slice_from(NULL, 0);
}

// <html lang="pl-PL"> gives pl-PL.
static struct slice find_language(struct slice page)
{
    struct slice tag = find_tag(page, "html");
    size_t i = 0;
    while (i + 6 < tag.len &&
           !(strchr(" \t\r\n", tag.ptr[i]) && begins(behind(tag, i + 1), "lang=")))
        i++;
    if (i + 6 >= tag.len)
        return slice_from(NULL, 0);
    struct slice value = behind(tag, i + 6);
    if (value.ptr[0] == '"' || value.ptr[0] == '\'')
        value = behind(value, 1);
    size_t len = 0;
    while (len < value.len && !strchr(" \t\r\n\"'/", value.ptr[len]))
        len++;
    return slice_from(value.ptr, len <= WIRE_LANGUAGE_MAX ? len : 0);
}

// The text between <title> and </title>, references resolved.
static int take_title(struct forms_source *source, struct slice page, struct article *article,
                      struct err *err)
{
    struct slice tag = find_tag(page, "title");
    if (!tag.ptr)
        return 0;
    const char *from = tag.ptr + tag.len + 1;
    size_t left = (size_t)(page.ptr + page.len - from), len = 0;
    while (len < left && !begins(slice_from(from + len, left - len), "</title"))
        len++;
    struct slice title;
    int result = forms_html_to_text(slice_from(from, len), &source->arena, &title, err);
    if (result == 0 && title.len <= WIRE_TITLE_MAX)
        article->title = title;
    return result;
}

static int take_fields(struct forms_source *source, struct slice page, struct article *article,
                       struct err *err)
{
    struct err why = {0};
    int result = take_title(source, page, article, &why);
    if (result == 0)
        result = forms_html_to_text(page, &source->arena, &article->body, &why);
    if (result != 0)
        return source_fail(source, result == -EINVAL ? WIRE_BAD_ARTICLE : WIRE_TOO_LARGE, err, "%s",
                           err_text(&why));
    article->uri = slice_from_text(source->uri);
    article->language = arena_copy(&source->arena, find_language(page));
    enum wire_code code = article_check(article, source->options.body_max, err);
    if (code == WIRE_OK)
        return 1;
    source->code = code;
    return -1;
}

int page_source_next(struct forms_source *source, struct article *article, struct err *err)
{
    source_mark_item(source);
    if (!source->uri)
        return source_fail(source, WIRE_BAD_ARTICLE, err,
                           "an HTML page, not a feed; save it to a file, whose name becomes its "
                           "uri, or push its feed");
    if (source_read_whole(source, HTML_MAX, "page", err) != 0)
        return -1;
    struct slice page = input_window(&source->in);
    struct buf text;
    buf_init(&text, 2 * (size_t)HTML_MAX);
    int result = make_utf8(source, &page, &text, err);
    if (result == 0)
        result = take_fields(source, page, article, err);
    buf_fini(&text);
    source->mode = SOURCE_DONE;
    return result;
}
