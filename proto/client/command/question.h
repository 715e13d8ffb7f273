// A question to the daemon and its answer, as the subcommands that look things up need it.
#pragma once

#include <jansson.h>

#include "proto/base/buf.h"
#include "proto/client/command/command.h"

enum { QUESTION_TIMEOUT_S = 10 };

struct question {
    struct telex_client *client;
    const struct context *context;
    struct buf json; // the payload, to be filled by the caller; empty: {}
    char *text;      // the answer as it came
    size_t text_len;
    json_t *answer; // the answer, parsed
};

// Opens a client. STATUS_OK, or an exit status after the reason was printed; question_fini either
// way.
int question_init(struct question *question, const struct context *context);
void question_fini(struct question *question);

// Asks; says so on stderr when nobody answers within two seconds. `timeout_s` is what --timeout
// would set, 0: for ever. STATUS_OK, or an exit status after the reason was printed. A second
// question may follow: it replaces the answer.
int question_ask(struct question *question, const char *request, uint64_t timeout_s);

// Appends ,"key":"value" (or without the comma) to the payload.
void question_put_text(struct question *question, const char *key, const char *value);
void question_put_number(struct question *question, const char *key, uint64_t value);
void question_put_flag(struct question *question, const char *key, bool value);

// Writes the answer as it came, on a line. STATUS_OK.
int question_print(const struct question *question);

// Prints "telex: message" on stderr; the exit status that goes with it.
int question_fail(const struct telex_error *error);
