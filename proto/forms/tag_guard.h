// Bounds the attributes of one start tag. libxml2 compares every attribute with all before it: a
// tag of 3 MB kept it busy for minutes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

// XML arrives in pieces, and libxml2 parses a tag only once its end has arrived: whoever pushes
// bytes can look at what is still waiting. A zeroed one starts.
struct tag_guard {
    uint64_t position; // of the tag looked at, in the parser's input
    size_t looked;     // bytes of it
    unsigned separators;
    char quote;
    bool after_equals;
};

// `waiting` is what the parser has not parsed yet, beginning at `position` of its input. False: it
// begins a tag with too many attributes.
bool tag_guard_check(struct tag_guard *guard, uint64_t position, struct slice waiting);

// Whole HTML: false when a tag has too many attributes, as libxml2 counts them. Comments, scripts
// and style sheets are stepped over. Linear in the length.
bool tag_guard_html(struct slice html);
