// Filling the error object of the public functions.
#pragma once

#include <stdbool.h>

#include <telex/error.h>

#include "proto/base/slice.h"

// Sets code and text (error may be NULL); not retryable. Returns -1.
int fail(struct telex_error *error, enum telex_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The same for what may succeed when it is tried again.
int fail_for_now(struct telex_error *error, enum telex_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Fills *error from the payload of an ERROR message: 0; or TELEX_PROTOCOL and -1 when it is none.
int fail_decode(struct slice payload, struct telex_error *error);
