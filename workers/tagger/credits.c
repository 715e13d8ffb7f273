// A credit is read as its parts (credit_parts.h); one that is nobody means that it is none.
#include "workers/tagger/credits.h"

#include <errno.h>
#include <string.h>

#include "proto/base/utf8.h"
#include "workers/tagger/agencies.h"
#include "workers/tagger/credit_parts.h"
#include "workers/tagger/folded.h"
#include "workers/tagger/furniture_rules.h"
#include "workers/tagger/unicode.h"

enum {
    INSIDE_BYTES_MAX = 40,
    PLACE_BYTES_MAX = 60,
    LINE_BYTES_MAX = 120,
    REPORTING_BYTES_MAX = 600,
    TAIL_BYTES_MAX = 100,
    LABEL_BYTES_MAX = 40,
    PARTS_MAX = 10,
    VALUE_WORDS_MAX = 6,
};

int credits_add(struct credits *credits, struct credit credit, struct arena *arena)
{
    if (credits->count == credits->capacity) {
        size_t grown = credits->capacity ? credits->capacity * 2 : 8;
        struct credit *at = arena_alloc_array(arena, grown, sizeof *at);
        if (!at)
            return -ENOMEM;
        if (credits->count)
            memcpy(at, credits->at, credits->count * sizeof *at);
        credits->at = at;
        credits->capacity = grown;
    }
    credits->at[credits->count++] = credit;
    return 0;
}

// --- labels and prefixes

static bool is_credit_label(struct slice head)
{
    struct folded key;
    return furniture_may_be_credit(head) && folded_make(&key, head) &&
           (furniture_kinds_of(key.text) & FURNITURE_CREDIT);
}

static bool is_copyright(struct slice text, size_t at)
{
    return at + 1 < text.len && memcmp(text.ptr + at, "\u00a9", 2) == 0;
}

// "fot. PAP" and "fot.PAP", but not "Foto.com".
static bool is_label_end(struct slice text, size_t at)
{
    char next = at + 1 < text.len ? text.ptr[at + 1] : ' ';
    return text.ptr[at] == ':' || text.ptr[at] == ' ' || next == ' ' ||
           (next >= 'A' && next <= 'Z');
}

// A label that began before would end here.
static bool is_label_sign(struct slice text, size_t at)
{
    return text.ptr[at] == ':' || text.ptr[at] == '.' || is_copyright(text, at + 1);
}

// Bytes of a label at the start and of its colon or full stop, or 0.
static size_t label_length(struct slice text)
{
    size_t most = text.len < LABEL_BYTES_MAX ? text.len : LABEL_BYTES_MAX;
    for (size_t i = 1; i < most; i++)
        if (is_label_sign(text, i))
            return is_label_end(text, i) && is_credit_label(slice_from(text.ptr, i)) ? i + 1 : 0;
    return 0;
}

static struct slice skip_open(struct slice text)
{
    while (text.len && strchr(" \t\r\n([|", text.ptr[0]))
        text = slice_from(text.ptr + 1, text.len - 1);
    return text;
}

struct slice credit_value(struct slice credit)
{
    struct slice value = skip_open(credit);
    for (size_t label; value.len && (label = label_length(value));)
        value = skip_open(slice_from(value.ptr + label, value.len - label));
    return value;
}

// Bytes of the first of these that the text begins with, or 0.
static size_t prefix_length(struct slice text, const char *const *known, size_t count)
{
    for (size_t i = 0; text.len && i < count; i++)
        if (*text.ptr == *known[i] && slice_begins(text, known[i]))
            return strlen(known[i]);
    return 0;
}

// "mit dpa", "With reporting by AP": what may stand before the agencies of a line.
static struct slice skip_prefix(struct slice line)
{
    static const char *const prefixes[] = {"mit Material von ",
                                           "mit Informationen von ",
                                           "mit Agenturmaterial von ",
                                           "mit ",
                                           "Mit Material von ",
                                           "Mit Informationen von ",
                                           "Mit Agenturmaterial von ",
                                           "Mit ",
                                           "With reporting by ",
                                           "With reporting from ",
                                           "With material from ",
                                           "With ",
                                           "with reporting by ",
                                           "na podstawie ",
                                           "Na podstawie ",
                                           "na podst. ",
                                           "oprac. na podstawie ",
                                           "Agencja ",
                                           "Agentur ",
                                           "za "};
    size_t len = prefix_length(line, prefixes, sizeof prefixes / sizeof *prefixes);
    return slice_from(line.ptr + len, line.len - len);
}

// --- whole lines

// "By Jane Smith and John Doe", "Von Jan Nowak, dpa", "Autor: Jan Nowak".
static bool is_byline(struct slice line)
{
    static const char *const heads[] = {"By ", "by ", "Von ", "von ", "VON ", "BY "};
    size_t len = prefix_length(line, heads, sizeof heads / sizeof *heads);
    if (!len)
        return false;
    struct credit_tally tally = credit_tally_of(slice_from(line.ptr + len, line.len - len));
    return !tally.of[PART_UNKNOWN] && tally.of[PART_PERSON] > 0;
}

// "kno/ mal/": the editors' signs that Polish and German agencies end with.
static bool is_signs(struct slice line, const struct credit_tally *tally)
{
    return line.len <= 16 && line.ptr[line.len - 1] == '/' && tally->of[PART_INITIALS] &&
           !tally->of[PART_UNKNOWN] && !tally->of[PART_PERSON];
}

// "(Reporting by Jane Smith; Editing by John Doe)"
static bool is_reporting(struct slice line)
{
    static const char *const heads[] = {"Reporting by ", "Additional reporting by ",
                                        "Writing by ",   "Editing by ",
                                        "Compiled by ",  "(Reporting: ",
                                        "Reporting: "};
    if (line.len && line.ptr[0] == '(')
        line = slice_from(line.ptr + 1, line.len - 1);
    return line.len <= REPORTING_BYTES_MAX &&
           prefix_length(line, heads, sizeof heads / sizeof *heads);
}

static bool has_strong_sign(struct slice line)
{
    return memchr(line.ptr, '/', line.len) || memchr(line.ptr, '|', line.len) ||
           memchr(line.ptr, '(', line.len) || memmem(line.ptr, line.len, "\u00a9", 2) ||
           memmem(line.ptr, line.len, " via ", 5);
}

bool credit_is_line(struct slice line, bool edge)
{
    if (!line.len)
        return false;
    size_t label = label_length(line);
    bool copyright = label && is_copyright(line, label); // "Foto © Jan Nowak"
    if (is_reporting(line) || (copyright && credit_words(line) <= VALUE_WORDS_MAX + 2))
        return true;
    if (line.len > LINE_BYTES_MAX)
        return false;
    struct credit_tally tally = credit_tally_of(skip_prefix(line));
    int known = credit_known(&tally), sure = tally.of[PART_WIRE] + tally.of[PART_PICTURE];
    if (edge && (is_byline(line) || is_signs(line, &tally)))
        return true;
    if (tally.of[PART_UNKNOWN] || known + tally.of[PART_INITIALS] > PARTS_MAX)
        return false;
    bool slash = memchr(line.ptr, '/', line.len) != NULL;
    if (!tally.of[PART_PERSON])
        return sure || known >= 2 || (known + tally.of[PART_SITE] >= 2 && (known || slash));
    return known && tally.of[PART_PERSON] <= 2 && (has_strong_sign(line) || (edge && sure));
}

// --- in a line

// "(PAP)", "(dpa/lno)", "(Reuters, AFP)": something known, nothing long beside it.
static bool is_agency_inside(struct slice inside)
{
    if (!inside.len || inside.len > INSIDE_BYTES_MAX)
        return false;
    struct credit_tally tally = credit_tally_of(inside);
    return tally.of[PART_WIRE] && !tally.of[PART_UNKNOWN] && !tally.of[PART_PERSON];
}

// Length of " - ", " – ", ": " and the like at `at`, or 0.
static size_t dash_length(struct slice line, size_t at)
{
    size_t first = at;
    while (at < line.len && line.ptr[at] == ' ')
        at++;
    if (at == line.len)
        return 0;
    uint32_t code = utf8_next(line, &at);
    if (code == '-' && at < line.len && line.ptr[at] == '-')
        at++;
    bool dash = unicode_is_dash(code) && at > first + 1;
    if ((!dash && code != ':') || at == line.len || line.ptr[at] != ' ')
        return 0;
    while (at < line.len && line.ptr[at] == ' ')
        at++;
    return at - first;
}

// "WARSZAWA", "MOSCOW, Nov 3", "Berlin/Hamburg": begins like a name, holds nothing that ends a
// sentence.
static bool is_place_part(struct slice place)
{
    size_t at = 0;
    if (place.len > PLACE_BYTES_MAX || unicode_class_of(utf8_next(place, &at)) != UNICODE_UPPER)
        return false;
    int words = 1;
    for (size_t i = 0; i < place.len; i++) {
        if (strchr("!?;:\"()", place.ptr[i]))
            return false;
        words += place.ptr[i] == ' ';
    }
    return words <= 6;
}

// "Berlin (dpa) - Der ...", "LONDYN (PAP). Premier ...".
static bool leadin_in_brackets(struct slice line, size_t open, size_t *cut_start, size_t *cut_end)
{
    size_t left = line.len - open - 1;
    const char *close =
        memchr(line.ptr + open + 1, ')', left < INSIDE_BYTES_MAX ? left : INSIDE_BYTES_MAX);
    if (!close)
        return false;
    size_t end = (size_t)(close - line.ptr) + 1;
    if (!is_agency_inside(slice_from(line.ptr + open + 1, end - open - 2)))
        return false;
    size_t dash = dash_length(line, end);
    if (!open) { // "(dpa) Der ...", "(PAP) - Der ...": nothing before it to keep
        *cut_start = 0;
        *cut_end = dash ? end + dash : end + (end < line.len && line.ptr[end] == ' ');
        return *cut_end < line.len;
    }
    *cut_start = open;
    while (*cut_start && line.ptr[*cut_start - 1] == ' ')
        (*cut_start)--;
    *cut_end = end;
    bool stop = end + 1 < line.len && line.ptr[end] == '.' && line.ptr[end + 1] == ' ';
    return (dash || stop) && *cut_start && is_place_part(slice_from(line.ptr, *cut_start));
}

bool credit_find_leadin(struct slice line, size_t *cut_start, size_t *cut_end)
{
    size_t head = line.len < PLACE_BYTES_MAX ? line.len : PLACE_BYTES_MAX;
    const char *open = head ? memchr(line.ptr, '(', head) : NULL;
    if (open && leadin_in_brackets(line, (size_t)(open - line.ptr), cut_start, cut_end))
        return true;
    // "Reuters - Der ...": the agency alone, then a dash.
    size_t name = 0;
    while (name < head && line.ptr[name] != ' ')
        name++;
    size_t dash = name && name < head ? dash_length(line, name) : 0;
    if (!dash || agency_kind_of(slice_from(line.ptr, name)) != AGENCY_WIRE)
        return false;
    *cut_start = 0;
    *cut_end = name + dash;
    return *cut_end < line.len;
}

// A sentence, a quotation or a bracket ends before `at`.
static bool is_behind_sentence(struct slice line, size_t at)
{
    while (at && line.ptr[at - 1] == ' ')
        at--;
    if (!at)
        return false;
    if (strchr(".!?\"|)", line.ptr[at - 1]))
        return true;
    return at >= 3 && (memcmp(line.ptr + at - 3, "\u201d", 3) == 0 ||
                       memcmp(line.ptr + at - 3, "\u201c", 3) == 0 ||
                       memcmp(line.ptr + at - 3, "\u2026", 3) == 0);
}

static bool tail_in_brackets(struct slice line, bool last, size_t *start)
{
    static const char pairs[][2] = {{'(', ')'}, {'[', ']'}, {'/', '/'}};
    size_t end = line.len - (line.ptr[line.len - 1] == '.');
    for (size_t i = 0; end > 2 && i < sizeof pairs / sizeof *pairs; i++) {
        if (line.ptr[end - 1] != pairs[i][1])
            continue;
        size_t most = end - 1 < TAIL_BYTES_MAX ? end - 1 : TAIL_BYTES_MAX;
        const char *open = memrchr(line.ptr + end - 1 - most, pairs[i][0], most);
        if (!open || open == line.ptr)
            return false;
        *start = (size_t)(open - line.ptr);
        struct slice inside = slice_from(open + 1, end - 1 - *start - 1);
        if (open[-1] != ' ' || (!last && !is_behind_sentence(line, *start)))
            return false;
        return is_agency_inside(inside) || (pairs[i][0] == '(' && is_reporting(inside));
    }
    return false;
}

// "... sagte er. dpa": on the story's last line only.
static bool tail_bare(struct slice line, size_t *start)
{
    size_t at = line.len;
    while (at && line.len - at < 16 && line.ptr[at - 1] != ' ')
        at--;
    *start = at;
    bool small = at < line.len && line.ptr[at] >= 'a' && line.ptr[at] <= 'z';
    return small && at > 2 && line.ptr[at - 1] == ' ' && is_behind_sentence(line, at) &&
           is_agency_inside(slice_from(line.ptr + at, line.len - at));
}

// What may stand behind a label in running text: someone known or a person, and nothing else.
static bool is_label_value(struct slice value)
{
    struct credit_tally tally = credit_tally_of(value);
    return !tally.of[PART_UNKNOWN] &&
           credit_known(&tally) + tally.of[PART_SITE] + tally.of[PART_PERSON] > 0 &&
           credit_words(value) <= VALUE_WORDS_MAX;
}

// "... on Monday. Foto: dpa", "(Fot. PAP/Jan Nowak)", "... | Bild: Reuters".
static bool tail_labelled(struct slice line, size_t *start)
{
    size_t least = line.len > TAIL_BYTES_MAX ? line.len - TAIL_BYTES_MAX : 0;
    size_t sign = 0; // where a label that begins at `at` ends; not at the line's end
    for (size_t at = line.len - 2; at-- > least + 1;) {
        if (is_label_sign(line, at + 1))
            sign = at + 1;
        char before = line.ptr[at - 1];
        if (!sign || (before != ' ' && before != '(' && before != '[') || line.ptr[at] == ' ' ||
            sign - at >= LABEL_BYTES_MAX || !is_label_end(line, sign) ||
            !is_credit_label(slice_from(line.ptr + at, sign - at)))
            continue;
        *start = at - (before != ' ');
        struct slice value = slice_from(line.ptr + sign + 1, line.len - sign - 1);
        return is_label_value(value) && (before != ' ' || is_behind_sentence(line, *start));
    }
    return false;
}

// "... on Monday. © AFP / Jane Smith": whoever owns the picture, at most a few words.
static bool tail_copyright(struct slice line, size_t *start)
{
    size_t most = line.len - 1 < TAIL_BYTES_MAX ? line.len - 1 : TAIL_BYTES_MAX;
    const char *from = line.ptr + line.len - most, *end = line.ptr + line.len - 1, *sign = end;
    while ((sign = memrchr(from, '\xc2', (size_t)(sign - from))) && sign[1] != '\xa9')
        ;
    if (!sign)
        return false;
    *start = (size_t)(sign - line.ptr);
    struct slice value = slice_from(sign + 2, line.len - *start - 2);
    return value.len && credit_words(value) <= VALUE_WORDS_MAX + 2 &&
           !memmem(value.ptr, value.len, ". ", 2);
}

bool credit_find_tail(struct slice line, bool last, size_t *start)
{
    if (line.len < 4)
        return false;
    return tail_in_brackets(line, last, start) || (last && tail_bare(line, start)) ||
           tail_labelled(line, start) || tail_copyright(line, start);
}

// --- names

size_t credit_names(struct slice credit, struct slice *names, size_t most)
{
    size_t count = 0;
    struct slice rest = skip_prefix(credit_value(credit));
    while (rest.len && count < most) {
        struct slice part = credit_next_part(&rest);
        enum credit_part kind = credit_part_of(part);
        if (kind != PART_EMPTY && kind != PART_INITIALS)
            names[count++] = part;
    }
    return count;
}
