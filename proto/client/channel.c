#include "proto/client/channel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/client/fail.h"

enum {
    CHANNEL_FRAME_MAX = 64 * 1024 * 1024, // far above the protocol's bound: only a fault sends more
    CHANNEL_BACKOFF_MIN_MS = 100,
    CHANNEL_BACKOFF_MAX_MS = 2000,
};

int channel_init(struct channel *channel, void *context, const char *endpoint,
                 const struct curve *curve, struct telex_error *error)
{
    *channel = (struct channel){.context = context, .endpoint = strdup(endpoint)};
    if (strncmp(endpoint, "tcp://", 6) == 0)
        channel->curve = curve;
    return channel->endpoint ? 0 : fail(error, TELEX_SYSTEM, "out of memory");
}

static void channel_close(struct channel *channel)
{
    if (channel->monitor)
        zmq_close(channel->monitor);
    if (channel->socket)
        zmq_close(channel->socket);
    channel->monitor = channel->socket = NULL;
    channel->connected = false;
    channel->refused = 0;
}

void channel_fini(struct channel *channel)
{
    channel_close(channel);
    free(channel->endpoint);
    *channel = (struct channel){0};
}

// What is unacknowledged is bounded by the callers' windows, so the send side needs no bound of its
// own and never blocks; what comes in is bounded, so that a subscriber who reads slowly holds back.
static int socket_configure(void *socket, const struct curve *curve)
{
    const struct {
        int option, value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, 0},
        {ZMQ_RCVHWM, 1000},
        {ZMQ_RECONNECT_IVL, 50},
        {ZMQ_RECONNECT_IVL_MAX, 1000},
        {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_HEARTBEAT_IVL, 5000},
        {ZMQ_HEARTBEAT_TIMEOUT, 15000},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) != 0)
            return -1;
    if (curve && curve_apply(curve, socket) != 0)
        return -1;
    int64_t frame_max = CHANNEL_FRAME_MAX;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max);
}

// The name only has to be unlike those of the other sockets of this context.
static int monitor_attach(struct channel *channel)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://telex-monitor-%p", channel->socket);
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
    if (zmq_socket_monitor(channel->socket, name, events) != 0)
        return -1;
    channel->monitor = zmq_socket(channel->context, ZMQ_PAIR);
    int linger = 0;
    if (!channel->monitor ||
        zmq_setsockopt(channel->monitor, ZMQ_LINGER, &linger, sizeof linger) != 0)
        return -1;
    return zmq_connect(channel->monitor, name);
}

int channel_open(struct channel *channel, struct telex_error *error)
{
    int64_t now = clock_mono_ms();
    if (channel->socket || now < channel->reopen_ms)
        return 0;
    channel->socket = zmq_socket(channel->context, ZMQ_DEALER);
    if (channel->socket && socket_configure(channel->socket, channel->curve) == 0 &&
        monitor_attach(channel) == 0 && zmq_connect(channel->socket, channel->endpoint) == 0) {
        channel->heard_ms = now;
        return 0;
    }
    int reason = zmq_errno();
    channel_close(channel);
    return fail(error, TELEX_SYSTEM, "cannot connect to %s: %s", channel->endpoint,
                zmq_strerror(reason));
}

void channel_drop(struct channel *channel, int64_t pause_ms)
{
    channel_close(channel);
    int64_t pause = channel->backoff_ms > pause_ms ? channel->backoff_ms : pause_ms;
    channel->reopen_ms = clock_mono_ms() + pause;
    int64_t next = channel->backoff_ms ? channel->backoff_ms * 2 : CHANNEL_BACKOFF_MIN_MS;
    channel->backoff_ms = next > CHANNEL_BACKOFF_MAX_MS ? CHANNEL_BACKOFF_MAX_MS : next;
}

static int channel_broken(struct channel *channel, struct telex_error *error, const char *doing)
{
    int reason = zmq_errno();
    channel_drop(channel, 0);
    return fail(error, TELEX_SYSTEM, "cannot %s %s: %s", doing, channel->endpoint,
                zmq_strerror(reason));
}

// The first frame of a message for which there is room cannot block; an interrupted one is sent
// again.
static int send_head(void *socket, uint8_t kind, uint64_t id)
{
    const struct frame frame = {.version = WIRE_VERSION, .kind = kind, .id = id};
    uint8_t head[FRAME_BYTES];
    frame_encode(&frame, head);
    int sent;
    do
        sent = zmq_send(socket, head, sizeof head, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    while (sent < 0 && zmq_errno() == EINTR);
    return sent < 0 ? -1 : 0;
}

int channel_send(struct channel *channel, uint8_t kind, uint64_t id, struct slice payload,
                 struct telex_error *error)
{
    int sent = send_head(channel->socket, kind, id);
    if (sent == 0)
        do
            sent = zmq_send(channel->socket, payload.ptr, payload.len, ZMQ_DONTWAIT);
        while (sent < 0 && zmq_errno() == EINTR);
    return sent < 0 ? channel_broken(channel, error, "send to") : 0;
}

int channel_send_message(struct channel *channel, uint8_t kind, uint64_t id, zmq_msg_t *payload,
                         struct telex_error *error)
{
    zmq_msg_t shared;
    zmq_msg_init(&shared);
    int sent = zmq_msg_copy(&shared, payload);
    if (sent == 0)
        sent = send_head(channel->socket, kind, id);
    if (sent == 0)
        do
            sent = zmq_msg_send(&shared, channel->socket, ZMQ_DONTWAIT);
        while (sent < 0 && zmq_errno() == EINTR);
    if (sent >= 0)
        return 0;
    int result = channel_broken(channel, error, "send to");
    zmq_msg_close(&shared);
    return result;
}

// Drops the channel, so that the rest of a message that has too many frames cannot be taken for
// another message.
static int channel_refuse(struct channel *channel, struct telex_error *error, const char *why)
{
    channel_drop(channel, CHANNEL_BACKOFF_MIN_MS);
    return fail(error, TELEX_PROTOCOL, "the daemon at %s %s", channel->endpoint, why);
}

static int channel_check(struct channel *channel, zmq_msg_t *head, struct frame *frame,
                         struct telex_error *error)
{
    struct slice bytes = slice_from(zmq_msg_data(head), zmq_msg_size(head));
    enum wire_code code = frame_decode(bytes, frame);
    if (code == WIRE_BAD_VERSION)
        return channel_refuse(channel, error, "speaks another version of the protocol");
    if (code != WIRE_OK)
        return channel_refuse(channel, error, "sent something that is no telex message");
    return 0;
}

int channel_receive(struct channel *channel, struct channel_message *message,
                    struct telex_error *error)
{
    zmq_msg_t head;
    zmq_msg_init(&head);
    int got;
    do
        got = channel->socket ? zmq_msg_recv(&head, channel->socket, ZMQ_DONTWAIT) : 0;
    while (got < 0 && zmq_errno() == EINTR);
    if (!channel->socket || (got < 0 && zmq_errno() == EAGAIN)) {
        zmq_msg_close(&head);
        return 0;
    }
    int result = got < 0 ? channel_broken(channel, error, "read from") : 0;
    if (result == 0 && !zmq_msg_more(&head))
        result = channel_refuse(channel, error, "sent a message of one frame");
    if (result == 0)
        result = channel_check(channel, &head, &message->frame, error);
    zmq_msg_close(&head);
    if (result != 0)
        return result;
    zmq_msg_init(&message->payload);
    // ZeroMQ hands over whole messages: this frame is here already.
    if (zmq_msg_recv(&message->payload, channel->socket, ZMQ_DONTWAIT) < 0)
        result = channel_broken(channel, error, "read from");
    else if (zmq_msg_more(&message->payload))
        result = channel_refuse(channel, error, "sent a message of more than two frames");
    if (result != 0) {
        zmq_msg_close(&message->payload);
        return result;
    }
    channel->heard_ms = clock_mono_ms();
    channel->backoff_ms = 0;
    return 1;
}

// An event of the monitor is two frames: u16 event and u32 value, then the address.
static bool monitor_read(void *monitor, uint16_t *event)
{
    uint8_t head[6] = {0};
    if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) < 0)
        return false;
    int more = 0;
    size_t size = sizeof more;
    while (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &size) == 0 && more)
        zmq_recv(monitor, (char[8]){0}, 8, ZMQ_DONTWAIT);
    memcpy(event, head, sizeof *event);
    return true;
}

enum channel_wake channel_news(struct channel *channel)
{
    enum channel_wake wake = CHANNEL_TIMEOUT;
    uint16_t event;
    while (channel->monitor && monitor_read(channel->monitor, &event)) {
        bool ended = event == ZMQ_EVENT_DISCONNECTED;
        if (!ended || (channel->curve && channel->curve->on && !channel->connected))
            channel->refused = event;
        if (ended || event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            return CHANNEL_LOST;
        channel->refused = 0;
        channel->connected = true;
        channel->heard_ms = clock_mono_ms();
        wake = CHANNEL_CHANGED;
    }
    return wake;
}

int64_t channel_deadline(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
}

static long poll_timeout(int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX)
        return -1;
    int64_t left = deadline_ms - clock_mono_ms();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (long)left;
}

static enum channel_wake channel_wait_closed(struct channel *channel, int fd, int64_t deadline_ms)
{
    bool opening = channel->reopen_ms <= deadline_ms;
    struct pollfd item = {.fd = fd, .events = POLLIN};
    int ready = poll(&item, 1, (int)poll_timeout(opening ? channel->reopen_ms : deadline_ms));
    if (ready < 0)
        return CHANNEL_INTERRUPTED;
    return ready ? CHANNEL_FD : opening ? CHANNEL_CHANGED : CHANNEL_TIMEOUT;
}

// The handshake did not come to its end. A daemon that has another key than the one given cannot
// read what we say, and just ends the connection.
static void channel_tell_refusal(const struct channel *channel, struct telex_error *error)
{
    bool keys = channel->curve && channel->curve->on;
    if (channel->refused == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        fail(error, TELEX_FORBIDDEN, "telexd at %s does not let %s in", channel->endpoint,
             keys ? "this key" : "this user");
    else if (channel->refused == ZMQ_EVENT_DISCONNECTED)
        fail_for_now(error, TELEX_FORBIDDEN,
                     "telexd at %s ended the handshake; has it another key than the one given?",
                     channel->endpoint);
    else
        fail(error, TELEX_FORBIDDEN, "telexd at %s %s", channel->endpoint,
             keys ? "does without keys, or has another than the one given"
                  : "takes keys: --server-key and --client-key, or TELEX_SERVER_KEY and "
                    "TELEX_CLIENT_KEY");
}

enum channel_wake channel_wait(struct channel *channel, int fd, int64_t deadline_ms,
                               struct telex_error *error)
{
    if (!channel->socket)
        return channel_wait_closed(channel, fd, deadline_ms);
    zmq_pollitem_t items[] = {
        {.socket = channel->socket, .events = ZMQ_POLLIN},
        {.socket = channel->monitor, .events = ZMQ_POLLIN},
        {.fd = fd, .events = ZMQ_POLLIN},
    };
    int ready = zmq_poll(items, fd < 0 ? 2 : 3, poll_timeout(deadline_ms));
    if (ready < 0 && zmq_errno() == EINTR)
        return CHANNEL_INTERRUPTED;
    if (ready < 0) {
        channel_broken(channel, error, "wait for");
        return CHANNEL_FAILED;
    }
    if (items[0].revents)
        return CHANNEL_READABLE;
    if (items[1].revents) {
        enum channel_wake news = channel_news(channel);
        if (news == CHANNEL_LOST && channel->refused) {
            channel_tell_refusal(channel, error);
            channel_drop(channel, CHANNEL_BACKOFF_MIN_MS);
            return CHANNEL_FAILED;
        }
        return news == CHANNEL_TIMEOUT ? CHANNEL_CHANGED : news;
    }
    return items[2].revents && fd >= 0 ? CHANNEL_FD : CHANNEL_TIMEOUT;
}
