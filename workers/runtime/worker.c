// 1. Enter the sandbox, say HELLO.
// 2. Take every whole frame that has been read, answer it, and write the answer before the next one
//    is looked at: when an article ends or stops the process, the daemon sees which one it was.
//    That is a hundredth of the time an article takes.
// 3. When no whole frame is left, wait for more to read.
#include "workers/runtime/worker.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/wire/worker.h"

enum {
    READ_BYTES = 256 * 1024,
    KEEP_BYTES = 4 * 1024 * 1024, // memory kept for the next frame
};

struct session {
    const struct worker *worker;
    struct buf in, out;
    size_t taken; // bytes of `in` that have been answered
};

static int write_all(const char *at, size_t len, struct err *err)
{
    while (len) {
        ssize_t written = write(STDOUT_FILENO, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return err_set_errno(err, errno, "cannot write an answer");
        at += written;
        len -= (size_t)written;
    }
    return 0;
}

// A buffer that had to hold one giant gives its memory back.
static void buf_recycle(struct buf *buf)
{
    if (buf->capacity > KEEP_BYTES)
        buf_fini(buf);
    buf_reset(buf);
}

static int session_flush(struct session *session, struct err *err)
{
    int failed = write_all(session->out.ptr, session->out.len, err);
    buf_recycle(&session->out);
    return failed;
}

static void put_head(struct buf *out, enum worker_kind kind, uint64_t id, size_t len)
{
    uint8_t bytes[WORKER_HEAD_BYTES];
    worker_head_encode(
        &(struct worker_head){
            .version = WORKER_VERSION, .kind = (uint8_t)kind, .len = (uint32_t)len, .id = id},
        bytes);
    buf_put(out, bytes, sizeof bytes);
}

// Runs the job behind a place kept for the head, which is written when the length is known.
static int answer_job(struct session *session, uint64_t id, struct slice job, struct err *err)
{
    struct buf *out = &session->out;
    size_t head = out->len;
    put_head(out, WORKER_RESULT, id, 0);
    int failed = session->worker->job_cb(job, out, session->worker->arg, err);
    if (failed)
        return failed;
    size_t len = out->len - head - WORKER_HEAD_BYTES;
    if (out->failed || len > WORKER_PAYLOAD_MAX)
        return err_set_errno(err, ENOMEM, "no memory for the answer to job %llu",
                             (unsigned long long)id);
    size_t end = out->len;
    out->len = head;
    put_head(out, WORKER_RESULT, id, len);
    out->len = end;
    return 0;
}

static int answer_frame(struct session *session, const struct worker_head *head,
                        struct slice payload, struct err *err)
{
    if (head->kind == WORKER_JOB)
        return answer_job(session, head->id, payload, err);
    if (head->kind == WORKER_PING && !payload.len) {
        put_head(&session->out, WORKER_PONG, head->id, 0);
        return 0;
    }
    return err_set(err, "frame of kind %d is not for a worker", head->kind), -EBADMSG;
}

static int head_read(struct session *session, struct worker_head *head, struct err *err)
{
    uint8_t bytes[WORKER_HEAD_BYTES];
    memcpy(bytes, session->in.ptr + session->taken, sizeof bytes);
    switch (worker_head_decode(bytes, head)) {
    case 0:
        return 0;
    case -EPROTO:
        return err_set(err,
                       "frame of version %d, this worker speaks %d: old and new "
                       "binaries mixed?",
                       head->version, WORKER_VERSION),
               -EPROTO;
    default:
        return err_set(err, "input is not a frame: is the other side telexd?"), -EBADMSG;
    }
}

// Answers the next whole frame. 1, 0 when there is none, or negative errno.
static int session_step(struct session *session, struct err *err)
{
    size_t have = session->in.len - session->taken;
    struct worker_head head;
    if (have < WORKER_HEAD_BYTES)
        return 0;
    int failed = head_read(session, &head, err);
    if (failed)
        return failed;
    if (have - WORKER_HEAD_BYTES < head.len)
        return 0;
    const char *payload = session->in.ptr + session->taken + WORKER_HEAD_BYTES;
    failed = answer_frame(session, &head, slice_from(payload, head.len), err);
    session->taken += WORKER_HEAD_BYTES + head.len;
    if (!failed)
        failed = session_flush(session, err);
    return failed ? failed : 1;
}

// Moves the rest of a frame to the front, where there is room for all of it.
static void input_compact(struct session *session)
{
    struct buf *in = &session->in;
    size_t left = in->len - session->taken;
    if (left)
        memmove(in->ptr, in->ptr + session->taken, left);
    in->len = left;
    session->taken = 0;
    if (!left)
        buf_recycle(in);
}

// Reads what there is, waiting for something. 1, 0 at the end of input, or negative errno.
static int session_read(struct session *session, struct err *err)
{
    input_compact(session);
    char *room = buf_reserve(&session->in, READ_BYTES);
    if (!room)
        return err_set_errno(err, ENOMEM, "no memory for a frame");
    ssize_t got;
    do
        got = read(STDIN_FILENO, room, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_set_errno(err, errno, "cannot read a frame");
    if (!got && session->in.len)
        return err_set(err, "input ends in the middle of a frame"), -EPIPE;
    session->in.len += (size_t)got;
    return got > 0;
}

static int session_run(struct session *session, struct err *err)
{
    struct slice hello = slice_from_text(session->worker->hello);
    put_head(&session->out, WORKER_HELLO, 0, hello.len);
    buf_put_slice(&session->out, hello);
    int more = 1, failed = session_flush(session, err);
    if (failed)
        return failed;
    while (more > 0) {
        int answered;
        while ((answered = session_step(session, err)) > 0)
            continue;
        if (answered < 0)
            return answered;
        more = session_read(session, err);
    }
    return more;
}

int worker_main(const struct worker *worker)
{
    struct err err = {0};
    struct session session = {.worker = worker};
    buf_init(&session.in, WORKER_PAYLOAD_MAX + WORKER_HEAD_BYTES + READ_BYTES);
    buf_init(&session.out, (size_t)2 * WORKER_PAYLOAD_MAX);
    int failed = sandbox_enter(&worker->sandbox, &err);
    if (!failed && !sandbox_is_whole())
        log_warning("worker-not-sandboxed reason=\"built for sanitizers or valgrind\"");
    if (!failed)
        failed = session_run(&session, &err);
    if (failed)
        log_error("worker-failed error=\"%s\"", err_text(&err));
    buf_fini(&session.in);
    buf_fini(&session.out);
    return failed != 0;
}
