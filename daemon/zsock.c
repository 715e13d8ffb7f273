#include "daemon/zsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ipc_listener.h"
#include "proto/base/check.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
    HANDSHAKE_MS = 3000,
    HEARTBEAT_MS = 5000,
    HEARTBEAT_TIMEOUT_MS = 15000,
    LINGER_MS = 1000, // so long the last acknowledgements may take to leave at the end
    BACKLOG = 1024,
    REBIND_FIRST_MS = 10,
    REBIND_MOST_MS = 1000,
    PARTS_MAX = 4, // peer, delimiter, header, payload
    REFUSAL_LOG_MS = 1000,
    ERROR_BYTES_MAX = 4096,
    SOCKETS_MAX = 64, // ours are four, and those just being recycled
};

struct zsock {
    uv_loop_t *loop;
    void *context;
    struct zsock_options options;
    char *name, *endpoint;
    void *socket;
    struct ipc_listener listener; // of an ipc endpoint
    zsock_message_cb *cb;
    void *arg;

    uv_poll_t *poll; // memory of its own: each recycled socket needs another
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t rebind;
    unsigned open_handles;
    unsigned rebind_ms;

    bool paused, closing;
    bool skipping; // the rest of a message of too many frames is being thrown away
    unsigned long subscriptions;
    unsigned long refused, refused_logged;
    int64_t refused_logged_ms;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// One message's frames.
struct parts {
    zmq_msg_t part[PARTS_MAX];
    int count;
    bool excess; // more than PARTS_MAX followed
};

// --- sending ------------------------------------------------------------------------------------

static int send_frame(struct zsock *z, struct slice bytes, int flags)
{
    return zmq_send(z->socket, bytes.ptr, bytes.len, flags | ZMQ_DONTWAIT) < 0 ? -zmq_errno() : 0;
}

// Once the first frame is taken ZeroMQ takes the others too: whatever can fail, does so before.
static int send_message(struct zsock *z, struct slice peer, bool delimited,
                        const struct frame *frame, struct slice payload)
{
    zmq_msg_t last;
    if (zmq_msg_init_size(&last, payload.len) != 0)
        return -ENOMEM;
    if (payload.len)
        memcpy(zmq_msg_data(&last), payload.ptr, payload.len);
    uint8_t head[FRAME_BYTES];
    frame_encode(frame, head);
    int result = send_frame(z, peer, ZMQ_SNDMORE);
    if (result == 0 && delimited)
        result = send_frame(z, slice_from(NULL, 0), ZMQ_SNDMORE);
    if (result == 0)
        result = send_frame(z, slice_from(head, sizeof head), ZMQ_SNDMORE);
    if (result == 0 && zmq_msg_send(&last, z->socket, ZMQ_DONTWAIT) >= 0)
        return 0;
    if (result == 0)
        result = -zmq_errno();
    zmq_msg_close(&last);
    if (result != -EHOSTUNREACH && result != -EAGAIN)
        log_error("zsock send failed socket=%s error=\"%s\"", z->name, zmq_strerror(-result));
    return result;
}

static int send_error_to(struct zsock *z, struct slice peer, bool delimited, uint64_t id,
                         enum wire_code code, const char *message)
{
    struct buf payload;
    buf_init(&payload, ERROR_BYTES_MAX);
    wire_error_encode(&payload, code, message);
    struct frame frame = {.version = WIRE_VERSION, .kind = FRAME_ERROR, .id = id};
    int result =
        payload.failed ? -ENOMEM : send_message(z, peer, delimited, &frame, buf_slice(&payload));
    buf_fini(&payload);
    return result;
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
    return send_message(z, slice_from(to->peer, to->peer_len), to->delimited, frame, payload);
}

int zsock_send_reply(struct zsock *z, const struct zsock_reply_to *to, const struct frame *request,
                     struct slice payload)
{
    struct frame frame = {
        .version = WIRE_VERSION, .kind = (uint8_t)(request->kind | FRAME_REPLY), .id = request->id};
    return zsock_send(z, to, &frame, payload);
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
    zmq_msg_init(frame);
    if (zmq_msg_recv(frame, z->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    if (zmq_errno() != EAGAIN)
        log_error("zsock receive failed socket=%s error=\"%s\"", z->name,
                  zmq_strerror(zmq_errno()));
    zmq_msg_close(frame);
    return false;
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

static bool receive_one(struct zsock *z)
{
    if (z->skipping)
        return skip_frame(z);
    struct parts parts;
    if (!receive_parts(z, &parts))
        return false;
    if (z->options.type == ZMQ_XPUB)
        handle_subscription(z, &parts);
    else
        handle_parts(z, &parts);
    parts_close(&parts);
    return true;
}

// --- the loop -----------------------------------------------------------------------------------

static void idle_cb(uv_idle_t *idle)
{
    (void)idle; // its being there keeps the loop from sleeping
}

static void poll_cb(uv_poll_t *poll, int status, int events)
{
    (void)poll; // it woke the loop; the check handle does the work
    (void)status;
    (void)events;
}

// ZMQ_EVENTS is read even when paused: that empties the socket's command queue, without which its
// fd would stay readable and the loop would spin.
static void prepare_cb(uv_prepare_t *prepare)
{
    struct zsock *z = prepare->data;
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &size);
    if ((events & ZMQ_POLLIN) && !z->paused)
        uv_idle_start(&z->idle, idle_cb);
    else
        uv_idle_stop(&z->idle);
}

static void check_cb(uv_check_t *check)
{
    struct zsock *z = check->data;
    for (unsigned i = 0; i < z->options.batch && !z->paused && !z->closing; i++)
        if (!receive_one(z))
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

void *zsock_context_open(void)
{
    void *context = zmq_ctx_new();
    if (context)
        zmq_ctx_set(context, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
    return context;
}

void zsock_context_close(void *context)
{
    while (context && zmq_ctx_term(context) != 0 && zmq_errno() == EINTR)
        ;
}

// --- opening ------------------------------------------------------------------------------------

static int set_options(struct zsock *z)
{
    const struct zsock_options *o = &z->options;
    const struct {
        int option, value;
    } numbers[] = {
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS},
        {ZMQ_LINGER, LINGER_MS},
        {ZMQ_RCVHWM, o->receive_hwm},
        {ZMQ_SNDHWM, o->send_hwm},
        {ZMQ_BACKLOG, BACKLOG},
        {o->type == ZMQ_ROUTER ? ZMQ_ROUTER_MANDATORY : ZMQ_XPUB_VERBOSE, o->type == ZMQ_ROUTER},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (zmq_setsockopt(z->socket, numbers[i].option, &numbers[i].value, sizeof(int)) != 0)
            return -zmq_errno();
    int64_t most = o->max_message;
    return zmq_setsockopt(z->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) != 0 ? -zmq_errno() : 0;
}

// ZeroMQ closes the fd it is lent, so it gets a duplicate: the listening socket itself outlives
// every recycling, and no connection that is just being made is lost.
static int lend_listener(struct zsock *z)
{
    if (!z->listener.path)
        return 0;
    int fd = fcntl(z->listener.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (zmq_setsockopt(z->socket, ZMQ_USE_FD, &fd, sizeof fd) == 0)
        return 0;
    int result = -zmq_errno();
    close(fd);
    return result;
}

// The port that a wildcard became, so that a recycled socket gets the same one.
static int keep_endpoint(struct zsock *z)
{
    char bound[512];
    size_t size = sizeof bound;
    if (z->listener.path || zmq_getsockopt(z->socket, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
        return 0;
    char *copy = strdup(bound);
    if (!copy)
        return -ENOMEM;
    free(z->endpoint);
    z->endpoint = copy;
    return 0;
}

static int bind_socket(struct zsock *z, struct err *err)
{
    int result = lend_listener(z);
    if (result == 0 && zmq_bind(z->socket, z->endpoint) != 0)
        result = -zmq_errno();
    if (result == 0)
        result = keep_endpoint(z);
    if (result != 0)
        err_set(err, "cannot bind %s endpoint %s: %s", z->name, z->endpoint, zmq_strerror(-result));
    return result;
}

static int make_socket(struct zsock *z, struct err *err)
{
    z->socket = zmq_socket(z->context, z->options.type);
    int result = z->socket ? set_options(z) : -zmq_errno();
    if (result != 0)
        err_set(err, "cannot make the %s socket: %s", z->name, zmq_strerror(-result));
    return result;
}

static int watch_socket(struct zsock *z, struct err *err)
{
    int fd;
    size_t size = sizeof fd;
    if (zmq_getsockopt(z->socket, ZMQ_FD, &fd, &size) != 0)
        return err_set_errno(err, zmq_errno(), "cannot watch the %s socket", z->name);
    uv_poll_t *poll = malloc(sizeof *poll);
    int rc = poll ? uv_poll_init(z->loop, poll, fd) : -ENOMEM;
    if (rc != 0) {
        free(poll);
        return err_set_errno(err, -rc, "cannot watch the %s socket", z->name);
    }
    z->poll = poll;
    z->poll->data = z;
    z->open_handles++;
    uv_poll_start(z->poll, UV_READABLE, poll_cb);
    return 0;
}

static void zsock_free(struct zsock *z)
{
    if (z->socket)
        zmq_close(z->socket);
    ipc_listener_close(&z->listener);
    free(z->name);
    free(z->endpoint);
    free(z);
}

static void start_handles(struct zsock *z)
{
    uv_prepare_init(z->loop, &z->prepare);
    uv_check_init(z->loop, &z->check);
    uv_idle_init(z->loop, &z->idle);
    uv_timer_init(z->loop, &z->rebind);
    z->prepare.data = z->check.data = z->idle.data = z->rebind.data = z;
    z->open_handles += 4;
    uv_prepare_start(&z->prepare, prepare_cb);
    uv_check_start(&z->check, check_cb);
}

static int open_listener(struct zsock *z, struct err *err)
{
    const char *path;
    return ipc_endpoint_path(z->endpoint, &path) ? ipc_listener_open(&z->listener, path, err) : 0;
}

int zsock_open(struct zsock **out, uv_loop_t *loop, void *context,
               const struct zsock_options *options, zsock_message_cb *cb, void *arg,
               struct err *err)
{
    *out = NULL;
    if (!check_should(options->receive_hwm > 0 && options->send_hwm > 0 && options->batch > 0))
        return -EINVAL;
    struct zsock *z = calloc(1, sizeof *z);
    if (!z)
        return err_set_errno(err, ENOMEM, "socket %s", options->name);
    z->loop = loop;
    z->context = context;
    z->options = *options;
    z->cb = cb;
    z->arg = arg;
    z->name = strdup(options->name);
    z->endpoint = strdup(options->endpoint);
    z->options.name = z->name;
    z->options.endpoint = NULL;
    int result =
        z->name && z->endpoint ? 0 : err_set_errno(err, ENOMEM, "socket %s", options->name);
    if (result == 0)
        result = open_listener(z, err);
    if (result == 0)
        result = make_socket(z, err);
    if (result == 0)
        result = bind_socket(z, err);
    if (result == 0)
        result = watch_socket(z, err);
    if (result != 0) {
        zsock_free(z);
        return result;
    }
    start_handles(z);
    *out = z;
    return 0;
}

// --- recycling and closing ----------------------------------------------------------------------

static void handle_closed_cb(uv_handle_t *handle)
{
    struct zsock *z = handle->data;
    if (--z->open_handles > 0)
        return;
    void (*closed_cb)(void *) = z->closed_cb;
    void *arg = z->closed_arg;
    zsock_free(z);
    if (closed_cb)
        closed_cb(arg);
}

static void poll_closed_cb(uv_handle_t *handle)
{
    uv_handle_t copy = {.data = handle->data};
    free(handle);
    handle_closed_cb(&copy);
}

// Nothing lingers: whatever is buffered is what was to be freed.
static void drop_socket(void *socket, uv_poll_t *poll)
{
    uv_close((uv_handle_t *)poll, poll_closed_cb);
    int none = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_close(socket);
}

static void rebind_cb(uv_timer_t *timer)
{
    struct zsock *z = timer->data;
    struct err err = {""};
    if (bind_socket(z, &err) == 0) {
        log_info("socket bound again socket=%s endpoint=%s", z->name, z->endpoint);
        return;
    }
    if (z->rebind_ms == REBIND_MOST_MS)
        log_error("socket still not bound socket=%s error=\"%s\"", z->name, err_text(&err));
    z->rebind_ms = z->rebind_ms * 2 < REBIND_MOST_MS ? z->rebind_ms * 2 : REBIND_MOST_MS;
    uv_timer_start(&z->rebind, rebind_cb, z->rebind_ms, 0);
}

// A socket in place of the old one; when there can be none, the old one stays.
static int replace_socket(struct zsock *z, struct err *err)
{
    void *old_socket = z->socket;
    uv_poll_t *old_poll = z->poll;
    int result = make_socket(z, err);
    if (result == 0)
        result = watch_socket(z, err);
    if (result == 0) {
        drop_socket(old_socket, old_poll);
        return 0;
    }
    if (z->socket)
        zmq_close(z->socket);
    z->socket = old_socket;
    z->poll = old_poll;
    return result;
}

int zsock_recycle(struct zsock *z, struct err *err)
{
    int result = replace_socket(z, err);
    if (result != 0)
        return result;
    z->skipping = false;
    z->subscriptions = 0;
    uv_timer_stop(&z->rebind);
    result = bind_socket(z, err);
    if (result == 0)
        return 0;
    // On tcp the old listener is closed by ZeroMQ's own thread, a moment later.
    z->rebind_ms = REBIND_FIRST_MS;
    uv_timer_start(&z->rebind, rebind_cb, z->rebind_ms, 0);
    return result == -EADDRINUSE ? 0 : result;
}

void zsock_close(struct zsock *z, void (*closed_cb)(void *arg), void *arg)
{
    if (!z) {
        if (closed_cb)
            closed_cb(arg);
        return;
    }
    if (!check_should(!z->closing))
        return;
    z->closing = true;
    z->closed_cb = closed_cb;
    z->closed_arg = arg;
    uv_close((uv_handle_t *)z->poll, poll_closed_cb);
    uv_close((uv_handle_t *)&z->prepare, handle_closed_cb);
    uv_close((uv_handle_t *)&z->check, handle_closed_cb);
    uv_close((uv_handle_t *)&z->idle, handle_closed_cb);
    uv_close((uv_handle_t *)&z->rebind, handle_closed_cb);
    zmq_close(z->socket);
    z->socket = NULL;
    ipc_listener_close(&z->listener);
}
