// Where a JSON value ends, without parsing it: brackets are matched, strings are skipped.
// Resumable, so that a value may arrive in pieces.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum json_scan_result {
    JSON_SCAN_MORE,   // the value goes on behind these bytes
    JSON_SCAN_DONE,   // its last byte is before `at`
    JSON_SCAN_BROKEN, // cannot be JSON: a bracket closes another, a line ends inside a string
};

struct json_scan {
    size_t at;      // bytes looked at
    unsigned depth; // open brackets
    uint64_t kinds; // of the innermost 64: 1 is an object
    bool in_string;
    bool escaped;
};

// Looks at bytes from scan->at on; they begin with the value's opening bracket. A zeroed scan
// starts.
enum json_scan_result json_scan_run(struct json_scan *scan, struct slice bytes);

// The value of member `name` of the complete object `text` (name without escapes). False when there
// is none.
bool json_scan_member(struct slice text, const char *name, struct slice *value);
