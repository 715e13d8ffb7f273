#include "workers/tagger/normalise.h"

#include <errno.h>

#include "proto/base/utf8.h"
#include "workers/tagger/composer.h"
#include "workers/tagger/unicode.h"

struct builder {
    struct slice from; // the submitted text
    struct arena *arena;
    char *out;
    size_t len, capacity;
    struct segment *segments;
    size_t count, segment_capacity;
    bool failed;
};

static bool builder_reserve(struct builder *b, size_t extra)
{
    if (b->failed || b->capacity - b->len >= extra)
        return !b->failed;
    size_t grown = (b->capacity + extra) * 2;
    char *out = arena_alloc_uncleared(b->arena, grown);
    b->failed = !out;
    if (b->failed)
        return false;
    if (b->len)
        memcpy(out, b->out, b->len);
    b->out = out;
    b->capacity = grown;
    return true;
}

static struct segment *segment_add(struct builder *b)
{
    if (b->count == b->segment_capacity) {
        size_t grown = b->segment_capacity ? b->segment_capacity * 2 : 32;
        struct segment *segments = arena_alloc_array_uncleared(b->arena, grown, sizeof *segments);
        b->failed |= !segments;
        if (b->failed)
            return NULL;
        if (b->count)
            memcpy(segments, b->segments, b->count * sizeof *segments);
        b->segments = segments;
        b->segment_capacity = grown;
    }
    return &b->segments[b->count++];
}

// Copies submitted bytes [start, end); lengthens the last segment when they follow it.
static void builder_copy(struct builder *b, size_t start, size_t end)
{
    if (start == end || !builder_reserve(b, end - start))
        return;
    uint32_t len = (uint32_t)(end - start);
    struct segment *last = b->count ? &b->segments[b->count - 1] : NULL;
    if (last && last->copied && last->submitted + last->submitted_len == start) {
        last->normalised_len += len;
        last->submitted_len += len;
    } else {
        last = segment_add(b);
        if (!last)
            return;
        *last = (struct segment){(uint32_t)b->len, (uint32_t)start, len, len, true};
    }
    memcpy(b->out + b->len, b->from.ptr + start, len);
    b->len += len;
}

// `text` instead of submitted bytes [start, end); nothing instead of them leaves no segment.
static void builder_replace(struct builder *b, size_t start, size_t end, struct slice text)
{
    if (slice_equal(text, slice_from(b->from.ptr + start, end - start))) {
        builder_copy(b, start, end);
        return;
    }
    struct segment *segment = text.len && builder_reserve(b, text.len) ? segment_add(b) : NULL;
    if (!segment)
        return;
    *segment = (struct segment){(uint32_t)b->len, (uint32_t)start, (uint32_t)text.len,
                                (uint32_t)(end - start), false};
    memcpy(b->out + b->len, text.ptr, text.len);
    b->len += text.len;
}

// Bytes that can be copied without a look at their code point: printable ASCII but the space, and
// the lead and continuation bytes of Latin and Cyrillic letters.
static const char plain_bytes[] =
    ".................................xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"  // 00
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx."  // 40
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"  // 80
    "...xxxxxxxxx....xx.............................................."; // c0

static bool is_plain(unsigned char byte)
{
    return plain_bytes[byte] == 'x';
}

// Bytes to step over at `at`: everything that is copied as it is.
static size_t plain_run(struct slice text, size_t at)
{
    const char *bytes = text.ptr + at;
    size_t run = 0, most = text.len - at;
    for (;; run++) {
        while (run < most && is_plain((unsigned char)bytes[run]))
            run++;
        // A single space between words, the commonest exception.
        if (run + 1 >= most || bytes[run] != ' ' || !is_plain((unsigned char)bytes[run + 1]))
            return run;
    }
}

static bool is_blank(enum unicode_class kind)
{
    return kind == UNICODE_SPACE;
}

// End of the run of white space and invisible characters that begins at `at`.
static size_t blank_run_end(struct slice text, size_t at)
{
    while (at < text.len) {
        size_t next = at;
        uint32_t code = utf8_next(text, &next);
        enum unicode_class kind = unicode_class_of(code);
        bool control = kind == UNICODE_CONTROL && (code < 0xa0 || unicode_is_ignorable(code));
        if (!is_blank(kind) && !control)
            break;
        at = next;
    }
    return at;
}

static bool has_blank(struct slice run)
{
    for (size_t at = 0; at < run.len;)
        if (is_blank(unicode_class_of(utf8_next(run, &at))))
            return true;
    return false;
}

// One character, or run of blanks, or cluster, that is not plain. Returns the byte behind it.
static size_t builder_special(struct builder *b, struct slice text, size_t from, size_t at)
{
    size_t blanks = blank_run_end(text, at);
    if (blanks > at) {
        bool space = has_blank(slice_from(text.ptr + at, blanks - at));
        // Invisible characters that keep a combining mark off its base stay: without them the two
        // would compose.
        if (!space && blanks < text.len &&
            unicode_may_break_nfc(utf8_next(text, &(size_t){blanks})))
            builder_copy(b, at, blanks);
        else
            builder_replace(b, at, blanks, slice_from(" ", space));
        return blanks;
    }
    size_t next = at;
    if (!unicode_may_break_nfc(utf8_next(text, &next))) {
        builder_copy(b, at, next);
        return next;
    }
    struct slice cluster = composer_cluster(text, from, at);
    size_t start = (size_t)(cluster.ptr - text.ptr), end = start + cluster.len;
    struct slice composed = composer_compose(cluster, b->arena);
    b->failed |= !composed.ptr;
    if (b->failed)
        return end;
    builder_replace(b, start, end, composed);
    return end;
}

// Last byte boundary before `at` where a cluster may begin: the run of plain text ends one code
// point early when a combining mark follows it.
static size_t plain_copy_end(struct slice text, size_t from, size_t at)
{
    if (at == text.len || at == from || !unicode_may_break_nfc(utf8_next(text, &(size_t){at})))
        return at;
    size_t start = (size_t)(composer_cluster(text, from, at).ptr - text.ptr);
    return start < at ? start : at;
}

static void builder_put(struct builder *b, size_t start, size_t end)
{
    struct slice text = slice_from(b->from.ptr, end);
    for (size_t at = start; at < end && !b->failed;) {
        size_t plain = at + plain_run(text, at);
        size_t copied = plain_copy_end(text, at, plain);
        builder_copy(b, at, copied);
        at = plain < end ? builder_special(b, text, copied, plain) : end;
    }
}

static void builder_put_line(struct builder *b, const struct line *line, size_t end)
{
    if (line->cut_end > line->cut_start) {
        builder_put(b, line->start, line->cut_start);
        builder_put(b, line->cut_end, end);
    } else {
        builder_put(b, line->start, end);
    }
}

// Where the line's own text ends: before its hyphen when that was only for wrapping.
static size_t line_text_end(const struct line *line, struct slice text)
{
    size_t end = line->end;
    if (line->break_after != BREAK_HYPHEN)
        return end;
    do
        end--;
    while (end > line->start && ((unsigned char)text.ptr[end] & 0xc0) == 0x80);
    return end;
}

static struct slice separator(const struct line *line, bool blank)
{
    switch ((enum line_break)line->break_after) {
    case BREAK_SPACE:
        return slice_from_text(" ");
    case BREAK_NOTHING:
    case BREAK_HYPHEN:
        return slice_from(NULL, 0);
    default:
        return slice_from_text(blank ? "\n\n" : "\n");
    }
}

int normalise_text(struct text *out, const struct lines *lines, struct arena *arena)
{
    struct builder b = {.from = out->submitted, .arena = arena};
    builder_reserve(&b, out->submitted.len / 2 + 1);
    const struct line *last = NULL;
    bool blank = false;
    for (size_t i = 0; i < lines->count && !b.failed; i++) {
        const struct line *line = &lines->at[i];
        if (line->flags & (LINE_BLANK | LINE_FURNITURE)) {
            blank |= (line->flags & LINE_BLANK) != 0;
            continue;
        }
        if (last)
            builder_replace(&b, line_text_end(last, b.from), line->start, separator(last, blank));
        builder_put_line(&b, line, line_text_end(line, b.from));
        last = line;
        blank = false;
    }
    out->normalised = slice_from(b.out, b.len);
    out->segments = b.segments;
    out->segment_count = b.count;
    return b.failed ? -ENOMEM : 0;
}
