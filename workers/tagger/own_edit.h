// What `telex lexicon` does to the user's list.
#pragma once

#include "workers/tagger/own_place.h"

// An entity as it was given on the command line; each value may hold several names with | between
// them, or be NULL.
struct own_addition {
    const char *id, *type, *names, *pl, *de, *en;
};

// Each says on standard output what it did, on standard error what is wrong, every bad line as
// "file:line: why and what to do". 0 when all is well, else 1.

// Appends a line to the list, which is made when there is none; nothing when the line is bad or has
// an id or a name that the list has.
int own_edit_add(const struct own_place *place, const struct own_addition *addition);
// Prints the sound lines as they stand, with the ids that empty ones stand for.
int own_edit_list(const struct own_place *place);
int own_edit_check(const struct own_place *place);
// Compiles the list, when every line is sound; else the compiled file stays as it is.
int own_edit_build(const struct own_place *place);
