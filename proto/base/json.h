// What every reader and writer of JSON here shares: one strict way to parse, one way to escape.
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

enum { JSON_MAX_DEPTH = 32 };

// Parses one JSON object or array: UTF-8 checked, duplicate keys and NUL (\u0000) refused, nesting
// at most JSON_MAX_DEPTH deep (checked before parsing: depth costs memory). NULL on failure; err
// names line and column. The caller owns the result.
json_t *json_parse(struct slice text, struct err *err);

// The same for a text that begins at line `first_line` of some file: err names the file's line.
json_t *json_parse_from(struct slice text, uint64_t first_line, struct err *err);

// The string member `key` of `object`, or an empty slice when it is missing or not a string. Valid
// as long as the object.
struct slice json_get_slice(const json_t *object, const char *key);

// Appends `text` (well-formed UTF-8) as a JSON string with its quotes.
void json_put_string(struct buf *out, struct slice text);

// Appends `value` as compact JSON, members in insertion order. Reals keep 15 significant digits
// (0.1 stays 0.1).
void json_put_value(struct buf *out, const json_t *value);
