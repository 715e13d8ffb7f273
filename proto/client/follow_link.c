// A subscription's link to the daemon: the connection, made again whenever it is lost, and what the
// daemon says on it.
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/client/fail.h"
#include "proto/client/follow_open.h"
#include "proto/client/follow_private.h"

enum {
    FOLLOW_SILENCE_MS = 30 * 1000, // the daemon says something every 10 s
    FOLLOW_PAUSE_MS = 1000,        // before opening again after a refusal that may pass
    FOLLOW_IDLE_MAX = 64,          // messages without events that may wait while the caller is away
};

// --- the connection

// Forgets what belongs to the connection; what was handed out stays the caller's place.
static void follow_lose(struct telex_client *client, int64_t pause_ms)
{
    struct follow *follow = &client->follow;
    channel_drop(&client->stream, pause_ms);
    follow_forget_arrived(follow);
    // What is left of the message at hand is asked for again.
    if (follow->current)
        follow->current->left = 0;
    follow->id = 0;
    follow->opened = follow->live = false;
    follow->seen_sent = 0;
    follow->consumed = 0;
}

static int follow_broken(struct telex_client *client, struct telex_error *error, const char *why)
{
    follow_lose(client, FOLLOW_PAUSE_MS);
    return fail_for_now(error, TELEX_PROTOCOL, "the daemon at %s %s", client->stream.endpoint, why);
}

int follow_send_number(struct telex_client *client, enum frame_kind kind, uint64_t number,
                       size_t bytes, struct telex_error *error)
{
    uint8_t payload[8];
    for (size_t i = 0; i < bytes; i++)
        payload[i] = (uint8_t)(number >> (8 * i));
    if (channel_send(&client->stream, (uint8_t)kind, client->follow.id, slice_from(payload, bytes),
                     error) == 0)
        return 0;
    follow_lose(client, 0);
    return -1;
}

static int follow_send_open(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    struct buf payload;
    buf_init(&payload, 2 * 1024 * 1024);
    follow_put_open(&payload, follow);
    follow->id = ++client->last_id;
    int result = payload.failed ? fail(error, TELEX_SYSTEM, "out of memory")
                                : channel_send(&client->stream, FRAME_OPEN, follow->id,
                                               buf_slice(&payload), error);
    buf_fini(&payload);
    follow->granted = follow->credit;
    follow->arrived = 0;
    if (result != 0)
        follow_lose(client, 0);
    return result;
}

int follow_send_seen(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (!follow->opened || follow->seen_wanted <= follow->seen_done ||
        follow->seen_wanted <= follow->seen_sent)
        return 0;
    if (follow_send_number(client, FRAME_SEEN, follow->seen_wanted, 8, error) != 0)
        return -1;
    follow->seen_sent = follow->seen_wanted;
    return 0;
}

// Opens what is not open, on a connection that may have to be made.
static int follow_connect(struct telex_client *client, struct telex_error *error)
{
    if (channel_open(&client->stream, error) != 0)
        return -1;
    if (client->stream.socket && !client->follow.id)
        return follow_send_open(client, error);
    return 0;
}

// --- what the daemon says

static bool events_are_whole(struct follow *follow, struct follow_message *message)
{
    const struct events_head *head = &message->head;
    struct cursor events = message->events;
    uint64_t least = follow->arrived;
    for (uint32_t i = 0; i < head->count; i++) {
        struct event_record event;
        if (event_record_decode(&events, &event) != 0 || event.sequence < least ||
            event.sequence >= head->next)
            return false;
        least = event.sequence + 1;
    }
    return cursor_is_done(&events) && head->next >= least;
}

static void follow_keep(struct follow *follow, struct follow_message *message)
{
    follow->arrived = message->head.next;
    follow->inbox_count++;
    list_append(&follow->inbox, &message->link);
}

static int follow_take_events(struct telex_client *client, struct channel_message *from,
                              struct telex_error *error)
{
    struct follow *follow = &client->follow;
    struct follow_message *message = calloc(1, sizeof *message);
    if (!message) {
        zmq_msg_close(&from->payload);
        follow_lose(client, FOLLOW_PAUSE_MS);
        return fail(error, TELEX_SYSTEM, "out of memory");
    }
    message->payload = from->payload;
    message->events =
        cursor_from(slice_from(zmq_msg_data(&message->payload), zmq_msg_size(&message->payload)));
    const char *wrong = NULL;
    if (events_head_decode(&message->events, &message->head) != 0)
        wrong = "sent events without a head";
    else if (!follow->opened)
        wrong = "sent events before it answered OPEN";
    else if (message->head.count > follow->granted)
        wrong = "sent more events than it had credit for";
    else if (!events_are_whole(follow, message))
        wrong = "sent events that are damaged or out of order";
    else if (!message->head.count && follow->inbox_count > follow->credit + FOLLOW_IDLE_MAX)
        wrong = "sends without end";
    if (wrong) {
        follow_message_free(message);
        return follow_broken(client, error, wrong);
    }
    message->left = message->head.count;
    follow->granted -= message->head.count;
    follow_keep(follow, message);
    return 1;
}

static int follow_take_lost(struct telex_client *client, struct channel_message *from,
                            struct telex_error *error)
{
    struct follow *follow = &client->follow;
    struct events_lost lost;
    bool right = events_lost_decode(channel_payload(from), &lost) == 0 && follow->opened &&
                 lost.first >= follow->arrived &&
                 follow->inbox_count <= follow->credit + FOLLOW_IDLE_MAX;
    struct follow_message *message = right ? calloc(1, sizeof *message) : NULL;
    if (!message) {
        zmq_msg_close(&from->payload);
        if (!right)
            return follow_broken(client, error, "told of lost events out of order");
        follow_lose(client, FOLLOW_PAUSE_MS);
        return fail(error, TELEX_SYSTEM, "out of memory");
    }
    message->payload = from->payload;
    message->lost = lost;
    message->head.next = lost.last + 1;
    follow_keep(follow, message);
    return 1;
}

static int follow_take_opened(struct telex_client *client, struct slice payload,
                              struct telex_error *error)
{
    struct follow *follow = &client->follow;
    uint64_t next;
    if (follow->opened || follow_read_opened(payload, &next, error) != 0)
        return follow_broken(client, error, "answered OPEN in a way that was not understood");
    follow->opened = true;
    follow->arrived = next;
    // A cursor may lie behind what was handed out already: those events are skipped.
    if (!follow->located || next > follow->position)
        follow->position = next;
    follow->located = true;
    return follow_send_seen(client, error) == 0 ? 1 : -1;
}

static int follow_take_seen(struct telex_client *client, struct slice payload,
                            struct telex_error *error)
{
    struct cursor cursor = cursor_from(payload);
    uint64_t number = cursor_u64(&cursor);
    if (!cursor_is_done(&cursor) || number > client->follow.seen_sent)
        return follow_broken(client, error, "confirmed a place that was not seen");
    if (number > client->follow.seen_done)
        client->follow.seen_done = number;
    return 1;
}

// A refusal that may pass leaves the subscription in force: it is opened again after a pause.
static int follow_take_error(struct telex_client *client, struct slice payload,
                             struct telex_error *error)
{
    struct telex_error why = {0};
    if (fail_decode(payload, &why) != 0)
        return follow_broken(client, error, "reported an error that was not understood");
    follow_lose(client, FOLLOW_PAUSE_MS);
    if (why.code == TELEX_NOT_FOUND)
        return 1; // the daemon was started anew under a connection that came back: opened again
    client->follow.active = why.retryable;
    if (error)
        *error = why;
    return -1;
}

static int follow_dispatch(struct telex_client *client, struct channel_message *message,
                           struct telex_error *error)
{
    const struct frame *frame = &message->frame;
    if (frame->id == client->follow.id && frame->kind == FRAME_EVENTS)
        return follow_take_events(client, message, error);
    if (frame->id == client->follow.id && frame->kind == FRAME_LOST)
        return follow_take_lost(client, message, error);
    struct slice payload = channel_payload(message);
    int result = 1;
    // Other ids: the last words of a subscription that was closed; 0: a message that was no
    // message.
    if (frame->kind == FRAME_ERROR && (frame->id == client->follow.id || frame->id == 0))
        result = follow_take_error(client, payload, error);
    else if (frame->id == client->follow.id && frame->kind == (FRAME_OPEN | FRAME_REPLY))
        result = follow_take_opened(client, payload, error);
    else if (frame->id == client->follow.id && frame->kind == (FRAME_SEEN | FRAME_REPLY))
        result = follow_take_seen(client, payload, error);
    else if (frame->id == client->follow.id)
        result = follow_broken(client, error, "answered with something that was not asked");
    zmq_msg_close(&message->payload);
    return result;
}

int follow_receive(struct telex_client *client, struct telex_error *error)
{
    if (follow_connect(client, error) != 0)
        return -1;
    struct channel_message message;
    int got = channel_receive(&client->stream, &message, error);
    if (got < 0)
        follow_lose(client, FOLLOW_PAUSE_MS);
    return got <= 0 ? got : follow_dispatch(client, &message, error);
}

int follow_pause(struct telex_client *client, int64_t deadline, struct telex_error *error)
{
    int64_t silence =
        client->stream.connected ? client->stream.heard_ms + FOLLOW_SILENCE_MS : INT64_MAX;
    switch (channel_wait(&client->stream, -1, silence < deadline ? silence : deadline, error)) {
    case CHANNEL_LOST:
        follow_lose(client, 0);
        return 1;
    case CHANNEL_READABLE:
    case CHANNEL_CHANGED:
    case CHANNEL_FD:
        return 1;
    case CHANNEL_INTERRUPTED:
        return -2;
    case CHANNEL_FAILED:
        follow_lose(client, FOLLOW_PAUSE_MS);
        return -1;
    case CHANNEL_TIMEOUT:
        break;
    }
    if (clock_mono_ms() >= silence)
        follow_lose(client, 0);
    return clock_mono_ms() < deadline;
}
