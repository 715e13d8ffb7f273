// The table of page furniture (furniture_rules.def) and how a line is looked up in it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "workers/tagger/folded.h"

// Kinds of a rule; more than one may be set.
enum furniture_kind {
    FURNITURE_WHOLE = 1 << 0,  // the line is this and nothing else, one typing error aside
    FURNITURE_LABEL = 1 << 1,  // this, a colon, and anything
    FURNITURE_CREDIT = 1 << 2, // this, a colon or full stop, and a few words: a caption is longer
    FURNITURE_PROMPT = 1 << 3, // the line begins with this
    FURNITURE_WEAK = 1 << 4,   // the line is this, and stands beside other furniture
    FURNITURE_MENU = 1 << 7,  // an entry of menus: says something only in a long run of short lines
    FURNITURE_LIST = 1 << 5,  // a heading of links: headlines that follow are furniture too
    FURNITURE_REPLY = 1 << 6, // a heading of readers' comments or of the form for them
};

struct furniture_rule {
    const char *key;
    size_t len;
    unsigned kinds;
};

// The table, sorted by key, for its test.
const struct furniture_rule *furniture_rules(size_t *count);

// Kinds of the rule with this folded key; 0: there is none.
unsigned furniture_kinds_of(const char *key);

// False when the text surely does not fold to the key of a CREDIT rule: a look at two letters.
bool furniture_may_be_credit(struct slice text);

// False when no key surely begins with the text's first word.
bool furniture_may_begin(struct slice text);

// A leading number becomes "#", one at the end is dropped: "12 comments", "Kommentare (12)".
void furniture_strip_numbers(struct folded *key);

// Kinds of the WHOLE rule that the key is but for one typing error, not in its first letter; 0:
// there is none.
unsigned furniture_kinds_with_typo(const struct folded *key);

// True when the key begins with a PROMPT rule.
bool furniture_is_prompt(struct folded *key);
