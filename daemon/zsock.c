#include "daemon/zsock.h"

#include <errno.h>
#include <string.h>

#include "daemon/connections.h"
#include "daemon/zsock_private.h"
#include "proto/base/check.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
    PARTS_MAX = 4, // peer, delimiter, header, payload
    REFUSAL_LOG_MS = 1000,
    ERROR_BYTES_MAX = 4096,
    LATE_RETRY_MOST_MS = 500, // begins at 1 and doubles while nothing goes
};

// One message's frames.
struct parts {
    zmq_msg_t part[PARTS_MAX];
    int count;
    bool excess; // more than PARTS_MAX followed
};

// --- sending ------------------------------------------------------------------------------------

// A signal may interrupt any call, also one that would not wait: it is simply made again.
static int send_frame(struct zsock *z, struct slice bytes, int flags)
{
    int rc;
    do
        rc = zmq_send(z->socket, bytes.ptr, bytes.len, flags | ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? -zmq_errno() : 0;
}

static int send_last_frame(struct zsock *z, zmq_msg_t *frame)
{
    int rc;
    do
        rc = zmq_msg_send(frame, z->socket, ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? -zmq_errno() : 0;
}

// Everything before the payload. Once the first frame is taken ZeroMQ takes the others too:
// whatever can fail, does so before.
static int send_envelope(struct zsock *z, struct slice peer, bool delimited,
                         const struct frame *frame)
{
    uint8_t head[FRAME_BYTES];
    frame_encode(frame, head);
    int result = send_frame(z, peer, ZMQ_SNDMORE);
    if (result == 0 && delimited)
        result = send_frame(z, slice_from(NULL, 0), ZMQ_SNDMORE);
    if (result == 0)
        result = send_frame(z, slice_from(head, sizeof head), ZMQ_SNDMORE);
    return result;
}

static int note_sent(const struct zsock *z, int result)
{
    if (result != 0 && result != -EHOSTUNREACH && result != -EAGAIN)
        log_error("zsock send failed socket=%s error=\"%s\"", z->name, zmq_strerror(-result));
    return result;
}

static int send_message(struct zsock *z, struct slice peer, bool delimited,
                        const struct frame *frame, struct slice payload)
{
    zmq_msg_t last;
    if (zmq_msg_init_size(&last, payload.len) != 0)
        return -ENOMEM;
    if (payload.len)
        memcpy(zmq_msg_data(&last), payload.ptr, payload.len);
    int result = send_envelope(z, peer, delimited, frame);
    if (result == 0)
        result = send_last_frame(z, &last);
    if (result != 0)
        zmq_msg_close(&last);
    return note_sent(z, result);
}

// --- replies: kept while their connection is full
// -------------------------------------------------

static int late_send(const struct zsock_reply_to *to, const struct frame *frame,
                     struct slice payload, void *arg)
{
    return send_message(arg, slice_from(to->peer, to->peer_len), to->delimited, frame, payload);
}

static void late_retry_cb(uv_timer_t *timer)
{
    struct zsock *z = timer->data;
    bool went = late_flush(&z->late, late_send, z);
    z->late_ms = went || !z->late_ms ? 1 : 2 * z->late_ms;
    if (z->late_ms > LATE_RETRY_MOST_MS)
        z->late_ms = LATE_RETRY_MOST_MS;
    if (!late_is_empty(&z->late))
        uv_timer_start(timer, late_retry_cb, z->late_ms, 0);
}

static int send_or_keep(struct zsock *z, const struct zsock_reply_to *to, const struct frame *frame,
                        struct slice payload)
{
    int result = zsock_send(z, to, frame, payload);
    if (result != -EAGAIN)
        return result;
    result = late_keep(&z->late, to, frame, payload);
    if (result == 0 && !uv_is_active((uv_handle_t *)&z->late_retry))
        uv_timer_start(&z->late_retry, late_retry_cb, z->late_ms = 1, 0);
    return result;
}

void zsock_forget_late(struct zsock *z)
{
    late_fini(&z->late);
    uv_timer_stop(&z->late_retry);
}

struct zsock_reply_to zsock_reply_to(const struct zsock_message *message)
{
    struct zsock_reply_to to = {.delimited = message->delimited};
    to.peer_len = (uint8_t)zmq_msg_size(message->peer);
    memcpy(to.peer, zmq_msg_data(message->peer), to.peer_len);
    return to;
}

int zsock_send(struct zsock *z, const struct zsock_reply_to *to, const struct frame *frame,
               struct slice payload)
{
    if (late_has(&z->late, to))
        return -EAGAIN;
    return send_message(z, slice_from(to->peer, to->peer_len), to->delimited, frame, payload);
}

int zsock_send_lent(struct zsock *z, const struct zsock_reply_to *to, const struct frame *frame,
                    struct slice payload, void (*free_cb)(void *bytes, void *hint), void *hint)
{
    if (late_has(&z->late, to))
        return -EAGAIN;
    int result = send_envelope(z, slice_from(to->peer, to->peer_len), to->delimited, frame);
    if (result != 0)
        return note_sent(z, result);
    // The bytes change hands only now that nothing is refused any more. Without memory for that
    // ZeroMQ would end the process itself, one call later.
    zmq_msg_t last;
    check_must(zmq_msg_init_data(&last, (void *)payload.ptr, payload.len, free_cb, hint) == 0);
    result = send_last_frame(z, &last);
    check_must(result == 0);
    return 0;
}

int zsock_send_reply(struct zsock *z, const struct zsock_reply_to *to, const struct frame *request,
                     struct slice payload)
{
    struct frame frame = {
        .version = WIRE_VERSION, .kind = (uint8_t)(request->kind | FRAME_REPLY), .id = request->id};
    return send_or_keep(z, to, &frame, payload);
}

static int send_error_frame(struct zsock *z, struct slice peer, bool delimited,
                            const struct frame *frame, struct slice payload)
{
    struct zsock_reply_to to = {.delimited = delimited, .peer_len = (uint8_t)peer.len};
    if (peer.len > sizeof to.peer) // that is what the error is about
        return send_message(z, peer, delimited, frame, payload);
    memcpy(to.peer, peer.ptr, peer.len);
    return send_or_keep(z, &to, frame, payload);
}

static int send_error_to(struct zsock *z, struct slice peer, bool delimited, uint64_t id,
                         enum wire_code code, const char *message)
{
    struct buf payload;
    buf_init(&payload, ERROR_BYTES_MAX);
    wire_error_encode(&payload, code, message);
    struct frame frame = {.version = WIRE_VERSION, .kind = FRAME_ERROR, .id = id};
    int result = payload.failed ? -ENOMEM
                                : send_error_frame(z, peer, delimited, &frame, buf_slice(&payload));
    buf_fini(&payload);
    return result;
}

int zsock_send_error(struct zsock *z, const struct zsock_reply_to *to, uint64_t id,
                     enum wire_code code, const char *message)
{
    return send_error_to(z, slice_from(to->peer, to->peer_len), to->delimited, id, code, message);
}

void zsock_publish(struct zsock *z, struct slice topic, struct slice body)
{
    // An XPUB never answers EAGAIN: it drops for those whose buffers are full.
    if (send_frame(z, topic, ZMQ_SNDMORE) == 0)
        send_frame(z, body, 0);
}

bool zsock_has_subscribers(const struct zsock *z)
{
    return z->subscriptions > 0;
}

// --- receiving ----------------------------------------------------------------------------------

static void parts_close(struct parts *parts)
{
    for (int i = 0; i < parts->count; i++)
        zmq_msg_close(&parts->part[i]);
}

// One frame. False when there is none, or the socket is broken.
static bool receive_frame(struct zsock *z, zmq_msg_t *frame)
{
    int rc;
    zmq_msg_init(frame);
    do
        rc = zmq_msg_recv(frame, z->socket, ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 0)
        return true;
    if (zmq_errno() != EAGAIN)
        log_error("zsock receive failed socket=%s error=\"%s\"", z->name,
                  zmq_strerror(zmq_errno()));
    zmq_msg_close(frame);
    return false;
}

// What libzmq has received and handed out counts no longer against its connection.
static void note_delivered(zmq_msg_t *part, size_t bytes, unsigned frames)
{
    int fd = zmq_msg_get(part, ZMQ_SRCFD);
    if (fd >= 0)
        connections_delivered(fd, bytes, frames);
}

static bool receive_parts(struct zsock *z, struct parts *parts)
{
    parts->count = 0;
    parts->excess = false;
    do {
        if (parts->count == PARTS_MAX) {
            parts->excess = z->skipping = true;
            return true;
        }
        if (!receive_frame(z, &parts->part[parts->count]))
            return parts->count > 0;
        parts->count++;
    } while (zmq_msg_more(&parts->part[parts->count - 1]));
    return true;
}

// Throws away one frame of a message that has too many, so that a huge one costs many turns instead
// of one long one.
static bool skip_frame(struct zsock *z)
{
    zmq_msg_t frame;
    if (!receive_frame(z, &frame))
        return false;
    z->skipping = zmq_msg_more(&frame);
    note_delivered(&frame, zmq_msg_size(&frame), 1);
    zmq_msg_close(&frame);
    return true;
}

static struct slice part_slice(zmq_msg_t *part)
{
    return slice_from(zmq_msg_data(part), zmq_msg_size(part));
}

// A hostile peer can send bad frames as fast as it likes; the log gets one line a second.
static void note_refusal(struct zsock *z, const char *message)
{
    z->refused++;
    int64_t now = clock_mono_ms();
    if (z->refused > 1 && now - z->refused_logged_ms < REFUSAL_LOG_MS)
        return;
    log_warning("message refused socket=%s count=%lu reason=\"%s\"", z->name,
                z->refused - z->refused_logged, message);
    z->refused_logged = z->refused;
    z->refused_logged_ms = now;
}

static void refuse(struct zsock *z, struct parts *parts, bool delimited, uint64_t id,
                   enum wire_code code, const char *message)
{
    note_refusal(z, message);
    send_error_to(z, part_slice(&parts->part[0]), delimited, id, code, message);
}

// What is wrong with the message, WIRE_OK when nothing is. `why` has room for 160 bytes.
static enum wire_code judge(struct parts *parts, int header_at, struct frame *frame, char *why)
{
    enum { WHY_BYTES = 160 };
    enum wire_code code = WIRE_BAD_FRAME;
    if (parts->count > header_at)
        code = frame_decode(part_slice(&parts->part[header_at]), frame);
    if (code == WIRE_BAD_VERSION) {
        snprintf(why, WHY_BYTES, "protocol version %u is not spoken here; this daemon speaks %d",
                 frame->version, WIRE_VERSION);
    } else if (parts->excess || parts->count != header_at + 2) {
        code = WIRE_BAD_FRAME;
        snprintf(why, WHY_BYTES, "a message is a header and a payload; this one has %s%d frames",
                 parts->excess ? "more than " : "", parts->count - header_at);
    } else if (code != WIRE_OK) {
        snprintf(why, WHY_BYTES,
                 "not a telex header: 16 bytes, \"TLX\", version, kind, three zero bytes, id");
    } else if (zmq_msg_size(&parts->part[0]) > sizeof((struct zsock_reply_to *)NULL)->peer) {
        code = WIRE_BAD_FRAME;
        snprintf(why, WHY_BYTES, "routing id of %zu bytes; do not set ZMQ_ROUTING_ID",
                 zmq_msg_size(&parts->part[0]));
    }
    return code;
}

static void handle_parts(struct zsock *z, struct parts *parts)
{
    bool delimited = parts->count > 1 && zmq_msg_size(&parts->part[1]) == 0;
    int header_at = delimited ? 2 : 1;
    struct frame frame = {0};
    char why[160];
    enum wire_code code = judge(parts, header_at, &frame, why);
    if (code != WIRE_OK) {
        refuse(z, parts, delimited, frame.id, code, why);
        return;
    }
    struct zsock_message message = {.peer = &parts->part[0],
                                    .delimited = delimited,
                                    .frame = frame,
                                    .payload = &parts->part[header_at + 1]};
    z->cb(z, &message, z->arg);
}

// An XPUB receives subscriptions: a byte 1 (new) or 0 (last one gone), and the topic.
static void handle_subscription(struct zsock *z, struct parts *parts)
{
    struct slice bytes = part_slice(&parts->part[0]);
    if (!bytes.len)
        return;
    if (bytes.ptr[0] == 1)
        z->subscriptions++;
    else if (bytes.ptr[0] == 0 && z->subscriptions > 0)
        z->subscriptions--;
}

// Whose they are ZeroMQ does not tell, nor does it forget topics of one connection only.
static void drop_subscribers(struct zsock *z)
{
    struct err err = {""};
    log_warning("too many topics, dropping every connection socket=%s topics=%lu", z->name,
                z->subscriptions);
    if (zsock_recycle(z, &err) != 0)
        log_error("socket not recycled socket=%s error=\"%s\"", z->name, err_text(&err));
}

static bool receive_one(struct zsock *z)
{
    if (z->skipping)
        return skip_frame(z);
    struct parts parts;
    if (!receive_parts(z, &parts))
        return false;
    size_t bytes = 0;
    for (int i = 0; i < parts.count; i++)
        bytes += zmq_msg_size(&parts.part[i]);
    note_delivered(&parts.part[parts.count - 1], bytes, (unsigned)parts.count);
    if (z->options.type == ZMQ_XPUB)
        handle_subscription(z, &parts);
    else
        handle_parts(z, &parts);
    parts_close(&parts);
    if (z->options.most_topics && z->subscriptions > z->options.most_topics)
        drop_subscribers(z);
    return true;
}

// --- the loop -----------------------------------------------------------------------------------

static void idle_cb(uv_idle_t *idle)
{
    (void)idle; // its being there keeps the loop from sleeping
}

void zsock_poll_cb(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    const struct zsock *z = poll->data;
    // It woke the loop; the check handle does the work.
    if (z->wake_cb && !z->closing)
        z->wake_cb(z->wake_arg);
}

void zsock_on_wake(struct zsock *z, void (*cb)(void *arg), void *arg)
{
    z->wake_cb = cb;
    z->wake_arg = arg;
}

// ZMQ_EVENTS is read even when paused: that empties the socket's command queue, without which its
// fd would stay readable and the loop would spin.
void zsock_prepare_cb(uv_prepare_t *prepare)
{
    struct zsock *z = prepare->data;
    int events = 0, rc;
    size_t size = sizeof events;
    do
        rc = zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &size);
    while (rc != 0 && zmq_errno() == EINTR);
    if ((events & ZMQ_POLLIN) && !z->paused)
        uv_idle_start(&z->idle, idle_cb);
    else
        uv_idle_stop(&z->idle);
}

void zsock_check_cb(uv_check_t *check)
{
    struct zsock *z = check->data;
    int64_t end = z->options.turn_ns ? clock_mono_ns() + z->options.turn_ns : INT64_MAX;
    for (unsigned i = 0; i < z->options.batch && !z->paused && !z->closing; i++)
        if (!receive_one(z) || (end != INT64_MAX && clock_mono_ns() > end))
            break;
}

void zsock_pause(struct zsock *z)
{
    z->paused = true;
}

void zsock_resume(struct zsock *z)
{
    z->paused = false;
}

const char *zsock_endpoint(const struct zsock *z)
{
    return z->endpoint;
}

unsigned long zsock_refused(const struct zsock *z)
{
    return z->refused;
}
