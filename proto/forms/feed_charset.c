#include "proto/forms/feed_charset.h"

#include <errno.h>
#include <stdint.h>

#include "proto/base/utf8.h"

enum { PIECE_BYTES = 4096 };

static const char remedy[] = "declare it: <?xml version=\"1.0\" encoding=\"...\"?>";

void feed_charset_init(struct feed_charset *feed)
{
    *feed = (struct feed_charset){.charset = {.to_utf8 = (iconv_t)-1}};
    buf_init(&feed->text, 8 * PIECE_BYTES);
}

void feed_charset_fini(struct feed_charset *feed)
{
    charset_close(&feed->charset);
    buf_fini(&feed->text);
}

// Reads on until the window has so many bytes. 0 (also at the end) or a negative errno.
static int fill(struct input *in, size_t bytes)
{
    int more = 1;
    while (more > 0 && input_window(in).len < bytes)
        more = input_more(in);
    return more < 0 ? more : 0;
}

static int guess(struct feed_charset *feed, struct input *in, struct err *err)
{
    int result = fill(in, CHARSET_SAMPLE_BYTES);
    if (result != 0)
        return result;
    feed->mode = FEED_CHARSET_CONVERTED;
    return charset_open_guessed(&feed->charset, input_window(in), remedy, err);
}

// A byte order mark in front of UTF-8 is gone before the feed begins: then it is UTF-8, and guessed
// only if it is not.
static int begin(struct feed_charset *feed, struct input *in, struct err *err)
{
    char name[CHARSET_NAME_BYTES];
    while (!memchr(input_window(in).ptr, '>', input_window(in).len) &&
           input_window(in).len < CHARSET_DECLARED_BYTES) {
        int more = input_more(in);
        if (more < 0)
            return more;
        if (more == 0)
            break;
    }
    struct slice w = input_window(in);
    feed->mode = FEED_CHARSET_ASCII;
    if (charset_find_declared(w, name))
        feed->mode = FEED_CHARSET_PARSER;
    else if (w.len >= 4 && (!w.ptr[0] || !w.ptr[1]))
        // The parser knows "<?" in UTF-16 by itself.
        feed->mode = memchr(w.ptr, '?', 4) ? FEED_CHARSET_PARSER : FEED_CHARSET_NEW;
    return feed->mode == FEED_CHARSET_NEW ? guess(feed, in, err) : 0;
}

static size_t ascii_prefix(struct slice s)
{
    size_t i = 0;
    while (i < s.len && !(s.ptr[i] & 0x80))
        i++;
    return i;
}

// The first byte that is not ASCII. The last character of the window may be cut.
static int decide(struct feed_charset *feed, struct input *in, struct err *err)
{
    int result = fill(in, 8);
    struct slice w = input_window(in);
    if (result != 0 || utf8_valid_prefix(w) + 3 < w.len || (in->eof && !utf8_is_valid(w)))
        return result != 0 ? result : guess(feed, in, err);
    feed->mode = FEED_CHARSET_PARSER;
    return 0;
}

static int convert(struct feed_charset *feed, struct input *in, struct slice *piece, size_t *used,
                   struct err *err)
{
    buf_reset(&feed->text);
    int result = charset_convert(&feed->charset, *piece, &feed->text, used);
    if (result == 0 && *used == 0 && piece->len) {
        // A character that is cut, in a window that short, or at the very end.
        result = input_more(in);
        result = result == 1 ? -EAGAIN : result == 0 ? -EILSEQ : result;
    }
    if (result == -EILSEQ)
        err_set(err, "not UTF-8, no charset is declared, and %s was tried but does not fit; %s",
                feed->charset.name, remedy);
    *piece = buf_slice(&feed->text);
    return result;
}

static int step(struct feed_charset *feed, struct input *in, struct slice *piece, size_t *used,
                struct err *err)
{
    int result = fill(in, 1);
    if (result == 0 && feed->mode == FEED_CHARSET_NEW)
        result = begin(feed, in, err);
    struct slice w = input_window(in);
    if (result == 0 && feed->mode == FEED_CHARSET_ASCII && w.len && (w.ptr[0] & 0x80))
        result = decide(feed, in, err);
    w = input_window(in);
    *piece = slice_from(w.ptr, w.len < PIECE_BYTES ? w.len : PIECE_BYTES);
    if (feed->mode == FEED_CHARSET_ASCII)
        piece->len = ascii_prefix(*piece);
    *used = piece->len;
    if (result != 0 || feed->mode != FEED_CHARSET_CONVERTED)
        return result;
    return convert(feed, in, piece, used, err);
}

int feed_charset_next(struct feed_charset *feed, struct input *in, struct slice *piece,
                      size_t *used, struct err *err)
{
    int result;
    do
        result = step(feed, in, piece, used, err);
    while (result == -EAGAIN);
    return result;
}
