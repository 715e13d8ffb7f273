// What a peer may do. A client's file says it in words.
#pragma once

#include "proto/base/err.h"
#include "proto/base/slice.h"

enum role {
    ROLE_PUSH = 1,    // hand articles over
    ROLE_FOLLOW = 2,  // stream, live, and questions about articles, events and entities
    ROLE_CONTROL = 4, // every question and order
    ROLE_ALL = ROLE_PUSH | ROLE_FOLLOW | ROLE_CONTROL,
};

// Names with commas or blanks between them, at least one. 0 or -1 with err.
int roles_parse(unsigned *out, struct slice text, struct err *err);

// "push or follow": the roles of a set. Static memory for the sets there are.
const char *roles_name(unsigned roles);
