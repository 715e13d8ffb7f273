// What the readers of JSON share: parsing with bounds, one parsed object to an article, and the
// fields a feed gives to all its items.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "proto/forms/forms.h"

// What an item inherits from its feed. Empty: nothing.
struct json_defaults {
    struct slice source;
    struct slice language;
};

// Fields of an article that come from JSON, and one to spare.
enum { JSON_TAKEN_MAX = 8 };

struct json_reading {
    const json_t *object;
    const struct json_defaults *defaults;
    const json_t *lifted; // stands for a text that the parser was spared (json_lift.h)
    struct slice lifted_text;
    size_t body_max;
    forms_html_cb html;
    struct arena *arena;
    struct article *out;
    struct err *err;
    enum wire_code code; // first refusal; WIRE_OK until then
    const json_t *
        taken[JSON_TAKEN_MAX]; // values that became fields of the article and are not kept in extra
    size_t taken_count;
};

// Parses within FORMS_JSON_MAX and FORMS_VALUES_MAX. `line` is that of its first byte in a file,
// for messages. The caller owns *out.
enum wire_code json_form_parse(struct slice text, uint64_t line, json_t **out, struct err *err);

// forms_read_json for an item of a feed (`defaults`, may be NULL) that begins at `line`.
enum wire_code json_form_read(struct slice text, uint64_t line,
                              const struct json_defaults *defaults, size_t body_max,
                              forms_html_cb html, struct arena *arena, struct article *out,
                              struct err *err);

// True when `root` is a JSON Feed document rather than an article.
bool json_form_is_feed(const json_t *root);

// --- for the forms themselves

// Refuses (unless something was refused before).
void json_refuse(struct json_reading *r, enum wire_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Member `name` as a string that becomes a field: taken, copied. Missing, null and empty: an empty
// slice. Another type is refused.
struct slice json_take_text(struct json_reading *r, const char *name);

// The same for a value that was already found, called `name` in messages.
struct slice json_take_value(struct json_reading *r, const json_t *value, const char *name);

// The same for HTML, converted.
struct slice json_take_html(struct json_reading *r, const json_t *value, const char *name);

// ninjs.c: title, body, source and published of a ninjs object.
bool ninjs_is_like(const json_t *object);
void ninjs_read(struct json_reading *r);
