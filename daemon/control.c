#include "daemon/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "daemon/access.h"
#include "daemon/control_private.h"
#include "daemon/hello.h"
#include "proto/base/json.h"
#include "proto/base/log.h"

enum {
    HWM = 64,
    BATCH = 16,
    TURN_NS = 500000, // articles and events do not wait for 16 of what takes long on the loop
    REQUEST_MAX = 64 * 1024,
    REPLY_MAX = 64 * 1024 * 1024, // one article with its event, escaped, at the largest article_max
    ENTRY_ROOM = 64,              // behind the last entry of a list
    LOOK = ROLE_FOLLOW | ROLE_CONTROL,
};

// What a request is for.
enum purpose {
    QUESTION, // reads the store: beside the loop, since it may take as long as the store is large
    ORDER,    // changes something or takes long: not while draining
    STATE,    // of the daemon itself
};

static const struct entry {
    enum frame_kind kind;
    control_handler *handler;
    enum purpose purpose;
    unsigned roles; // any of these may ask
} table[] = {
    {FRAME_GET, control_get, QUESTION, LOOK},
    {FRAME_FIND, control_find, QUESTION, LOOK},
    {FRAME_ENTITY, control_entity, QUESTION, LOOK},
    {FRAME_STATS, control_stats, STATE, LOOK},
    {FRAME_DEAD_LIST, control_dead_list, QUESTION, ROLE_CONTROL},
    {FRAME_DEAD_SHOW, control_dead_show, QUESTION, ROLE_CONTROL},
    {FRAME_DEAD_RETRY, control_dead_retry, ORDER, ROLE_CONTROL},
    {FRAME_DEAD_DROP, control_dead_drop, ORDER, ROLE_CONTROL},
    {FRAME_VERIFY, control_verify, ORDER, ROLE_CONTROL},
    {FRAME_BACKUP, control_backup, ORDER, ROLE_CONTROL},
    {FRAME_CURSOR_LIST, control_cursor_list, QUESTION, LOOK},
    {FRAME_CURSOR_DROP, control_cursor_drop, ORDER, ROLE_CONTROL},
};

// --- ending a request ---------------------------------------------------------------------------

static void request_free(struct control_request *request)
{
    json_decref(request->args);
    buf_fini(&request->reply);
    free(request);
}

static void send_error(struct control_request *request)
{
    struct control *control = request->control;
    control->refused++;
    zsock_send_error(control->zsock, &request->to, request->frame.id, request->outcome,
                     err_text(&request->err));
}

static void answer(struct control_request *request)
{
    if (request->outcome == WIRE_OK && request->reply.failed) {
        request->outcome = WIRE_INTERNAL;
        err_set(&request->err, "out of memory for the reply");
    }
    if (request->outcome == WIRE_OK)
        zsock_send_reply(request->control->zsock, &request->to, &request->frame,
                         buf_slice(&request->reply));
    else
        send_error(request);
    request_free(request);
}

static void end(struct control_request *request, enum wire_code outcome)
{
    request->outcome = outcome;
    if (request != request->control->question)
        answer(request);
}

void control_fail(struct control_request *request, enum wire_code code)
{
    end(request, code);
}

void control_reply(struct control_request *request)
{
    end(request, WIRE_OK);
}

void control_refuse(struct control_request *request, enum wire_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(request->err.text, sizeof request->err.text, format, args);
    va_end(args);
    control_fail(request, code);
}

void control_refuse_status(struct control_request *request, int status, const char *what)
{
    switch (status) {
    case -ENOENT:
        control_refuse(request, WIRE_NOT_FOUND, "there is no %s", what);
        return;
    case -EBADMSG:
        control_refuse(request, WIRE_INTERNAL, "%s is damaged on disk; run VERIFY", what);
        return;
    case -EAGAIN:
        control_refuse(request, WIRE_BUSY, "the indexes are too far behind; ask again later");
        return;
    case -ENOSPC:
        control_refuse(request, WIRE_STORE_FULL, "the disk or the store is full");
        return;
    case -EIO:
        control_refuse(request, WIRE_STORE_FAILED, "the disk reported an error");
        return;
    case -ESHUTDOWN:
        control_refuse(request, WIRE_STOPPING, "the daemon is shutting down");
        return;
    default:
        log_error("control request failed request=%s error=\"%s\"",
                  frame_kind_name(request->frame.kind), strerror(-status));
        control_refuse(request, WIRE_INTERNAL, "%s: %s", what, strerror(-status));
    }
}

bool control_entry_fits(struct control_request *request, size_t before)
{
    if (request->reply.len <= WIRE_PAYLOAD_MAX - ENTRY_ROOM)
        return true;
    request->reply.len = before;
    return false;
}

// --- reading a request --------------------------------------------------------------------------

bool args_number(struct control_request *request, const char *name, bool required, uint64_t low,
                 uint64_t high, uint64_t *out)
{
    const json_t *value = json_object_get(request->args, name);
    if (!value && !required)
        return true;
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= 0 && (uint64_t)number >= low &&
        (uint64_t)number <= high) {
        *out = (uint64_t)number;
        return true;
    }
    if (high > INT64_MAX)
        err_set(&request->err, "\"%s\" is to be a number from %llu", name, (unsigned long long)low);
    else
        err_set(&request->err, "\"%s\" is to be a number from %llu to %llu", name,
                (unsigned long long)low, (unsigned long long)high);
    return false;
}

bool args_text(struct control_request *request, const char *name, bool required, struct slice *out)
{
    const json_t *value = json_object_get(request->args, name);
    if (!value && !required)
        return true;
    *out = json_get_slice(request->args, name);
    if (out->len)
        return true;
    err_set(&request->err, "\"%s\" is to be a text that is not empty", name);
    return false;
}

bool args_flag(struct control_request *request, const char *name, bool *out)
{
    const json_t *value = json_object_get(request->args, name);
    if (value && !json_is_boolean(value)) {
        err_set(&request->err, "\"%s\" is to be true or false", name);
        return false;
    }
    if (value)
        *out = json_boolean_value(value);
    return true;
}

static enum wire_code read_args(struct control_request *request, struct slice payload)
{
    if (payload.len > REQUEST_MAX) {
        err_set(&request->err, "the request has %zu bytes, at most %d are taken", payload.len,
                REQUEST_MAX);
        return WIRE_TOO_LARGE;
    }
    request->args = payload.len ? json_parse(payload, &request->err) : json_object();
    if (!request->args)
        return WIRE_BAD_JSON;
    if (json_is_object(request->args))
        return WIRE_OK;
    err_set(&request->err, "the payload is JSON but not an object");
    return WIRE_BAD_REQUEST;
}

// --- dispatching --------------------------------------------------------------------------------

static const struct entry *entry_of(uint8_t kind)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].kind == (enum frame_kind)kind)
            return &table[i];
    return NULL;
}

static void question_cb(uv_work_t *work)
{
    struct control_request *request = work->data;
    request->handler(request);
}

static void question_done_cb(uv_work_t *work, int status)
{
    struct control_request *request = work->data;
    struct control *control = request->control;
    (void)status; // it is never cancelled
    control->question = NULL;
    answer(request);
    zsock_resume(control->zsock);
    if (control->closing)
        control_close(control, control->closed_cb, control->closed_arg);
}

// One question at a time: what else comes waits in its sender's connection, where it is bounded.
static void ask(struct control_request *request, control_handler *handler)
{
    struct control *control = request->control;
    request->handler = handler;
    request->work.data = request;
    control->question = request;
    zsock_pause(control->zsock);
    uv_queue_work(control->telexd->loop, &request->work, question_cb, question_done_cb);
}

static void dispatch(struct control_request *request, const struct entry *entry)
{
    const struct telexd *telexd = request->control->telexd;
    if (!entry)
        control_refuse(request, WIRE_UNKNOWN_REQUEST,
                       "the control endpoint does not know request 0x%02x", request->frame.kind);
    else if (entry->purpose == ORDER && telexd->lifecycle.state >= LIFECYCLE_DRAINING)
        control_refuse(request, WIRE_STOPPING, "the daemon is shutting down");
    else if (entry->purpose == QUESTION)
        ask(request, entry->handler);
    else
        entry->handler(request);
}

static void message_cb(struct zsock *zsock, struct zsock_message *message, void *arg)
{
    struct control *control = arg;
    const struct entry *entry = entry_of(message->frame.kind);
    struct zsock_reply_to to = zsock_reply_to(message);
    struct sender *sender;
    struct err err = {""};
    control->requests++;
    enum wire_code code =
        access_admit(control->telexd->access, message, entry ? entry->roles : LOOK, &sender, &err);
    if (code != WIRE_OK) {
        control->refused++;
        zsock_send_error(zsock, &to, message->frame.id, code, err_text(&err));
        return;
    }
    if (message->frame.kind == FRAME_HELLO) {
        hello_answer(control->telexd, zsock, message, "control");
        return;
    }
    struct control_request *request = calloc(1, sizeof *request);
    if (!request) {
        zsock_send_error(zsock, &to, message->frame.id, WIRE_BUSY, "out of memory");
        return;
    }
    request->control = control;
    request->to = to;
    request->frame = message->frame;
    buf_init(&request->reply, REPLY_MAX);
    code = read_args(request, zsock_payload(message));
    if (code == WIRE_OK)
        dispatch(request, entry);
    else
        control_fail(request, code);
}

// --- life ---------------------------------------------------------------------------------------

static int open_socket(struct control *control, struct err *err)
{
    const struct telexd *telexd = control->telexd;
    struct zsock_options options = {.name = "control",
                                    .endpoint = telexd->config->control_endpoint,
                                    .type = ZMQ_ROUTER,
                                    .max_message = REQUEST_MAX,
                                    .receive_hwm = HWM,
                                    .send_hwm = HWM,
                                    .batch = BATCH,
                                    .turn_ns = TURN_NS};
    access_secure(telexd->access, "control", &options);
    return zsock_open(&control->zsock, telexd->loop, telexd->zmq, &options, message_cb, control,
                      err);
}

int control_create(struct control **out, struct telexd *telexd, struct err *err)
{
    *out = NULL;
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return err_set_errno(err, ENOMEM, "control");
    control->telexd = telexd;
    int result = store_reader_open(telexd->store, &control->reader, err);
    if (result == 0) {
        store_reader_give_way(control->reader);
        result = open_socket(control, err);
    }
    if (result != 0) {
        control_destroy(control);
        return result;
    }
    *out = control;
    return 0;
}

void control_cancel(struct control *control)
{
    if (control && control->job)
        control_job_cancel(control->job);
}

// Called by the job and the question too, when they have ended.
void control_close(struct control *control, void (*closed_cb)(void *arg), void *arg)
{
    if (!control) {
        closed_cb(arg);
        return;
    }
    control->closing = true;
    control->closed_cb = closed_cb;
    control->closed_arg = arg;
    control_cancel(control);
    if (!control->job && !control->question)
        zsock_close(control->zsock, closed_cb, arg);
}

void control_destroy(struct control *control)
{
    if (control)
        store_reader_close(control->reader);
    free(control);
}

const char *control_endpoint(const struct control *control)
{
    return zsock_endpoint(control->zsock);
}

uint64_t control_requests(const struct control *control)
{
    return control->requests;
}

uint64_t control_refused(const struct control *control)
{
    return control->refused;
}
