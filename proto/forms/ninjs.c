// IPTC ninjs. 1.x has `headline` and body_text, body_xhtml, ...; 2.x has arrays `headlines` and
// `bodies` of {role, contenttype, value}; 3.x writes contentType, versionCreated and so on in camel
// case.
#include <string.h>
#include <strings.h>

#include "proto/base/json.h"
#include "proto/forms/json_form.h"

enum text_kind { TEXT_PLAIN, TEXT_HTML, TEXT_XML, TEXT_KINDS };

// A text that could become the title or the body.
struct candidate {
    const json_t *value;
    const char *name; // of the member it is in
    enum text_kind kind;
    int rank; // lower is better
};

static bool text_has(const char *text, const char *part)
{
    return text && strcasestr(text, part);
}

static const char *member_text(const json_t *object, const char *name, const char *old_name)
{
    const json_t *value = json_object_get(object, name);
    return json_string_value(value ? value : json_object_get(object, old_name));
}

// "text/html", "text/html5", "application/xhtml+xml", "body_xhtml"; "text/xml",
// "text/vnd.IPTC.NITF". The role says it where there is no content type ("xhtml", "html5").
static enum text_kind kind_by_label(const char *label, const json_t *value)
{
    if (text_has(label, "html"))
        return TEXT_HTML;
    if (text_has(label, "xml") || text_has(label, "nitf"))
        return TEXT_XML;
    if (label && strcasecmp(label, "text/plain") == 0)
        return TEXT_PLAIN;
    const char *text = json_string_value(value);
    text = text ? text + strspn(text, " \t\r\n") : "";
    return *text == '<' ? TEXT_HTML : TEXT_PLAIN;
}

static int rank_role(const char *role)
{
    static const char *const wanted[] = {"main", "text", "caption", "lead"};
    for (int i = 0; role && i < (int)(sizeof wanted / sizeof *wanted); i++) {
        if (strcasecmp(role, wanted[i]) == 0)
            return i;
    }
    return role ? 5 : 4;
}

static void consider(struct candidate *best, const struct candidate *candidate)
{
    int rank = (int)candidate->kind * 8 + candidate->rank;
    if (!best->value || rank < (int)best->kind * 8 + best->rank)
        *best = *candidate;
}

static bool is_filled(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0;
}

// 2.x and 3.x: the array `name`.
static void consider_array(struct json_reading *r, struct candidate *best, const char *name)
{
    const json_t *array = json_object_get(r->object, name);
    if (!array || json_is_null(array))
        return;
    if (!json_is_array(array)) {
        json_refuse(r, WIRE_BAD_ARTICLE,
                    "%s must be an array of {\"value\": ..., \"contentType\": ...}", name);
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        const json_t *value = json_object_get(element, "value");
        if (value && !json_is_string(value) && !json_is_null(value))
            json_refuse(r, WIRE_BAD_ARTICLE, "%s[%zu].value must be a string", name, i);
        if (!is_filled(value))
            continue;
        const char *role = json_string_value(json_object_get(element, "role"));
        const char *label = member_text(element, "contentType", "contenttype");
        struct candidate candidate = {.value = value,
                                      .name = name,
                                      .kind = kind_by_label(label ? label : role, value),
                                      .rank = rank_role(role)};
        consider(best, &candidate);
    }
}

// 1.x: every member whose name begins with `prefix` ("body_").
static void consider_prefix(struct json_reading *r, struct candidate *best, const char *prefix)
{
    const char *name;
    json_t *value;
    size_t len = strlen(prefix);
    json_object_foreach((json_t *)r->object, name, value)
    {
        if (strncmp(name, prefix, len) != 0)
            continue;
        if (!json_is_string(value) && !json_is_null(value))
            json_refuse(r, WIRE_BAD_ARTICLE, "%s must be a string", name);
        if (!is_filled(value))
            continue;
        struct candidate candidate = {.value = value,
                                      .name = name,
                                      .kind = kind_by_label(name + len, value),
                                      .rank = rank_role(name + len)};
        consider(best, &candidate);
    }
}

static struct slice take_candidate(struct json_reading *r, const struct candidate *best)
{
    if (!best->value)
        return slice_from(NULL, 0);
    if (best->kind == TEXT_PLAIN)
        return json_take_value(r, best->value, best->name);
    return json_take_html(r, best->value, best->name);
}

static struct slice take_title(struct json_reading *r)
{
    struct slice headline = json_take_text(r, "headline");
    if (headline.len)
        return headline;
    struct candidate best = {.value = NULL};
    consider_array(r, &best, "headlines");
    if (!best.value)
        consider_prefix(r, &best, "headline_");
    if (best.value)
        return take_candidate(r, &best);
    return json_take_text(r, "title");
}

// A picture has no body: its description is what there is to read.
static struct slice take_body(struct json_reading *r)
{
    struct candidate best = {.value = NULL};
    consider_array(r, &best, "bodies");
    consider_prefix(r, &best, "body_");
    if (!best.value) {
        consider_array(r, &best, "descriptions");
        consider_prefix(r, &best, "description_");
    }
    r->out->extracted = best.value && best.kind != TEXT_PLAIN;
    return take_candidate(r, &best);
}

// A date that is too long to be one stays in extra.
static struct slice take_date(struct json_reading *r)
{
    static const char *const names[] = {"published",      "versioncreated", "versionCreated",
                                        "contentcreated", "contentCreated", "firstcreated",
                                        "firstCreated"};
    struct slice text = slice_from(NULL, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names && !text.len; i++) {
        if (json_get_slice(r->object, names[i]).len <= WIRE_PUBLISHED_MAX)
            text = json_take_text(r, names[i]);
    }
    return text;
}

// Who published it. These objects hold more than the name (uri, role), so they stay in extra too.
static struct slice find_source(struct json_reading *r)
{
    static const char *const names[] = {"provider",   "infoSources",     "infosources",
                                        "infosource", "copyrightHolder", "copyrightholder"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *value = json_object_get(r->object, names[i]);
        if (json_is_array(value))
            value = json_array_get(value, 0);
        if (json_is_object(value))
            value = json_object_get(value, "name");
        if (is_filled(value) && json_string_length(value) <= WIRE_SOURCE_MAX)
            return arena_copy(r->arena,
                              slice_from(json_string_value(value), json_string_length(value)));
    }
    return slice_from(NULL, 0);
}

bool ninjs_is_like(const json_t *object)
{
    static const char *const marks[] = {
        "headline",         "headlines",      "bodies",         "descriptions",   "body_text",
        "body_xhtml",       "body_html",      "versioncreated", "versionCreated", "firstcreated",
        "firstCreated",     "contentcreated", "contentCreated", "pubstatus",      "pubStatus",
        "description_text", "$standard",      "standard"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (json_object_get(object, marks[i]))
            return true;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (strncmp(name, "body_", 5) == 0 || strncmp(name, "description_", 12) == 0)
            return true;
    }
    return false;
}

void ninjs_read(struct json_reading *r)
{
    r->out->uri = json_take_text(r, "uri");
    r->out->title = take_title(r);
    r->out->body = take_body(r);
    r->out->published = take_date(r);
    r->out->source = json_take_text(r, "source");
    if (!r->out->source.len)
        r->out->source = find_source(r);
}
