#include "proto/client/follow_open.h"

#include <string.h>

#include "proto/base/json.h"
#include "proto/client/fail.h"
#include "proto/wire/limits.h"

enum { FOLLOW_EXTRAS_MAX = 1024 * 1024, FOLLOW_CREDIT = 1024 };

static void put_list(struct buf *out, const char *name, const char *const *values)
{
    if (!values || !values[0])
        return;
    if (out->ptr[out->len - 1] != '{')
        buf_put_byte(out, ',');
    buf_printf(out, "\"%s\":[", name);
    for (size_t i = 0; values[i]; i++) {
        if (i)
            buf_put_byte(out, ',');
        json_put_string(out, slice_from_text(values[i]));
    }
    buf_put_byte(out, ']');
}

static void put_extras(struct buf *out, const struct telex_follow_options *options)
{
    if (options->cursor) {
        buf_put_text(out, ",\"cursor\":");
        json_put_string(out, slice_from_text(options->cursor));
    }
    buf_put_text(out, options->text ? ",\"text\":true,\"filter\":{" : ",\"filter\":{");
    if (out->failed)
        return;
    put_list(out, "entities", options->entities);
    put_list(out, "types", options->types);
    put_list(out, "languages", options->languages);
    put_list(out, "sources", options->sources);
    buf_put_byte(out, '}');
}

int follow_prepare(struct follow *follow, const struct telex_follow_options *options,
                   struct telex_error *error)
{
    follow->credit = options->credit ? options->credit : FOLLOW_CREDIT;
    if (follow->credit > WIRE_CREDIT_MAX)
        return fail(error, TELEX_BAD_REQUEST, "credit is %u, at most %d can be given",
                    follow->credit, WIRE_CREDIT_MAX);
    follow->cursor = options->cursor;
    buf_init(&follow->extras, FOLLOW_EXTRAS_MAX);
    put_extras(&follow->extras, options);
    follow->from = options->from ? strdup(options->from) : NULL;
    if (follow->extras.failed || (options->from && !follow->from))
        return fail(error, TELEX_SYSTEM, "out of memory");
    return 0;
}

// A sequence goes out as a number, anything else as text.
static void put_from(struct buf *out, const char *from)
{
    size_t digits = strspn(from, "0123456789");
    size_t zeros = strspn(from, "0");
    if (digits == 0 || digits > 18 || from[digits])
        json_put_string(out, slice_from_text(from));
    else
        buf_put_text(out, zeros == digits ? "0" : from + zeros);
}

void follow_put_open(struct buf *out, const struct follow *follow)
{
    buf_printf(out, "{\"credit\":%u", follow->credit);
    if (follow->located) {
        buf_put_text(out, ",\"from\":");
        buf_put_decimal(out, follow->position);
    } else if (follow->from) {
        buf_put_text(out, ",\"from\":");
        put_from(out, follow->from);
    }
    buf_put_slice(out, buf_slice(&follow->extras));
    buf_put_byte(out, '}');
}

int follow_read_opened(struct slice payload, uint64_t *next, struct telex_error *error)
{
    struct err err = {0};
    json_t *root = json_parse(payload, &err);
    const json_t *value = json_object_get(root, "next");
    bool known = json_is_integer(value) && json_integer_value(value) >= 0;
    if (known)
        *next = (uint64_t)json_integer_value(value);
    json_decref(root);
    return known ? 0 : fail(error, TELEX_PROTOCOL, "the daemon's answer to OPEN has no place");
}
