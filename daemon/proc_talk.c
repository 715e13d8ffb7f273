#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/proc_private.h"
#include "proto/base/check.h"
#include "proto/base/json.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

enum { UNWRITTEN_BYTES = 1024 * 1024 }; // with more in our memory it gets no further jobs

// --- writing

struct proc_write {
    uv_write_t request;
    char bytes[]; // head and payload; in our memory only until the pipe has taken them
};

// Its last answers may still wait in the other pipe: were they thrown away, the first of these jobs
// would be blamed for the death in place of the one that caused it.
static void write_cb(uv_write_t *request, int status)
{
    struct proc *proc = request->handle->data;
    free(request->data);
    if (status == 0 || status == UV_ECANCELED || proc->in_failed)
        return;
    proc->in_failed = true;
    if (proc->state < PROC_KILLED)
        proc_arm(proc);
}

static int proc_send(struct proc *proc, enum worker_kind kind, uint64_t id, struct slice payload)
{
    struct proc_write *write = malloc(sizeof *write + WORKER_HEAD_BYTES + payload.len);
    if (!write)
        return -ENOMEM;
    struct worker_head head = {WORKER_VERSION, (uint8_t)kind, (uint32_t)payload.len, id};
    worker_head_encode(&head, (uint8_t *)write->bytes);
    if (payload.len)
        memcpy(write->bytes + WORKER_HEAD_BYTES, payload.ptr, payload.len);
    write->request.data = write;
    uv_buf_t bytes = uv_buf_init(write->bytes, (unsigned)(WORKER_HEAD_BYTES + payload.len));
    int failed = uv_write(&write->request, (uv_stream_t *)&proc->in, &bytes, 1, write_cb);
    if (failed)
        free(write);
    return failed;
}

void proc_send_ping(struct proc *proc)
{
    proc->pinged = true;
    proc_send(proc, WORKER_PING, ++proc->ping, slice_from(NULL, 0));
    proc_arm(proc);
}

bool proc_has_room(const struct proc *proc)
{
    return proc->state == PROC_READY && !proc->exited && !proc->in_failed && !proc->stalled &&
           proc->count < proc->options.window &&
           uv_stream_get_write_queue_size((const uv_stream_t *)&proc->in) < UNWRITTEN_BYTES;
}

int proc_give(struct proc *proc, uint64_t offset, struct slice record)
{
    if (!check_should(proc_has_room(proc)))
        return -EBUSY;
    int failed = proc_send(proc, WORKER_JOB, offset, record);
    if (failed)
        return failed;
    unsigned last = (proc->first + proc->count++) % proc->options.window;
    proc->jobs[last] = (struct proc_job){.offset = offset};
    if (proc->count == 1)
        proc_arm(proc);
    return 0;
}

// --- reading

static void keep_lexicon(struct proc *proc, struct slice name)
{
    if (name.len >= sizeof proc->lexicon)
        name.len = utf8_valid_prefix(slice_from(name.ptr, sizeof proc->lexicon - 1));
    if (name.len)
        memcpy(proc->lexicon, name.ptr, name.len);
    proc->lexicon[name.len] = '\0';
}

static bool take_hello(struct proc *proc, struct slice payload)
{
    struct err err = {0};
    json_t *hello = proc->state == PROC_STARTING ? json_parse(payload, &err) : NULL;
    if (!json_is_object(hello)) {
        json_decref(hello);
        return false;
    }
    keep_lexicon(proc, json_get_slice(hello, "lexicon"));
    struct slice version = json_get_slice(hello, "version");
    log_info("worker_ready pid=%d generation=%u version=\"%.*s\" lexicon=\"%s\"", proc_pid(proc),
             proc->options.generation, (int)version.len, version.len ? version.ptr : "",
             proc->lexicon);
    json_decref(hello);
    proc->state = PROC_READY;
    proc->end.ready = true;
    proc_arm(proc);
    proc->options.events.ready_cb(proc, proc->options.arg);
    return true;
}

static bool take_result(struct proc *proc, uint64_t id, struct slice payload)
{
    if (!proc->count || proc->jobs[proc->first].offset != id)
        return false;
    struct err err = {0};
    if (!proc->jobs[proc->first].taken_back &&
        proc->options.events.result_cb(proc, id, payload, &err, proc->options.arg)) {
        proc_kill(proc, "protocol error: %s", err_text(&err));
        return true;
    }
    proc_pop_job(proc);
    proc->stalled = false;
    proc->end.worked = true;
    if (proc->state == PROC_RETIRING && !proc->count)
        proc_leave(proc);
    else
        proc_arm(proc);
    return true;
}

static bool take_pong(struct proc *proc, uint64_t id)
{
    if (!proc->pinged || id != proc->ping)
        return false;
    proc->pinged = false;
    if (!proc->count)
        proc_arm(proc);
    return true;
}

static bool take_frame(struct proc *proc, const struct worker_head *head, struct slice payload)
{
    switch (head->kind) {
    case WORKER_HELLO:
        return take_hello(proc, payload);
    case WORKER_RESULT:
        return take_result(proc, head->id, payload);
    default:
        return take_pong(proc, head->id);
    }
}

static void take_frames(struct proc *proc)
{
    struct worker_head head;
    struct slice payload;
    int more = 0;
    while (!proc->paused && proc->state < PROC_KILLED &&
           (more = worker_reader_next(&proc->reader, &head, &payload)) == 1) {
        if (!take_frame(proc, &head, payload))
            proc_kill(proc, "protocol error: frame of kind %u with id %llu out of turn", head.kind,
                      (unsigned long long)head.id);
    }
    if (more == -EPROTO)
        proc_kill(proc,
                  "protocol error: worker speaks version %u, not %u (old and new binaries "
                  "mixed?)",
                  head.version, WORKER_VERSION);
    else if (more < 0)
        proc_kill(proc, "protocol error: not a frame of ours");
}

static void out_alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct proc *proc = handle->data;
    size_t room = 0;
    char *at = worker_reader_room(&proc->reader, &room);
    *buf = uv_buf_init(at, (unsigned)room);
}

static void out_read_cb(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    (void)buf;
    struct proc *proc = stream->data;
    if (len > 0) {
        worker_reader_filled(&proc->reader, (size_t)len);
        take_frames(proc);
    } else if (len == UV_ENOBUFS) {
        proc_kill(proc, "no memory for its result");
    } else if (len < 0) {
        proc_output_done(proc);
    }
}

static void err_alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct proc *proc = handle->data;
    *buf = uv_buf_init(proc->stderr_bytes, sizeof proc->stderr_bytes);
}

static void err_read_cb(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct proc *proc = stream->data;
    if (len > 0) {
        last_words_add(&proc->words, slice_from(buf->base, (size_t)len), proc_pid(proc));
    } else if (len < 0) {
        proc_stderr_done(proc);
    }
}

void proc_talk_start(struct proc *proc)
{
    uv_read_start((uv_stream_t *)&proc->out, out_alloc_cb, out_read_cb);
    uv_read_start((uv_stream_t *)&proc->err, err_alloc_cb, err_read_cb);
}

void proc_talk_pause(struct proc *proc)
{
    uv_read_stop((uv_stream_t *)&proc->out);
}

void proc_talk_resume(struct proc *proc)
{
    if (!proc->out_done)
        uv_read_start((uv_stream_t *)&proc->out, out_alloc_cb, out_read_cb);
    take_frames(proc);
}
