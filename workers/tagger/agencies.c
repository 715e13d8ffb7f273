#include "workers/tagger/agencies.h"

#include <stdlib.h>

#include "proto/base/utf8.h"
#include "workers/tagger/domains.h"
#include "workers/tagger/folded.h"
#include "workers/tagger/unicode.h"

enum { NAME_BYTES_MAX = 40, PLACE_BYTES_MAX = 60, CREDIT_BYTES_MAX = 120, PARTS_MAX = 10 };

static const struct agency {
    const char *key;
    enum agency_kind kind;
} agencies[] = {
#define AGENCY(key, kind) {key, kind},
#include "workers/tagger/agencies.def"
#undef AGENCY
};

static int agency_compare_cb(const void *key, const void *entry)
{
    return strcmp(key, ((const struct agency *)entry)->key);
}

enum agency_kind agency_kind_of(struct slice name)
{
    struct folded key;
    if (!name.len || name.len > NAME_BYTES_MAX || !folded_make(&key, name))
        return AGENCY_NONE;
    const struct agency *found = bsearch(key.text, agencies, sizeof agencies / sizeof *agencies,
                                         sizeof *agencies, agency_compare_cb);
    return found ? found->kind : AGENCY_NONE;
}

static struct slice slice_trim(struct slice text)
{
    while (text.len && text.ptr[0] == ' ')
        text = slice_from(text.ptr + 1, text.len - 1);
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

// Initials of an editor beside an agency: "mal", "aja".
static bool is_initials(struct slice part)
{
    if (part.len < 2 || part.len > 4)
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.ptr[i] < 'a' || part.ptr[i] > 'z')
            return false;
    return true;
}

struct credit {
    int wires, others, initials, unknown;
};

static void credit_count(struct credit *credit, struct slice part)
{
    part = slice_trim(part);
    if (!part.len)
        return;
    enum agency_kind kind = agency_kind_of(part);
    if (kind == AGENCY_WIRE)
        credit->wires++;
    else if (kind == AGENCY_OTHER || domain_is_name(part))
        credit->others++;
    else if (is_initials(part))
        credit->initials++;
    else
        credit->unknown++;
}

static bool is_credit_separator(char byte)
{
    return byte == '/' || byte == ',' || byte == ';' || byte == '|' || byte == '(' || byte == ')' ||
           byte == '+' || byte == '&';
}

static struct credit credit_read(struct slice text)
{
    struct credit credit = {0};
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && !is_credit_separator(text.ptr[i]))
            continue;
        credit_count(&credit, slice_from(text.ptr + start, i - start));
        start = i + 1;
    }
    return credit;
}

bool agency_is_credit(struct slice line)
{
    if (line.len > CREDIT_BYTES_MAX)
        return false;
    struct credit credit = credit_read(line);
    int known = credit.wires + credit.others;
    return !credit.unknown && known + credit.initials <= PARTS_MAX && (credit.wires || known >= 2);
}

// "(PAP)", "(dpa/lno)", "(Reuters, AFP)": something known, nothing long beside it.
static bool is_leadin_agency(struct slice inside)
{
    if (!inside.len || inside.len > NAME_BYTES_MAX)
        return false;
    struct credit credit = credit_read(inside);
    return credit.wires && !credit.unknown;
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

static bool leadin_in_brackets(struct slice line, size_t open, size_t *cut_start, size_t *cut_end)
{
    size_t left = line.len - open - 1;
    const char *close =
        memchr(line.ptr + open + 1, ')', left < NAME_BYTES_MAX ? left : NAME_BYTES_MAX);
    if (!close)
        return false;
    size_t end = (size_t)(close - line.ptr) + 1;
    if (!is_leadin_agency(slice_from(line.ptr + open + 1, end - open - 2)))
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
    return dash && *cut_start && is_place_part(slice_from(line.ptr, *cut_start));
}

bool agency_leadin_find(struct slice line, size_t *cut_start, size_t *cut_end)
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
