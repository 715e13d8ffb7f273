#include "proto/client/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/base/json.h"
#include "proto/wire/frame.h"

static void fail_set(struct telex_error *error, enum telex_code code, bool retryable,
                     const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void fail_set(struct telex_error *error, enum telex_code code, bool retryable,
                     const char *format, va_list args)
{
    if (!error)
        return;
    error->code = code;
    error->retryable = retryable;
    vsnprintf(error->message, sizeof error->message, format, args);
}

int fail(struct telex_error *error, enum telex_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_set(error, code, false, format, args);
    va_end(args);
    return -1;
}

int fail_for_now(struct telex_error *error, enum telex_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_set(error, code, true, format, args);
    va_end(args);
    return -1;
}

int fail_decode(struct slice payload, struct telex_error *error)
{
    struct err err = {0};
    json_t *root = json_parse(payload, &err);
    struct slice code = json_get_slice(root, "code"), message = json_get_slice(root, "message");
    int result = 0;
    if (!code.len)
        result = fail(error, TELEX_PROTOCOL, "the daemon's error was not understood: %s",
                      root ? "it has no code" : err_text(&err));
    // Codes of the wire and of the library are the same numbers: include/telex/error.h.
    else if (json_is_true(json_object_get(root, "retryable")))
        fail_for_now(error, (enum telex_code)wire_code_from_name(code), "%.*s", (int)message.len,
                     message.len ? message.ptr : "");
    else
        fail(error, (enum telex_code)wire_code_from_name(code), "%.*s", (int)message.len,
             message.len ? message.ptr : "");
    json_decref(root);
    return result;
}
