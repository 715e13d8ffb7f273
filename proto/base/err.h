// One error, as text for a person. Functions that fail return a negative errno (or -1 where only
// the text matters) and leave the reason here. Every function accepts NULL for the error when the
// caller does not care.
#pragma once

#include <stdarg.h>

struct err {
    char text[512]; // always NUL-terminated; empty when nothing failed
};

// Sets the text. Returns -1, so that a failing path reads `return err_set(err, ...)`.
int err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Sets the text and returns `-errnum`; `errnum` is a positive errno value.
int err_set_errno(struct err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Puts "context: " before the text that is already there. Returns -1.
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The text, or "unknown error" when err is NULL or nothing was set.
const char *err_text(const struct err *err);
