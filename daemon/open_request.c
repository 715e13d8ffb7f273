#include "daemon/open_request.h"

#include <ctype.h>

#include "proto/base/clock.h"
#include "proto/base/json.h"

enum {
    ARENA_BYTES = 128 * 1024, // four lists of 64 values of at most 256 bytes, and their slices
    LANGUAGE_MIN = 2,
    LANGUAGE_MAX = 8, // of a primary tag (RFC 5646)
};

// --- values of the filter's lists

static bool value_is_entity(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < 0x20)
            return false;
    return value.len >= 1 && value.len <= RESULT_KEY_BYTES_MAX;
}

static bool value_is_type(struct slice value)
{
    static const char *const types[] = {"person", "organisation", "place",
                                        "event",  "product",      "other"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_is(value, types[i]))
            return true;
    return false;
}

static bool value_is_language(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!islower((unsigned char)value.ptr[i]))
            return false;
    return value.len >= LANGUAGE_MIN && value.len <= LANGUAGE_MAX;
}

static bool value_is_source(struct slice value)
{
    return value.len >= 1 && value.len <= WIRE_SOURCE_MAX;
}

struct list_rule {
    const char *name;
    bool (*is_valid)(struct slice value);
    const char *wanted;
};

static int read_value(struct arena *arena, const struct list_rule *rule, const json_t *value,
                      struct slice *out, struct err *err)
{
    struct slice text = slice_from(json_string_value(value), json_string_length(value));
    if (!json_is_string(value) || !rule->is_valid(text))
        return err_set(err, "filter.%s: each value is %s", rule->name, rule->wanted);
    *out = arena_copy(arena, text);
    return 0;
}

static int read_list(struct arena *arena, const json_t *filter, const struct list_rule *rule,
                     const struct slice **values, size_t *count, struct err *err)
{
    const json_t *list = json_object_get(filter, rule->name);
    if (!list)
        return 0;
    size_t len = json_array_size(list);
    if (!json_is_array(list) || len > WIRE_FILTER_VALUES)
        return err_set(err, "filter.%s is not a list of at most %d values", rule->name,
                       WIRE_FILTER_VALUES);
    struct slice *out = arena_alloc_array(arena, len ? len : 1, sizeof *out);
    for (size_t i = 0; out && i < len; i++)
        if (read_value(arena, rule, json_array_get(list, i), &out[i], err))
            return -1;
    *values = out;
    *count = len;
    return 0;
}

static int read_filter(struct open_request *request, const json_t *root, struct err *err)
{
    static const struct list_rule entities = {"entities", value_is_entity,
                                              "an id of 1 to 250 bytes"};
    static const struct list_rule types = {"types", value_is_type,
                                           "person, organisation, place, event, product or other"};
    static const struct list_rule languages = {"languages", value_is_language,
                                               "a primary tag like \"pl\""};
    static const struct list_rule sources = {"sources", value_is_source, "1 to 256 bytes"};
    const json_t *filter = json_object_get(root, "filter");
    if (!filter)
        return 0;
    if (!json_is_object(filter))
        return err_set(err, "filter is not an object");
    struct store_filter *out = &request->filter;
    struct arena *arena = &request->arena;
    int failed = read_list(arena, filter, &entities, &out->entities, &out->entity_count, err) ||
                 read_list(arena, filter, &types, &out->types, &out->type_count, err) ||
                 read_list(arena, filter, &languages, &out->languages, &out->language_count, err) ||
                 read_list(arena, filter, &sources, &out->sources, &out->source_count, err);
    if (!failed && arena->overflowed)
        return err_set(err, "filter is too large");
    return failed ? -1 : 0;
}

// --- the other members

static int read_from(struct open_request *request, const json_t *root, struct err *err)
{
    const json_t *from = json_object_get(root, "from");
    struct slice text = json_get_slice(root, "from");
    if (!from || (json_is_string(from) && slice_is(text, "now"))) {
        request->from = OPEN_FROM_NOW;
    } else if (json_is_string(from) && slice_is(text, "first")) {
        request->from = OPEN_FROM_FIRST;
    } else if (json_is_integer(from) && json_integer_value(from) >= 1) {
        request->from = OPEN_FROM_SEQUENCE;
        request->sequence = (uint64_t)json_integer_value(from);
    } else if (json_is_string(from) && clock_parse(text, &request->time_ms)) {
        request->from = OPEN_FROM_TIME;
    } else {
        return err_set(err, "from is \"first\", \"now\", a sequence from 1 or an RFC 3339 time");
    }
    return 0;
}

static bool cursor_name_is_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c >= 0x80 || (!isalnum(c) && c != '.' && c != '_' && c != '-'))
            return false;
    }
    return name.len >= 1 && name.len <= WIRE_CURSOR_NAME_MAX;
}

static int read_cursor(struct open_request *request, const json_t *root, struct err *err)
{
    const json_t *cursor = json_object_get(root, "cursor");
    struct slice name = json_get_slice(root, "cursor");
    if (!cursor)
        return 0;
    if (!json_is_string(cursor) || !cursor_name_is_valid(name))
        return err_set(err, "cursor is a name of 1 to %d of A-Z a-z 0-9 . _ -",
                       WIRE_CURSOR_NAME_MAX);
    memcpy(request->cursor, name.ptr, name.len);
    return 0;
}

static int read_credit(struct open_request *request, const json_t *root, struct err *err)
{
    const json_t *credit = json_object_get(root, "credit");
    json_int_t value = credit ? json_integer_value(credit) : OPEN_CREDIT;
    if ((credit && !json_is_integer(credit)) || value < 1 || value > WIRE_CREDIT_MAX)
        return err_set(err, "credit is a number from 1 to %d", WIRE_CREDIT_MAX);
    request->credit = (uint32_t)value;
    return 0;
}

static int read_text(struct open_request *request, const json_t *root, struct err *err)
{
    const json_t *text = json_object_get(root, "text");
    if (text && !json_is_boolean(text))
        return err_set(err, "text is true or false");
    request->text = json_is_true(text);
    return 0;
}

static int read_members(struct open_request *request, const json_t *root, struct err *err)
{
    if (!json_is_object(root))
        return err_set(err, "the payload of OPEN is a JSON object");
    return read_from(request, root, err) || read_cursor(request, root, err) ||
                   read_credit(request, root, err) || read_text(request, root, err) ||
                   read_filter(request, root, err)
               ? -1
               : 0;
}

enum wire_code open_request_read(struct open_request *request, struct slice payload,
                                 struct err *err)
{
    *request = (struct open_request){.credit = OPEN_CREDIT};
    arena_init(&request->arena, ARENA_BYTES);
    if (!payload.len)
        return WIRE_OK;
    json_t *root = json_parse(payload, err);
    if (!root)
        return WIRE_BAD_JSON;
    int failed = read_members(request, root, err);
    json_decref(root);
    if (!failed)
        return WIRE_OK;
    open_request_fini(request);
    return WIRE_BAD_REQUEST;
}

void open_request_fini(struct open_request *request)
{
    arena_fini(&request->arena);
}
