// How a line is judged, in this order:
//  1. marks that only furniture has: ">>>", a copyright sign, a bare web address;
//  2. the table (furniture_rules.def): whole lines, labels before a colon, prompts;
//  3. whole lines with one typing error;
//  4. credit lines that name agencies and nothing else;
//  5. weak entries (names of networks, "Drucken"), when the line before or behind is furniture or
//     weak too.
// Lines wider than a label's can be are never furniture: a story's paragraph is safe.
#include "workers/tagger/furniture.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>

#include "workers/tagger/agencies.h"
#include "workers/tagger/domains.h"
#include "workers/tagger/folded.h"

enum {
    LABEL_WIDTH_MAX = 200,
    PROMPT_WIDTH_MAX = 160,
    WHOLE_WIDTH_MAX = 80,
    TYPO_KEY_MIN = 7,
    LABEL_KEY_MAX = 60,
    LEADIN_LINES = 3,
    PROMPT_WORDS_MAX = 8,
    CREDIT_WORDS_MAX = 5,
};

#define WHOLE  FURNITURE_WHOLE
#define LABEL  FURNITURE_LABEL
#define CREDIT FURNITURE_CREDIT
#define PROMPT FURNITURE_PROMPT
#define WEAK   FURNITURE_WEAK
static const struct furniture_rule rules[] = {
#define RULE(key, kinds) {key, kinds},
#include "workers/tagger/furniture_rules.def"
#undef RULE
};
#undef WHOLE
#undef LABEL
#undef CREDIT
#undef PROMPT
#undef WEAK

enum { RULE_COUNT = sizeof rules / sizeof *rules };

const struct furniture_rule *furniture_rules(size_t *count)
{
    *count = RULE_COUNT;
    return rules;
}

static int rule_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct furniture_rule *)entry)->key);
}

static unsigned rule_kinds(const char *key)
{
    const struct furniture_rule *found =
        bsearch(key, rules, RULE_COUNT, sizeof *rules, rule_compare_cb);
    return found ? found->kinds : 0;
}

// A leading number becomes "#", one at the end is dropped: "12 comments", "Kommentare (12)".
static void key_strip_numbers(struct folded *key)
{
    size_t digits = strspn(key->text, "0123456789");
    if (digits && key->text[digits] == ' ') {
        key->text[0] = '#';
        memmove(key->text + 1, key->text + digits, key->len - digits + 1);
        key->len -= digits - 1;
    }
    size_t end = key->len;
    while (end && isdigit((unsigned char)key->text[end - 1]))
        end--;
    if (end > 1 && end < key->len && key->text[end - 1] == ' ')
        key->text[key->len = end - 1] = 0;
}

// True when a and b differ by one letter changed, missing, doubled, or swapped with its neighbour.
static bool differs_by_one(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t same = 0, least = a_len < b_len ? a_len : b_len;
    while (same < least && a[same] == b[same])
        same++;
    const char *rest_a = a + same, *rest_b = b + same;
    size_t left_a = a_len - same, left_b = b_len - same;
    if (left_a == left_b + 1)
        return memcmp(rest_a + 1, rest_b, left_b) == 0;
    if (left_b == left_a + 1)
        return memcmp(rest_b + 1, rest_a, left_a) == 0;
    if (left_a != left_b || !left_a)
        return false;
    if (memcmp(rest_a + 1, rest_b + 1, left_a - 1) == 0)
        return true;
    return left_a >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
           memcmp(rest_a + 2, rest_b + 2, left_a - 2) == 0;
}

static bool is_whole_with_typo(const struct folded *key)
{
    if (key->len + 1 < TYPO_KEY_MIN)
        return false;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        size_t len = strlen(rules[i].key);
        if (len >= TYPO_KEY_MIN && len + 1 >= key->len && key->len + 1 >= len &&
            (rules[i].kinds & FURNITURE_WHOLE) &&
            differs_by_one(key->text, key->len, rules[i].key, len))
            return true;
    }
    return false;
}

static bool is_prompt(struct folded *key)
{
    size_t end = 0;
    for (int words = 0; words < PROMPT_WORDS_MAX && end < key->len; words++) {
        end += strcspn(key->text + end, " ");
        char behind = key->text[end];
        key->text[end] = 0;
        bool found = (rule_kinds(key->text) & FURNITURE_PROMPT) != 0;
        key->text[end] = behind;
        if (found)
            return true;
        end++;
    }
    return false;
}

static unsigned head_kinds(struct slice head)
{
    struct folded key;
    return folded_make(&key, head) ? rule_kinds(key.text) : 0;
}

static int words_in(struct slice text)
{
    int words = 0;
    for (size_t i = 0; i < text.len; i++)
        words += text.ptr[i] != ' ' && (!i || text.ptr[i - 1] == ' ');
    return words;
}

// "Label: anything", "Fot. J. Nowak/PAP", "[Disclaimer] anything".
static bool is_label(struct slice line)
{
    size_t most = line.len < LABEL_KEY_MAX ? line.len : LABEL_KEY_MAX, end = 0;
    bool bracket = line.ptr[0] == '[';
    while (end < most && line.ptr[end] != (bracket ? ']' : ':') &&
           (bracket || line.ptr[end] != '.'))
        end++;
    if (end == most || end + 1 == line.len)
        return false; // nothing behind the label: the table's whole lines
    unsigned kinds = head_kinds(slice_from(line.ptr, end));
    if (bracket)
        return (kinds & (FURNITURE_WHOLE | FURNITURE_LABEL)) != 0;
    struct slice rest = slice_from(line.ptr + end + 1, line.len - end - 1);
    if ((kinds & FURNITURE_CREDIT) && words_in(rest) <= CREDIT_WORDS_MAX)
        return true;
    return (kinds & FURNITURE_LABEL) && line.ptr[end] == ':';
}

static bool has_digit(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (isdigit((unsigned char)line.ptr[i]))
            return true;
    return false;
}

static bool is_marked(struct slice line)
{
    bool rights = slice_begins(line, "Copyright ") || slice_begins(line, "(c) ") ||
                  slice_begins(line, "(C) ");
    return slice_begins(line, ">>") || slice_begins(line, "\u00bb\u00bb") ||
           slice_begins(line, "\u00a9") || (rights && has_digit(line)) || domain_is_url(line);
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

static unsigned line_judge(const struct lines *lines, size_t index, struct slice content)
{
    const struct line *line = &lines->at[index];
    if (is_marked(content) || is_label(content))
        return FURNITURE_LABEL;
    if (line->width > PROMPT_WIDTH_MAX)
        return 0;
    if (agency_is_credit(content) && !is_continuation(lines, index))
        return FURNITURE_WHOLE;
    struct folded key;
    if (!folded_make(&key, content))
        return 0;
    key_strip_numbers(&key);
    unsigned kinds = line->width <= WHOLE_WIDTH_MAX ? rule_kinds(key.text) : 0;
    // A label or credit with nothing behind it has its text on the next line, or had a link.
    bool bare = kinds & (FURNITURE_LABEL | FURNITURE_CREDIT) && content.ptr[content.len - 1] == ':';
    if (bare || (kinds & (FURNITURE_WHOLE | FURNITURE_WEAK)))
        return bare ? FURNITURE_LABEL : kinds & (FURNITURE_WHOLE | FURNITURE_WEAK);
    bool typo = line->width <= WHOLE_WIDTH_MAX / 2 && is_whole_with_typo(&key);
    return typo || is_prompt(&key) ? FURNITURE_WHOLE : 0;
}

static void leadin_cut(struct line *line, struct slice content)
{
    size_t start, end;
    if (!agency_leadin_find(content, &start, &end))
        return;
    line->cut_start = line->start + (uint32_t)start;
    line->cut_end = line->start + (uint32_t)end;
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

void furniture_mark(const struct lines *lines, struct slice text)
{
    struct weak_run run = {0};
    int kept = 0;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        if (line->flags & LINE_BLANK)
            continue;
        struct slice content = slice_from(text.ptr + line->start, line->end - line->start);
        unsigned judged = line->width <= LABEL_WIDTH_MAX ? line_judge(lines, i, content) : 0;
        if (judged == FURNITURE_WEAK) {
            run.first = run.count ? run.first : i;
            run.count++;
            continue;
        }
        weak_run_end(&run, lines, judged != 0);
        if (judged)
            line->flags |= LINE_FURNITURE;
        else if (kept++ < LEADIN_LINES)
            leadin_cut(line, content);
    }
    weak_run_end(&run, lines, false);
}
