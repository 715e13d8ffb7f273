// What the files of control share: a request under way, and how its payload is read strictly.
#pragma once

#include <jansson.h>

#include "daemon/control.h"
#include "daemon/telexd.h"
#include "daemon/zsock.h"
#include "proto/base/buf.h"

struct control_job;
struct control_request;

typedef void control_handler(struct control_request *request);

struct control {
    struct telexd *telexd;
    struct zsock *zsock;
    struct control_job *job;          // VERIFY or BACKUP that runs beside the loop
    struct control_request *question; // likewise; no message is received until it is answered
    struct store_reader *reader;      // the question's
    uint64_t requests, refused;
    bool closing;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// One request. Its handler owns it, and ends it with control_reply or control_fail, at once or
// later. A question's handler runs on a thread of its own: it ends the request before it returns,
// and of all others it touches only the question's reader.
struct control_request {
    struct control *control;
    struct zsock_reply_to to;
    struct frame frame;
    json_t *args;           // an object
    struct buf reply;       // JSON
    struct err err;         // why control_fail
    enum wire_code outcome; // WIRE_OK: reply

    // Of a question.
    uv_work_t work;
    control_handler *handler;
};

static inline struct store_reader *reader_of(const struct control_request *request)
{
    return request->control->reader;
}

// Sends reply, or err under `code`, and frees the request (a question's: when its handler has
// returned).
void control_reply(struct control_request *request);
void control_fail(struct control_request *request, enum wire_code code);

// control_fail with a text.
void control_refuse(struct control_request *request, enum wire_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// For a negative errno of the store: `what` names what was looked for ("article 17").
void control_refuse_status(struct control_request *request, int status, const char *what);

// Members of the request's payload. False: the request's err says what is wrong with which member;
// the caller ends with control_fail(request, WIRE_BAD_REQUEST). A missing member leaves *out as it
// was, and is an error where `required`.
bool args_number(struct control_request *request, const char *name, bool required, uint64_t low,
                 uint64_t high, uint64_t *out);
bool args_text(struct control_request *request, const char *name, bool required,
               struct slice *out); // not empty
bool args_flag(struct control_request *request, const char *name, bool *out);

// Lists are cut where the reply would be longer than WIRE_PAYLOAD_MAX: call with the length before
// the last entry was appended. False: it has been taken back, and nothing more fits.
bool control_entry_fits(struct control_request *request, size_t before);

control_handler control_get, control_find, control_entity, control_stats;
control_handler control_dead_list, control_dead_show, control_dead_retry, control_dead_drop;
control_handler control_cursor_list, control_cursor_drop;
control_handler control_verify, control_backup;

void control_job_cancel(struct control_job *job);
