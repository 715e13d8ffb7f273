// Takes the long text out of a JSON article before jansson sees it: jansson reads 44 MB/s, this ten
// times that, and nearly all of an article is its body.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/slice.h"

struct json_lift {
    const char *name;     // the member whose text was taken
    struct slice text;    // decoded; in the arena
    struct slice reduced; // the JSON with a short string in its place; in the arena
};

// True when `json` (well-formed UTF-8) has a long string as member body, body_text or content_text
// of the outermost object. Checks only that string; what is left needs a parser. False, too, for a
// string that is not valid JSON.
bool json_lift_text(struct slice json, struct arena *arena, struct json_lift *lift);
