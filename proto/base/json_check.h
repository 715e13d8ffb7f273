// Whether text is one well-formed JSON object, without building it: an event's data is checked for
// every article, and parsing it would cost more than half of what tagging the article did.
#pragma once

#include <stdbool.h>

#include "proto/base/slice.h"

// True for one object (RFC 8259) from its first byte "{" to its last "}", nested at most
// JSON_MAX_DEPTH (json.h) deep, without NUL and lone surrogates. The text must be UTF-8 already.
// Not looked at: keys that stand twice, the size of numbers.
bool json_is_object_text(struct slice text);
