// A line was wrapped when the next line's first word would not have fit on it. So:
//  1. a region is a stretch of lines none of which is wider than a wrapped line can be;
//  2. its wrap width is its widest line, exceptions aside;
//  3. it is wrapped when most of its lines that end in mid-sentence are "tight": too long for the
//     next line's first word;
//  4. in a wrapped region tight lines are joined, and lines that end in mid-sentence unless they
//     are as short as a heading;
//  5. anywhere a line that goes on in lower case is joined to one that ended in mid-sentence.
#include "workers/tagger/unwrap.h"

#include <stdbool.h>

#include "proto/base/utf8.h"
#include "workers/tagger/unicode.h"

enum { WRAP_WIDTH_MIN = 40 };

struct region {
    size_t first, end; // lines [first, end); the line at `end` may be the continuation of the last
    unsigned width;    // of wrapped lines; 0: this region is not wrapped
};

static bool is_kept(const struct line *line)
{
    return !(line->flags & (LINE_BLANK | LINE_FURNITURE));
}

static bool is_open(const struct line *line)
{
    return !(line->flags & LINE_ENDS_SENTENCE);
}

static bool is_tight(const struct line *line, const struct line *next, unsigned width)
{
    return line->width + 1u + next->first_word > width;
}

// The widest line but for one in twenty (a headline, a long link).
static unsigned region_width(const struct lines *lines, const struct region *region)
{
    unsigned histogram[LINE_WRAP_MAX + 1] = {0}, total = 0;
    for (size_t i = region->first; i < region->end; i++) {
        if (!is_kept(&lines->at[i]))
            continue;
        histogram[lines->at[i].width]++;
        total++;
    }
    unsigned spare = total / 20, width = LINE_WRAP_MAX;
    while (width && histogram[width] <= spare)
        spare -= histogram[width--];
    return width;
}

static bool region_is_wrapped(const struct lines *lines, const struct region *region,
                              unsigned width)
{
    size_t open = 0, tight = 0, lower = 0;
    for (size_t i = region->first; i < region->end && i + 1 < lines->count; i++) {
        const struct line *line = &lines->at[i], *next = line + 1;
        if (!is_kept(line) || !is_kept(next) || !is_open(line))
            continue;
        open++;
        tight += is_tight(line, next, width);
        lower += (next->flags & LINE_LOWER_FIRST) != 0;
    }
    // A list of headlines can be tight by chance, but then no line goes on in lower case.
    bool sure = tight >= 3 && tight * 10 >= open * 8;
    bool likely = tight >= 2 && tight * 10 >= open * 6 && lower * 8 >= open;
    return width >= WRAP_WIDTH_MIN && (sure || likely);
}

// The region that begins at `first`, where a line of wrappable width stands.
static struct region region_at(const struct lines *lines, size_t first)
{
    struct region region = {.first = first, .end = first};
    while (region.end < lines->count && lines->at[region.end].width <= LINE_WRAP_MAX)
        region.end++;
    unsigned width = region_width(lines, &region);
    if (region_is_wrapped(lines, &region, width))
        region.width = width;
    return region;
}

// First words behind a hanging hyphen that show the hyphen belongs there: "Nord- und Südkorea".
static bool is_conjunction(struct slice word)
{
    static const char *const known[] = {"und", "oder", "bzw", "sowie", "i",   "oraz",
                                        "lub", "czy",  "and", "or",    "bis", "to"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(word, known[i]))
            return true;
    return false;
}

static enum line_break hyphen_break(const struct line *line, const struct line *next,
                                    struct slice text, bool wrapped)
{
    if (text.ptr[line->end - 1] == '\xad') { // soft hyphen: C2 AD
        uint32_t code = utf8_next(text, &(size_t){next->start});
        return unicode_may_break_nfc(code) ? BREAK_SPACE : BREAK_HYPHEN;
    }
    size_t len = 0;
    while (next->start + len < next->end && text.ptr[next->start + len] != ' ' && len < 8)
        len++;
    if (is_conjunction(slice_from(text.ptr + next->start, len)))
        return BREAK_SPACE;
    // "polsko-\nniemiecki": the linking vowel shows a compound. "US-\nPräsident" keeps its hyphen.
    bool linking = line->end - line->start >= 4 && text.ptr[line->end - 2] == 'o';
    return wrapped && (next->flags & LINE_LOWER_FIRST) && !linking ? BREAK_HYPHEN : BREAK_NOTHING;
}

static bool is_joined(const struct line *line, const struct line *next, unsigned width)
{
    bool open = is_open(line);
    if (open && (next->flags & LINE_LOWER_FIRST) && !(next->flags & LINE_BULLET))
        return true;
    if (!width)
        return open && (line->flags & LINE_ENDS_COMMA) && line->width >= WRAP_WIDTH_MIN;
    if ((next->flags & LINE_INDENTED) && !(line->flags & LINE_INDENTED))
        return false;
    if (is_tight(line, next, width))
        return open || !(next->flags & LINE_BULLET);
    return open && !(next->flags & LINE_BULLET) && line->width * 2u >= width;
}

static enum line_break break_between(const struct line *line, const struct line *next,
                                     struct slice text, unsigned width)
{
    bool continues = is_open(line) && (next->flags & LINE_LOWER_FIRST);
    if ((line->flags & LINE_ENDS_HYPHEN) && (continues || width))
        return hyphen_break(line, next, text, width && is_tight(line, next, width));
    return is_joined(line, next, width) ? BREAK_SPACE : BREAK_PARAGRAPH;
}

// Furniture in mid-sentence: "... przywódcy / Reklama / obu państw": the sentence goes on behind
// it.
static bool sentence_goes_on(const struct line *line, const struct line *next)
{
    return is_open(line) && (next->flags & LINE_LOWER_FIRST) && !(next->flags & LINE_BULLET);
}

void unwrap_decide(const struct lines *lines, struct slice text)
{
    struct region region = {0};
    struct line *last = NULL;
    bool blank = false, furniture = false;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        blank |= (line->flags & LINE_BLANK) != 0;
        furniture |= (line->flags & LINE_FURNITURE) != 0;
        if (is_kept(line)) {
            if (last && furniture && sentence_goes_on(last, line))
                last->break_after = BREAK_SPACE;
            else if (last && !blank)
                last->break_after = (uint8_t)break_between(last, line, text, region.width);
            last = line;
            blank = furniture = false;
        }
        // A region speaks for the breaks behind its lines, so it changes after the break before.
        if (i >= region.end && line->width <= LINE_WRAP_MAX)
            region = region_at(lines, i);
        else if (i >= region.end)
            region = (struct region){.first = i, .end = i + 1};
    }
}
