#include "daemon/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/delivery.h"
#include "daemon/hello.h"
#include "daemon/positions.h"
#include "daemon/subscription.h"
#include "daemon/telexd.h"
#include "proto/base/log.h"

enum {
    MAX_MESSAGE = 256 * 1024, // requests are small: the largest is a filter
    RECEIVE_HWM = 256,
    SEND_HWM = 16, // EVENTS messages a connection that does not read may hold in our memory
    BATCH = 64,
};

struct stream {
    struct telexd *telexd;
    struct zsock *zsock; // NULL once closed
    struct subscriptions *subscriptions;
    struct positions *positions;
    struct delivery *delivery;
    unsigned long refused;
};

// One request with what it takes to answer it.
struct request {
    struct stream *stream;
    struct zsock_reply_to to;
    struct frame frame;
    struct slice payload;
    const struct zsock_message *message;
    struct sender *sender; // NULL: nobody looks
};

// --- answers

static void refuse(const struct request *request, enum wire_code code, const char *why)
{
    struct stream *stream = request->stream;
    stream->refused++;
    log_debug("stream_refused kind=%s code=%s why=\"%s\"", frame_kind_name(request->frame.kind),
              wire_code_name(code), why);
    zsock_send_error(stream->zsock, &request->to, request->frame.id, code, why);
}

static void answer(const struct request *request, struct slice payload)
{
    zsock_send_reply(request->stream->zsock, &request->to, &request->frame, payload);
}

static void answer_number(const struct request *request, uint64_t number)
{
    struct buf payload;
    buf_init(&payload, sizeof number);
    buf_put_u64(&payload, number);
    answer(request, buf_slice(&payload));
    buf_fini(&payload);
}

// --- ending subscriptions

static void subscription_end(struct stream *stream, struct subscription *subscription)
{
    delivery_remove(stream->delivery, subscription);
    position_release(subscription->position, subscription);
    if (subscription->sender)
        subscription->sender->subscriptions--;
    subscriptions_remove(stream->subscriptions, subscription);
}

static void peer_gone_cb(struct peer *peer, void *arg)
{
    log_debug("stream_peer_gone subscriptions=%u", peer->count);
    for (unsigned left = peer->count; left; left--) // the last one takes the peer with it
        subscription_end(arg, list_entry(peer->subscriptions.next, struct subscription, of_peer));
}

static void take_over(struct stream *stream, struct subscription *older, const char *cursor)
{
    char why[WIRE_CURSOR_NAME_MAX + 64];
    snprintf(why, sizeof why, "cursor %s was taken over by another subscription", cursor);
    zsock_send_error(stream->zsock, &older->to, older->id, WIRE_CURSOR_TAKEN, why);
    older->position = NULL; // it is the newer one's now
    subscription_end(stream, older);
}

// --- OPEN

static enum wire_code open_check(const struct request *request, struct err *err)
{
    struct stream *stream = request->stream;
    if (subscriptions_find(stream->subscriptions, &request->to, request->frame.id))
        return err_set(err, "a subscription with this id is open on this connection"),
               WIRE_BAD_REQUEST;
    if (subscriptions_count_peer(stream->subscriptions, &request->to) >= SUBSCRIPTIONS_A_PEER)
        return err_set(err, "a connection holds at most %d subscriptions", SUBSCRIPTIONS_A_PEER),
               WIRE_TOO_MANY;
    if (subscriptions_count(stream->subscriptions) >=
        (unsigned)stream->telexd->config->stream_subscriptions)
        return err_set(err, "the daemon has all the subscriptions it may have"), WIRE_TOO_MANY;
    return WIRE_OK;
}

static uint64_t open_start(struct store_reader *reader, const struct open_request *open)
{
    if (open->from == OPEN_FROM_FIRST)
        return store_first(reader);
    if (open->from == OPEN_FROM_SEQUENCE)
        return open->sequence;
    if (open->from == OPEN_FROM_TIME)
        return store_seek_time(reader, open->time_ms);
    return store_head(reader) + 1;
}

// Where it begins. True in *make when its cursor does not exist yet.
static int open_locate(struct stream *stream, const struct open_request *open,
                       struct subscription *subscription, bool *make)
{
    struct store_reader *reader = stream->telexd->reader;
    *make = false;
    if (subscription->position && position_get(subscription->position, &subscription->next))
        return 0;
    int failed = store_read_begin(reader);
    if (failed)
        return failed;
    failed = *open->cursor
                 ? store_get_cursor(reader, slice_from_text(open->cursor), &subscription->next)
                 : -ENOENT;
    if (failed == -ENOENT) {
        subscription->next = open_start(reader, open);
        *make = *open->cursor;
        failed = 0;
    }
    store_read_end(reader);
    return failed;
}

static int stream_head(struct stream *stream, uint64_t *head)
{
    int failed = store_read_begin(stream->telexd->reader);
    if (failed)
        return failed;
    *head = store_head(stream->telexd->reader);
    store_read_end(stream->telexd->reader);
    return 0;
}

// The reply to OPEN, and then the events.
static void open_answer(const struct request *request, struct subscription *subscription)
{
    struct stream *stream = request->stream;
    uint64_t head = 0;
    stream_head(stream, &head);
    struct buf payload;
    buf_init(&payload, 128);
    buf_printf(&payload, "{\"next\":%llu,\"head\":%llu}", (unsigned long long)subscription->next,
               (unsigned long long)head);
    answer(request, buf_slice(&payload));
    buf_fini(&payload);
    subscription->opened = true;
    delivery_add(stream->delivery, subscription);
}

static int open_hold_cursor(struct stream *stream, const char *cursor,
                            struct subscription *subscription)
{
    if (!*cursor)
        return 0;
    struct subscription *older;
    subscription->position =
        position_hold(stream->positions, slice_from_text(cursor), subscription, &older);
    if (older)
        take_over(stream, older, cursor);
    return subscription->position ? 0 : -ENOMEM;
}

static int open_begin(const struct request *request, const struct open_request *open,
                      struct subscription *subscription)
{
    bool make;
    int failed = open_hold_cursor(request->stream, open->cursor, subscription);
    if (!failed)
        failed = open_locate(request->stream, open, subscription, &make);
    if (failed)
        return failed;
    if (make) // answered when it is durable
        return position_save(subscription->position, subscription->next, &request->to,
                             &request->frame);
    open_answer(request, subscription);
    return 0;
}

static void open_subscription(const struct request *request, struct open_request *open)
{
    struct stream *stream = request->stream;
    struct subscription *subscription =
        subscriptions_add(stream->subscriptions, &request->to, request->frame.id, open);
    if (subscription && request->sender) {
        subscription->sender = request->sender;
        subscription->sender->subscriptions++;
    }
    int failed = subscription ? open_begin(request, open, subscription) : -ENOMEM;
    if (!failed)
        return;
    log_error("stream_cannot_open error=\"%s\"", strerror(-failed));
    refuse(request, WIRE_INTERNAL, strerror(-failed));
    if (subscription)
        subscription_end(stream, subscription);
}

static void take_open(const struct request *request)
{
    struct err err = {0};
    struct open_request open;
    enum wire_code code = open_check(request, &err);
    if (code == WIRE_OK)
        code = open_request_read(&open, request->payload, &err);
    if (code != WIRE_OK) {
        refuse(request, code, err_text(&err));
        return;
    }
    code = access_admit_subscription(request->stream->telexd->access, request->sender, open.cursor,
                                     &err);
    if (code == WIRE_OK)
        open_subscription(request, &open);
    else
        refuse(request, code, err_text(&err));
    open_request_fini(&open);
}

// --- the other requests

// The subscription that a request is about; refuses the request when there is none. It may have
// ended a moment ago, or the daemon may have been started anew under a connection that came back.
static struct subscription *request_subscription(const struct request *request, size_t payload_len)
{
    struct stream *stream = request->stream;
    if (request->payload.len != payload_len) {
        refuse(request, WIRE_BAD_REQUEST, "the payload has the wrong length");
        return NULL;
    }
    struct subscription *subscription =
        subscriptions_find(stream->subscriptions, &request->to, request->frame.id);
    if (!subscription)
        refuse(request, WIRE_NOT_FOUND, "no subscription has this id: open it again");
    return subscription;
}

static void take_credit(const struct request *request)
{
    struct cursor cursor = cursor_from(request->payload);
    uint32_t more = cursor_u32(&cursor);
    struct subscription *subscription = request_subscription(request, sizeof more);
    if (subscription)
        delivery_credit(request->stream->delivery, subscription, more);
}

static void take_seen(const struct request *request)
{
    struct stream *stream = request->stream;
    struct cursor cursor = cursor_from(request->payload);
    uint64_t next = cursor_u64(&cursor), head = 0;
    struct subscription *subscription = request_subscription(request, sizeof next);
    if (!subscription)
        return;
    if (!subscription->position) {
        refuse(request, WIRE_BAD_REQUEST, "the subscription has no cursor");
        return;
    }
    // Next to what it was sent, anything that exists is good: a cursor may also be moved by hand.
    if (!next || (next > subscription->next && (stream_head(stream, &head) || next > head + 1))) {
        refuse(request, WIRE_BAD_REQUEST, "no event has been sent up to there");
        return;
    }
    int failed = position_save(subscription->position, next, &request->to, &request->frame);
    if (failed)
        refuse(request, failed == -ENOBUFS ? WIRE_BUSY : WIRE_INTERNAL, strerror(-failed));
}

static void take_close(const struct request *request)
{
    struct subscription *subscription = request_subscription(request, 0);
    if (!subscription)
        return;
    answer(request, slice_from(NULL, 0));
    subscription_end(request->stream, subscription);
}

static void take_hello(const struct request *request)
{
    hello_answer(request->stream->telexd, request->stream->zsock, request->message, "stream");
}

static const struct {
    enum frame_kind kind;
    void (*take)(const struct request *request);
} requests[] = {
    {FRAME_HELLO, take_hello}, {FRAME_OPEN, take_open},   {FRAME_CREDIT, take_credit},
    {FRAME_SEEN, take_seen},   {FRAME_CLOSE, take_close},
};

static void message_cb(struct zsock *zsock, struct zsock_message *message, void *arg)
{
    (void)zsock;
    struct err err = {""};
    struct request request = {.stream = arg,
                              .to = zsock_reply_to(message),
                              .frame = message->frame,
                              .payload = zsock_payload(message),
                              .message = message};
    enum wire_code code =
        access_admit(request.stream->telexd->access, message, ROLE_FOLLOW, &request.sender, &err);
    if (code != WIRE_OK) {
        refuse(&request, code, err_text(&err));
        return;
    }
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (requests[i].kind == (enum frame_kind)message->frame.kind) {
            requests[i].take(&request);
            return;
        }
    }
    refuse(&request, WIRE_UNKNOWN_REQUEST,
           "the stream endpoint takes HELLO, OPEN, CREDIT, SEEN and CLOSE");
}

// --- cursors that became durable, or did not

static enum wire_code code_of_status(int status)
{
    switch (status) {
    case -ENOSPC:
        return WIRE_STORE_FULL;
    case -EIO:
        return WIRE_STORE_FAILED;
    case -ESHUTDOWN:
        return WIRE_STOPPING;
    default:
        return WIRE_INTERNAL;
    }
}

static void opened_cb(const struct request *request, int status)
{
    struct subscription *subscription =
        subscriptions_find(request->stream->subscriptions, &request->to, request->frame.id);
    if (!subscription || subscription->opened)
        return; // it ended meanwhile
    if (!status) {
        open_answer(request, subscription);
        return;
    }
    refuse(request, code_of_status(status), "the cursor could not be stored");
    subscription_end(request->stream, subscription);
}

static void saved_cb(const struct save *save, int status, void *arg)
{
    struct request request = {.stream = arg, .to = save->to, .frame = save->request};
    if (save->request.kind == FRAME_OPEN)
        opened_cb(&request, status);
    else if (!status)
        answer_number(&request, save->next);
    else
        refuse(&request, code_of_status(status), "the cursor could not be stored");
}

// --- beginning and end

static int stream_build(struct stream *stream, struct telexd *telexd, struct err *err)
{
    struct zsock_options options = {.name = "stream",
                                    .endpoint = telexd->config->stream_endpoint,
                                    .type = ZMQ_ROUTER,
                                    .max_message = MAX_MESSAGE,
                                    .receive_hwm = RECEIVE_HWM,
                                    .send_hwm = SEND_HWM,
                                    .slow_peers = true,
                                    .batch = BATCH};
    access_secure(telexd->access, "stream", &options);
    int failed = subscriptions_create(&stream->subscriptions);
    if (!failed)
        failed = positions_create(&stream->positions, telexd, saved_cb, stream);
    if (failed)
        return err_set_errno(err, -failed, "stream");
    failed =
        zsock_open(&stream->zsock, telexd->loop, telexd->zmq, &options, message_cb, stream, err);
    if (failed)
        return failed;
    failed = delivery_create(&stream->delivery, telexd, stream->zsock, peer_gone_cb, stream);
    return failed ? err_set_errno(err, -failed, "stream") : 0;
}

int stream_create(struct stream **out, struct telexd *telexd, struct err *err)
{
    struct stream *stream = *out = calloc(1, sizeof *stream);
    if (!stream)
        return err_set_errno(err, ENOMEM, "stream");
    stream->telexd = telexd;
    return stream_build(stream, telexd, err);
}

void stream_wake(struct stream *stream)
{
    if (stream->zsock)
        delivery_wake(stream->delivery);
}

void stream_forget_cursor(struct stream *stream, struct slice name)
{
    positions_forget(stream->positions, name);
}

void stream_close(struct stream *stream)
{
    positions_close(stream->positions);
    if (stream->delivery)
        delivery_close(stream->delivery, NULL, NULL);
    if (stream->zsock)
        zsock_close(stream->zsock, NULL, NULL);
    stream->zsock = NULL;
}

void stream_destroy(struct stream *stream)
{
    if (!stream)
        return;
    delivery_destroy(stream->delivery);
    subscriptions_destroy(stream->subscriptions);
    positions_destroy(stream->positions);
    free(stream);
}

void stream_get_stats(const struct stream *stream, struct stream_stats *out)
{
    *out = (struct stream_stats){
        .subscriptions = subscriptions_count(stream->subscriptions),
        .delivered = delivery_delivered(stream->delivery),
        .damaged = delivery_damaged(stream->delivery),
        .lost = delivery_lost(stream->delivery),
        .refused = stream->refused,
    };
}
