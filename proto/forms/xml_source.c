// A feed out of a stream, in small pieces: memory is bounded by one item.
#include <errno.h>

#include "proto/forms/feed.h"
#include "proto/forms/source_parts.h"

// The next piece to the parser. 0, or -1 as source_fail.
static int push_piece(struct forms_source *source, struct err *err)
{
    struct slice piece;
    size_t used;
    struct err why = {0};
    int result = feed_charset_next(&source->feed_charset, &source->in, &piece, &used, &why);
    source->place.item = 0;
    source->place.line = source->in.line;
    if (result == -EILSEQ)
        return source_fail(source, WIRE_BAD_UTF8, err, "%s", err_text(&why));
    if (result < 0)
        return source_fail_read(source, result, err);
    feed_push(source->feed, piece, piece.len == 0);
    input_consume(&source->in, used);
    return 0;
}

static int answer(struct forms_source *source, const struct feed_entry *entry,
                  struct article *article, struct err *err)
{
    source->place.item = entry->item;
    source->place.line = entry->line;
    source->code = entry->code;
    if (entry->code == WIRE_OK) {
        *article = entry->article;
        return 1;
    }
    err_set(err, "%s", err_text(&entry->err));
    return -1;
}

int xml_source_next(struct forms_source *source, struct article *article, struct err *err)
{
    if (!source->feed)
        source->feed = feed_create(source->options.body_max, source->in.line);
    if (!source->feed)
        return source_fail(source, WIRE_INTERNAL, err, "out of memory for a feed");
    struct feed_entry *entry;
    while (!feed_pop(source->feed, &entry)) {
        if (feed_is_over(source->feed)) {
            source->mode = SOURCE_DONE;
            return 0;
        }
        if (source->in.total - input_window(&source->in).len > FORMS_FEED_MAX)
            return source_fail(source, WIRE_TOO_LARGE, err,
                               "the feed is longer than %d bytes; split it", FORMS_FEED_MAX);
        if (push_piece(source, err) != 0)
            return -1;
    }
    return answer(source, entry, article, err);
}
