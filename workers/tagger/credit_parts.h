// What a credit is made of: parts between separators, each an agency, a paper or site, a person, an
// editor's initials, or something else.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/slice.h"

enum credit_part {
    PART_EMPTY, // nothing, or what names nobody ("File")
    PART_WIRE,
    PART_PICTURE,
    PART_OTHER,
    PART_SITE, // a web address that is nobody known
    PART_PERSON,
    PART_INITIALS,
    PART_UNKNOWN,
    PART_KINDS,
};

// Cuts the next part off `text`; its separator goes with it. The slashes of a web address separate
// nothing.
struct slice credit_next_part(struct slice *text);

enum credit_part credit_part_of(struct slice part);

// How many parts of each kind a text has; counted up to the first unknown one, because with that it
// is no credit.
struct credit_tally {
    int of[PART_KINDS];
};

struct credit_tally credit_tally_of(struct slice text);

// Agencies, papers and broadcasters among them.
int credit_known(const struct credit_tally *tally);

// Words between spaces.
int credit_words(struct slice text);
