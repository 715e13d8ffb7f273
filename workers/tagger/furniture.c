// How a line is judged, in this order:
//  1. marks that only furniture has: ">>>", a copyright sign, a bare web address;
//  2. the table (furniture_rules.def): whole lines, labels before a colon, prompts;
//  3. whole lines with one typing error;
//  4. credit lines: agencies, photographers, bylines, and nothing else;
//  5. weak entries (names of networks, "Drucken"), when the line before or behind is furniture or
//     weak too;
//  6. place and shape (furniture_shape.c).
// Lines wider than a label's can be are never furniture: a story's paragraph is safe.
#include "workers/tagger/furniture.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>

#include "workers/tagger/credit_parts.h"
#include "workers/tagger/dateline.h"
#include "workers/tagger/domains.h"
#include "workers/tagger/furniture_rules.h"
#include "workers/tagger/furniture_shape.h"

enum {
    LABEL_WIDTH_MAX = 200,
    PROMPT_WIDTH_MAX = 160,
    WHOLE_WIDTH_MAX = 80,
    TYPO_WIDTH_MAX = 40,
    LABEL_KEY_MAX = 60,
    LEADIN_LINES = 3,
    EDGE_LINES = 6, // kept lines before and behind the story among which bylines stand
    EDGE_WIDTH_MAX = 90,
    CREDIT_WORDS_MAX = 5,
    CUT_WIDTH_MIN = 30,
};

static unsigned head_kinds(struct slice head)
{
    struct folded key;
    return folded_make(&key, head) ? furniture_kinds_of(key.text) : 0;
}

// "Label: anything", "Fot. J. Nowak/PAP", "[Disclaimer] anything".
static unsigned label_flags(struct slice line)
{
    size_t most = line.len < LABEL_KEY_MAX ? line.len : LABEL_KEY_MAX, end = 0;
    bool bracket = line.ptr[0] == '[';
    while (end < most && line.ptr[end] != (bracket ? ']' : ':') &&
           (bracket || line.ptr[end] != '.'))
        end++;
    if (end == most || end + 1 == line.len)
        return 0; // nothing behind the label: the table's whole lines
    unsigned kinds = head_kinds(slice_from(line.ptr, end));
    if (bracket)
        return kinds & (FURNITURE_WHOLE | FURNITURE_LABEL) ? LINE_FURNITURE : 0;
    struct slice rest = slice_from(line.ptr + end + 1, line.len - end - 1);
    bool site = line.ptr[end] == '.' && rest.ptr[0] >= 'a' && rest.ptr[0] <= 'z'; // "Foto.com"
    if ((kinds & FURNITURE_CREDIT) && !site && credit_words(rest) <= CREDIT_WORDS_MAX)
        return LINE_FURNITURE | LINE_CREDIT;
    return (kinds & FURNITURE_LABEL) && line.ptr[end] == ':' ? LINE_FURNITURE : 0;
}

static bool has_digit(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (isdigit((unsigned char)line.ptr[i]))
            return true;
    return false;
}

static bool is_address(struct slice line)
{
    bool quoted =
        line.len > 2 && strchr("<([", line.ptr[0]) && strchr(">)]", line.ptr[line.len - 1]);
    return domain_is_url(quoted ? slice_from(line.ptr + 1, line.len - 2) : line);
}

static bool is_marked(struct slice line)
{
    bool rights = slice_begins(line, "Copyright ") || slice_begins(line, "(c) ") ||
                  slice_begins(line, "(C) ");
    return slice_begins(line, ">>") || slice_begins(line, "\u00bb\u00bb") ||
           slice_begins(line, "\u00a9") || (rights && has_digit(line));
}

// The line is a piece of a wrapped paragraph: what looks like a credit may be its last word.
static bool is_continuation(const struct lines *lines, size_t index)
{
    if (!index)
        return false;
    const struct line *before = &lines->at[index - 1];
    bool closed = before->flags & (LINE_BLANK | LINE_FURNITURE | LINE_ENDS_SENTENCE);
    return !closed && before->width >= 40 && before->width <= LINE_WRAP_MAX;
}

// The line stands in a sentence that extraction has cut at a link or a date: "... abrufbar unter /
// www.example.org / . Die Liste ...".
static bool is_cut_out(const struct lines *lines, size_t index)
{
    const struct line *line = &lines->at[index], *before = line - 1, *behind = line + 1;
    bool open = index && !(before->flags & (LINE_BLANK | LINE_FURNITURE | LINE_ENDS_SENTENCE));
    bool goes_on = index + 1 < lines->count && behind->flags & LINE_LOWER_FIRST;
    return (open && before->width >= CUT_WIDTH_MIN) || (open && before->flags & LINE_LOWER_FIRST) ||
           goes_on;
}

// What the table says of the whole line.
static unsigned table_flags(const struct line *line, struct slice content)
{
    struct folded key;
    bool mistyped = line->width <= TYPO_WIDTH_MAX; // it may be, and yet be known
    if ((!mistyped && !furniture_may_begin(content)) || !folded_make(&key, content))
        return 0;
    furniture_strip_numbers(&key);
    unsigned kinds = line->width <= WHOLE_WIDTH_MAX ? furniture_kinds_of(key.text) : 0;
    unsigned role =
        (kinds & FURNITURE_LIST ? LINE_LIST : 0u) | (kinds & FURNITURE_REPLY ? LINE_REPLY : 0u);
    // A label or credit with nothing behind it has its text on the next line, or had a link.
    bool bare = content.ptr[content.len - 1] == ':';
    if (bare && (kinds & (FURNITURE_LABEL | FURNITURE_CREDIT)))
        return LINE_FURNITURE | role | (kinds & FURNITURE_CREDIT ? LINE_CREDIT : 0u);
    if (kinds & FURNITURE_WHOLE)
        return LINE_FURNITURE | role | (kinds & FURNITURE_CREDIT ? LINE_CREDIT : 0u);
    if (kinds & FURNITURE_WEAK)
        return LINE_WEAK;
    if (kinds & FURNITURE_MENU)
        return LINE_MENU;
    if (mistyped && furniture_kinds_with_typo(&key))
        return LINE_FURNITURE;
    return furniture_is_prompt(&key) ? LINE_FURNITURE : 0;
}

// Flags to set; LINE_WEAK alone decides nothing yet.
static unsigned line_judge(const struct lines *lines, size_t index, struct slice content)
{
    const struct line *line = &lines->at[index];
    bool cut_out = is_cut_out(lines, index);
    unsigned flags = is_marked(content) || (is_address(content) && !cut_out)
                         ? (unsigned)LINE_FURNITURE
                         : label_flags(content);
    if (flags || line->width > PROMPT_WIDTH_MAX)
        return flags;
    if (!is_continuation(lines, index) && credit_is_line(content, false))
        return LINE_FURNITURE | LINE_CREDIT;
    if (line->width <= WHOLE_WIDTH_MAX && !cut_out && dateline_is(content))
        return LINE_FURNITURE;
    return table_flags(line, content);
}

// A weak line is furniture beside furniture, and so are two weak lines beside each other.
struct weak_run {
    size_t first, count;
    bool beside; // furniture stands before it
};

static void weak_run_end(struct weak_run *run, const struct lines *lines, bool furniture)
{
    bool removed = run->count >= 2 || run->beside || furniture;
    for (size_t i = run->first; run->count && removed; i++) {
        if (lines->at[i].flags & LINE_BLANK)
            continue;
        lines->at[i].flags |= LINE_FURNITURE;
        run->count--;
    }
    *run = (struct weak_run){.beside = furniture};
}

static struct slice content_of(const struct line *line, struct slice text)
{
    return slice_from(text.ptr + line->start, line->end - line->start);
}

static bool is_kept(const struct line *line)
{
    return !(line->flags & (LINE_BLANK | LINE_FURNITURE));
}

static void judge_lines(const struct lines *lines, struct slice text)
{
    struct weak_run run = {0};
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        if (line->flags & LINE_BLANK)
            continue;
        struct slice content = content_of(line, text);
        // Reporters' names behind an English report can be many.
        bool reporting = line->width > LABEL_WIDTH_MAX && credit_is_line(content, false);
        unsigned judged = reporting                        ? LINE_FURNITURE | LINE_CREDIT
                          : line->width <= LABEL_WIDTH_MAX ? line_judge(lines, i, content)
                                                           : 0;
        line->flags |= (uint16_t)judged;
        if (judged == LINE_WEAK) {
            run.first = run.count ? run.first : i;
            run.count++;
            continue;
        }
        weak_run_end(&run, lines, (judged & LINE_FURNITURE) != 0);
    }
    weak_run_end(&run, lines, false);
}

// Bylines and editors' signs stand beside the story: among its first and last lines.
static void judge_edge(const struct lines *lines, struct slice text, bool head)
{
    int looked = 0;
    for (size_t n = 0; n < lines->count && looked < EDGE_LINES; n++) {
        size_t index = head ? n : lines->count - 1 - n;
        struct line *line = &lines->at[index];
        if (!is_kept(line))
            continue;
        looked++;
        if (line->width <= EDGE_WIDTH_MAX && !is_continuation(lines, index) &&
            credit_is_line(content_of(line, text), true))
            line->flags |= LINE_FURNITURE | LINE_CREDIT;
    }
}

static void cut_leadins(const struct lines *lines, struct slice text)
{
    int kept = 0;
    for (size_t i = 0; i < lines->count && kept < LEADIN_LINES; i++) {
        struct line *line = &lines->at[i];
        size_t start, end;
        if (!is_kept(line))
            continue;
        kept++;
        if (!credit_find_leadin(content_of(line, text), &start, &end))
            continue;
        line->cut_start = line->start + (uint32_t)start;
        line->cut_end = line->start + (uint32_t)end;
    }
}

// Without the spaces, dashes and colons around an agency's name.
static struct credit trim_cut(const struct line *line, struct slice text)
{
    struct credit credit = {line->cut_start, line->cut_end};
    while (credit.start < credit.end && text.ptr[credit.start] == ' ')
        credit.start++;
    size_t end = credit.start;
    while (end < credit.end && text.ptr[end] != ' ' && text.ptr[end] != ':')
        end++;
    if (credit.start < credit.end && text.ptr[credit.start] == '(')
        end =
            (size_t)((const char *)memchr(text.ptr + credit.start, ')', credit.end - credit.start) -
                     text.ptr) +
            1;
    credit.end = (uint32_t)end;
    return credit;
}

// Takes the signature at the end of a kept line into *credit and shortens the line.
static bool cut_tail(struct line *line, struct slice text, bool last, struct credit *credit)
{
    size_t start;
    if (!credit_find_tail(content_of(line, text), last, &start) ||
        line->start + start <= line->cut_end)
        return false;
    *credit = (struct credit){line->start + (uint32_t)start, line->end};
    uint32_t end = credit->start;
    while (end > line->start && text.ptr[end - 1] == ' ')
        end--;
    line->end = end;
    line->flags |= LINE_ENDS_SENTENCE;
    return true;
}

static size_t last_kept(const struct lines *lines)
{
    size_t last = lines->count;
    while (last && !is_kept(&lines->at[last - 1]))
        last--;
    return last ? last - 1 : 0;
}

// A label on a line of its own: what it names stands on the next.
static bool follows_label(const struct credits *credits, const struct line *line, struct slice text)
{
    if (!credits->count || line->flags & LINE_ENDS_SENTENCE || line->width > WHOLE_WIDTH_MAX)
        return false;
    const struct credit *before = &credits->at[credits->count - 1];
    if (text.ptr[before->end - 1] != ':')
        return false;
    for (uint32_t i = before->end; i < line->start; i++)
        if (!strchr(" \t\r\n", text.ptr[i]))
            return false;
    return credit_words(content_of(line, text)) <= CREDIT_WORDS_MAX;
}

static int collect(const struct lines *lines, struct slice text, struct credits *credits,
                   struct arena *arena)
{
    size_t last = last_kept(lines);
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        struct credit credit = {line->start, line->end};
        if (line->flags & LINE_BLANK)
            continue;
        if (follows_label(credits, line, text)) {
            credits->at[credits->count - 1].end = line->end;
            line->flags |= LINE_FURNITURE | LINE_CREDIT;
            continue;
        }
        if (line->flags & LINE_CREDIT && credits_add(credits, credit, arena) < 0)
            return -ENOMEM;
        if (line->flags & LINE_FURNITURE)
            continue;
        if (line->cut_end > line->cut_start &&
            credits_add(credits, trim_cut(line, text), arena) < 0)
            return -ENOMEM;
        if (cut_tail(line, text, i == last, &credit) && credits_add(credits, credit, arena) < 0)
            return -ENOMEM;
    }
    return 0;
}

int furniture_mark(const struct lines *lines, struct slice text, struct credits *credits,
                   struct arena *arena)
{
    judge_lines(lines, text);
    if (furniture_mark_shapes(lines, text, arena) < 0)
        return -ENOMEM;
    judge_edge(lines, text, true);
    judge_edge(lines, text, false);
    cut_leadins(lines, text);
    return collect(lines, text, credits, arena);
}
