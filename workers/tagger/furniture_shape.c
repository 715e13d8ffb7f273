// A line is rich when it is as long as text or ends like a sentence, else poor. Poor lines between
// two rich ones, or before the first or behind the last, are a run. In a story runs are short:
// headings, names, a table. So:
//  1. a long run in which the table knows many lines is a menu, and so is a very long one before
//     the story; the lines next to the story may be its title or a heading and stay;
//  2. behind the story's last line everything from the first known line on is furniture;
//     so is everything where from a known line on there is hardly any text;
//  3. poor lines below a heading of links ("Mehr zum Thema") are links;
//  4. behind a heading of readers' comments, where most of the story has been told, everything is
//     furniture.
#include "workers/tagger/furniture_shape.h"

#include <errno.h>
#include <stdbool.h>

#include "proto/base/hash.h"

enum {
    POOR_WIDTH_MAX = 60, // a narrower one that does not end a sentence is poor
    HEADLINE_WIDTH_MAX = 140,
    MENU_LINES_MIN = 6,    // poor lines of a menu
    MENU_HITS_MIN = 2,     // known lines among them
    MENU_HIT_SHARE = 8,    // one in so many
    HEAD_LINES_MIN = 15,   // poor lines of a menu of which none is known
    HEAD_WIDTH_MAX = 28,   // their mean width
    HEAD_SHARE = 10,       // of the story may be told before its title: a summary, a prompt
    TITLE_LINES = 4,       // that may stand between a menu and the story
    TEASED_WIDTH_MIN = 20, // of a headline
    TAIL_HITS_MIN = 4,     // known lines behind the story
    TAIL_OTHERS = 3,       // lines that are no text for each that is
    TAIL_SHARE = 6,        // of the story may be lost so
    TITLE_WIDTH_MIN = 35,
    TITLE_WINDOW = 12,     // lines before the story among which its title stands
    STORY_BYTES_MIN = 400, // a text with less has no story to protect
};

struct run {
    size_t first, end; // lines [first, end)
    size_t poor;       // kept lines
    size_t hits;       // lines the table knows
    size_t width;      // of the kept lines together
    size_t first_hit, last_hit;
    bool head, tail;
};

static bool is_removed(const struct line *line)
{
    return (line->flags & LINE_FURNITURE) != 0;
}

static bool is_blank(const struct line *line)
{
    return (line->flags & LINE_BLANK) != 0;
}

static bool is_kept(const struct line *line)
{
    return !(line->flags & (LINE_BLANK | LINE_FURNITURE));
}

static bool is_hit(const struct line *line)
{
    return (line->flags & (LINE_FURNITURE | LINE_WEAK | LINE_MENU)) && !(line->flags & LINE_CREDIT);
}

// The line and the next are one wrapped sentence.
static bool is_wrapped(const struct lines *lines, size_t index)
{
    const struct line *line = &lines->at[index];
    if (line->flags & LINE_LOWER_FIRST)
        return index && is_kept(line - 1);
    return index + 1 < lines->count && is_kept(line + 1) && (line[1].flags & LINE_LOWER_FIRST) &&
           !(line->flags & LINE_ENDS_SENTENCE);
}

// A line of a text that is not wrapped: what ends no sentence is a headline or a list's entry.
static bool is_headline(const struct line *line)
{
    return is_kept(line) && line->width <= HEADLINE_WIDTH_MAX &&
           !(line->flags & (LINE_ENDS_SENTENCE | LINE_LOWER_FIRST | LINE_ENDS_COMMA));
}

static bool is_rich(const struct lines *lines, size_t index)
{
    const struct line *line = &lines->at[index];
    if (!is_kept(line) || line->flags & (LINE_WEAK | LINE_MENU))
        return false;
    if (lines->unwrapped && is_headline(line) && !is_wrapped(lines, index))
        return false;
    return line->width > POOR_WIDTH_MAX || (line->flags & (LINE_ENDS_SENTENCE | LINE_ENDS_COMMA)) ||
           is_wrapped(lines, index);
}

static void remove_poor(const struct lines *lines, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (is_kept(&lines->at[i]))
            lines->at[i].flags |= LINE_FURNITURE;
}

// The run that begins at `first`.
static struct run run_at(const struct lines *lines, size_t first)
{
    struct run run = {.first = first, .end = first, .first_hit = lines->count};
    for (; run.end < lines->count && !is_rich(lines, run.end); run.end++) {
        const struct line *line = &lines->at[run.end];
        if (is_blank(line))
            continue;
        if (is_kept(line)) {
            run.poor++;
            run.width += line->width;
        }
        if (!is_hit(line))
            continue;
        run.first_hit = run.hits++ ? run.first_hit : run.end;
        run.last_hit = run.end;
    }
    run.tail = run.end == lines->count;
    return run;
}

static bool is_menu(const struct run *run)
{
    size_t all = run->poor + run->hits; // a weak line counts twice: it is both
    if (run->poor >= MENU_LINES_MIN && run->hits >= MENU_HITS_MIN &&
        run->hits * MENU_HIT_SHARE >= all)
        return true;
    return run->head && run->poor >= HEAD_LINES_MIN && run->width <= run->poor * HEAD_WIDTH_MAX;
}

// The last kept lines of [first, end), at most `most`: where the story's title may begin.
static size_t before_last_kept(const struct lines *lines, size_t first, size_t end, size_t most)
{
    size_t at = end;
    while (at > first && most) {
        at--;
        most -= is_kept(&lines->at[at]);
    }
    return at;
}

// The lines before the story, where its title and what stands below it (its date, "Share") are
// mixed.
static size_t title_begin(const struct lines *lines, const struct run *run)
{
    size_t at = run->end, looked = 0;
    while (at > run->first && looked < TITLE_WINDOW)
        looked += !is_blank(&lines->at[--at]);
    return at;
}

static void remove_all_but_titles(const struct lines *lines, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (!(is_headline(&lines->at[i]) && lines->at[i].width >= TITLE_WIDTH_MIN))
            remove_poor(lines, i, i + 1);
}

static void run_judge(const struct lines *lines, const struct run *run)
{
    size_t first = run->first, end = run->end;
    if (is_menu(run)) {
        if (!run->head && run->hits)
            first = run->first_hit;
        if (!run->tail)
            end = before_last_kept(lines, run->hits ? run->last_hit + 1 : first, end,
                                   run->head ? TITLE_LINES : 1);
        size_t title = run->head && !run->tail ? title_begin(lines, run) : end;
        title = title < end ? (title > first ? title : first) : end;
        remove_poor(lines, first, title);
        remove_all_but_titles(lines, title, end);
    } else if (run->tail && !run->head && run->hits) {
        remove_poor(lines, run->first_hit, end);
    }
}

static size_t story_bytes(const struct lines *lines, size_t first, size_t end)
{
    size_t bytes = 0;
    for (size_t i = first; i < end; i++)
        if (is_rich(lines, i))
            bytes += lines->at[i].end - lines->at[i].start;
    return bytes;
}

// The headlines below a heading of links. Of several in mid-story the last may be a heading of the
// story's own, and one alone too. Returns the line behind them.
static size_t list_judge(const struct lines *lines, size_t heading)
{
    size_t end = heading + 1, count = 0, last = 0;
    while (end < lines->count) {
        const struct line *line = &lines->at[end];
        if (!is_blank(line) && !is_removed(line) && !is_headline(line))
            break;
        if (is_kept(line)) {
            count++;
            last = end;
        }
        end++;
    }
    bool tail = end == lines->count;
    if (!tail && count >= 2)
        remove_poor(lines, heading + 1, last);
    else if (tail)
        remove_poor(lines, heading + 1, end);
    return end;
}

// The line behind which only readers speak, or the end.
static size_t reply_find(const struct lines *lines, size_t story)
{
    size_t told = 0;
    for (size_t i = 0; i < lines->count; i++) {
        if (is_rich(lines, i))
            told += lines->at[i].end - lines->at[i].start;
        if ((lines->at[i].flags & LINE_REPLY) && told >= STORY_BYTES_MIN && told * 3 >= story * 2)
            return i;
    }
    return lines->count;
}

// --- repetition

enum { REPEATED_MIN = 3, REPEATED_LINES_MAX = 1 << 14 };

struct repeated {
    uint64_t *hashes; // 0: free
    uint32_t *counts;
    size_t mask;
};

static size_t repeated_slot(const struct repeated *table, uint64_t hash)
{
    size_t slot = (size_t)hash & table->mask;
    while (table->hashes[slot] && table->hashes[slot] != hash)
        slot = (slot + 1) & table->mask;
    return slot;
}

static uint64_t line_hash(const struct line *line, struct slice text)
{
    return hash64(slice_from(text.ptr + line->start, line->end - line->start), 0) | 1;
}

// A poor line that is there three times is known like an entry of a menu: "Zur Merkliste". That
// alone removes none: speakers' names in a transcript repeat too.
static int mark_repeated(const struct lines *lines, struct slice text, struct arena *arena)
{
    size_t poor = 0, size = 64;
    for (size_t i = 0; i < lines->count; i++)
        poor += !is_blank(&lines->at[i]) && !is_rich(lines, i);
    if (poor < REPEATED_MIN || poor > REPEATED_LINES_MAX)
        return 0;
    while (size < 2 * poor)
        size *= 2;
    struct repeated table = {.hashes = arena_alloc_array(arena, size, sizeof *table.hashes),
                             .counts = arena_alloc_array(arena, size, sizeof *table.counts),
                             .mask = size - 1};
    if (!table.hashes || !table.counts)
        return -ENOMEM;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < lines->count; i++) {
            struct line *line = &lines->at[i];
            if (is_blank(line) || is_removed(line) || is_rich(lines, i))
                continue;
            uint64_t hash = line_hash(line, text);
            size_t slot = repeated_slot(&table, hash);
            table.hashes[slot] = hash;
            table.counts[slot] += pass == 0;
            if (pass == 1 && table.counts[slot] >= REPEATED_MIN)
                line->flags |= LINE_MENU;
        }
    }
    return 0;
}

static const struct line *neighbour(const struct lines *lines, size_t index, int step)
{
    for (size_t i = index + (size_t)step; i < lines->count; i += (size_t)step)
        if (!is_blank(&lines->at[i]))
            return &lines->at[i];
    return NULL;
}

// --- behind the story

// What stands from line `first` to the end.
struct tail {
    size_t rich, rich_bytes, others, hits;
};

// One paragraph below a headline and above another, or above something known.
static bool is_teaser(const struct lines *lines, size_t index)
{
    const struct line *before = neighbour(lines, index, -1), *behind = neighbour(lines, index, 1);
    return before && is_headline(before) && !is_hit(before) && before->width >= TEASED_WIDTH_MIN &&
           (!behind || !is_rich(lines, (size_t)(behind - lines->at)));
}

// Behind the story pages mix menus with a sentence here and there: from the last known line on
// behind which hardly anything is text, nothing is story.
static size_t tail_find(const struct lines *lines, size_t story)
{
    struct tail tail = {.hits = 0};
    size_t found = lines->count;
    for (size_t i = lines->count; i-- > 0;) {
        const struct line *line = &lines->at[i];
        if (is_rich(lines, i)) {
            tail.rich++;
            tail.rich_bytes += line->end - line->start;
        } else if (!is_blank(line)) {
            tail.others++;
            tail.hits += is_hit(line);
        }
        bool paragraph =
            line->width > HEADLINE_WIDTH_MAX && is_rich(lines, i) && !is_teaser(lines, i);
        if (paragraph || tail.rich_bytes * TAIL_SHARE > story)
            break;
        if (is_hit(line) && tail.hits >= TAIL_HITS_MIN && tail.others >= TAIL_OTHERS * tail.rich)
            found = i;
    }
    return found;
}

int furniture_mark_shapes(const struct lines *lines, struct slice text, struct arena *arena)
{
    size_t story = story_bytes(lines, 0, lines->count);
    if (story < STORY_BYTES_MIN)
        return 0;
    if (mark_repeated(lines, text, arena) < 0)
        return -ENOMEM;
    remove_poor(lines, reply_find(lines, story), lines->count);
    remove_poor(lines, tail_find(lines, story), lines->count);
    for (size_t i = 0; i < lines->count;)
        i = lines->at[i].flags & LINE_LIST ? list_judge(lines, i) : i + 1;
    size_t told = 0;
    for (size_t i = 0; i < lines->count;) {
        if (is_rich(lines, i)) {
            told += lines->at[i].end - lines->at[i].start;
            i++;
            continue;
        }
        struct run run = run_at(lines, i);
        run.head = told * HEAD_SHARE < story;
        run_judge(lines, &run);
        i = run.end;
    }
    return 0;
}
