#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/given_socket.h"
#include "daemon/zsock_private.h"
#include "proto/base/check.h"
#include "proto/base/log.h"
#include "proto/wire/keyfile.h"

enum {
    HANDSHAKE_MS = 3000,
    HEARTBEAT_MS = 5000,
    HEARTBEAT_TIMEOUT_MS = 15000,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_EACH_S = 10,
    KEEPALIVE_TIMES = 3,
    LINGER_MS = 1000, // so long the last acknowledgements may take to leave at the end
    BACKLOG = 1024,
    REBIND_FIRST_MS = 10,
    REBIND_MOST_MS = 1000,
    SOCKETS_MAX = 64, // ours are four, and those just being recycled
};

struct zsock_context {
    void *zmq;
    struct list sockets;
};

struct zsock_context *zsock_context_open(void)
{
    struct zsock_context *context = malloc(sizeof *context);
    if (!context)
        return NULL;
    list_init(&context->sockets);
    context->zmq = zmq_ctx_new();
    if (context->zmq) {
        zmq_ctx_set(context->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        return context;
    }
    free(context);
    return NULL;
}

void zsock_context_close(struct zsock_context *context)
{
    if (!context)
        return;
    check_must(list_is_empty(&context->sockets));
    while (zmq_ctx_term(context->zmq) != 0 && zmq_errno() == EINTR)
        ;
    free(context);
}

void *zsock_context_zmq(struct zsock_context *context)
{
    return context->zmq;
}

void zsock_context_recycle(struct zsock_context *context)
{
    list_for_each (link, &context->sockets) {
        struct zsock *z = list_entry(link, struct zsock, link);
        struct err err = {""};
        if (zsock_recycle(z, &err) != 0)
            log_error("socket not recycled socket=%s error=\"%s\"", z->name, err_text(&err));
    }
}

// --- opening ------------------------------------------------------------------------------------

static int set_security(struct zsock *z)
{
    const struct zsock_options *o = &z->options;
    const int yes = 1;
    if (o->zap_domain &&
        zmq_setsockopt(z->socket, ZMQ_ZAP_DOMAIN, o->zap_domain, strlen(o->zap_domain)) != 0)
        return -zmq_errno();
    if (o->curve_secret &&
        (zmq_setsockopt(z->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) != 0 ||
         zmq_setsockopt(z->socket, ZMQ_CURVE_SECRETKEY, o->curve_secret, KEY_LEN + 1) != 0))
        return -zmq_errno();
    return 0;
}

static int set_options(struct zsock *z)
{
    const struct zsock_options *o = &z->options;
    const struct {
        int option, value;
    } numbers[] = {
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        // A peer whose buffers are full does not answer heartbeats: where it may be as slow as it
        // likes, only the kernel is asked whether it is still there.
        {ZMQ_HEARTBEAT_IVL, o->slow_peers ? 0 : HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, o->slow_peers ? 0 : HEARTBEAT_TIMEOUT_MS},
        {ZMQ_HEARTBEAT_TTL, o->slow_peers ? 0 : HEARTBEAT_TIMEOUT_MS},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EACH_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_TIMES},
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
    if (zmq_setsockopt(z->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) != 0)
        return -zmq_errno();
    return set_security(z);
}

// ZeroMQ closes the fd it is lent, so it gets a duplicate: the listening socket itself outlives
// every recycling, and no connection that is just being made is lost.
static int lend_listener(struct zsock *z)
{
    int listening = z->listener.path ? z->listener.fd : z->given;
    if (listening < 0)
        return 0;
    int fd = fcntl(listening, F_DUPFD_CLOEXEC, 0);
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
    z->socket = zmq_socket(z->context->zmq, z->options.type);
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
    uv_poll_start(z->poll, UV_READABLE, zsock_poll_cb);
    return 0;
}

static void zsock_free(struct zsock *z)
{
    if (z->socket)
        zmq_close(z->socket);
    late_fini(&z->late);
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
    uv_timer_init(z->loop, &z->late_retry);
    z->prepare.data = z->check.data = z->idle.data = z->rebind.data = z->late_retry.data = z;
    z->open_handles += 5;
    uv_prepare_start(&z->prepare, zsock_prepare_cb);
    uv_check_start(&z->check, zsock_check_cb);
}

static int open_listener(struct zsock *z, struct err *err)
{
    const char *path;
    int result = given_socket_find(z->name, z->endpoint, &z->given, err);
    if (result != 0 || z->given >= 0 || !ipc_endpoint_path(z->endpoint, &path))
        return result;
    return ipc_listener_open(&z->listener, path, err);
}

int zsock_open(struct zsock **out, uv_loop_t *loop, struct zsock_context *context,
               const struct zsock_options *options, zsock_message_cb *cb, void *arg,
               struct err *err)
{
    *out = NULL;
    if (!check_should(options->receive_hwm > 0 && options->send_hwm > 0 && options->batch > 0))
        return -EINVAL;
    struct zsock *z = calloc(1, sizeof *z);
    if (!z)
        return err_set_errno(err, ENOMEM, "socket %s", options->name);
    late_init(&z->late);
    z->given = -1;
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
    list_append(&context->sockets, &z->link);
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
    zsock_forget_late(z);
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
    list_remove(&z->link);
    z->closed_cb = closed_cb;
    z->closed_arg = arg;
    uv_close((uv_handle_t *)z->poll, poll_closed_cb);
    uv_close((uv_handle_t *)&z->prepare, handle_closed_cb);
    uv_close((uv_handle_t *)&z->check, handle_closed_cb);
    uv_close((uv_handle_t *)&z->idle, handle_closed_cb);
    uv_close((uv_handle_t *)&z->rebind, handle_closed_cb);
    uv_close((uv_handle_t *)&z->late_retry, handle_closed_cb);
    zmq_close(z->socket);
    z->socket = NULL;
    ipc_listener_close(&z->listener);
}
