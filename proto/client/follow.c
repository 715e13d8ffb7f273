#include "proto/client/follow.h"

#include <limits.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/client/client.h"
#include "proto/client/fail.h"
#include "proto/client/follow_open.h"

enum {
    FOLLOW_SILENCE_MS = 30 * 1000, // the daemon says something every 10 s
    FOLLOW_PAUSE_MS = 1000,        // before opening again after a refusal that may pass
    FOLLOW_SEEN_MS = 30 * 1000,
    FOLLOW_CLOSE_MS = 1000,
    FOLLOW_IDLE_MAX = 64, // messages without events that may wait while the caller is away
};

// An EVENTS or LOST message that has arrived, checked whole.
struct follow_message {
    struct list link;
    zmq_msg_t payload;
    struct events_lost lost; // of LOST, which has no events; first is 0 in others
    struct events_head head;
    struct cursor events; // those not handed out
    uint32_t left;
};

void follow_init(struct follow *follow)
{
    *follow = (struct follow){0};
    list_init(&follow->inbox);
}

static void message_free(struct follow_message *message)
{
    if (!message)
        return;
    zmq_msg_close(&message->payload);
    free(message);
}

static void follow_forget_arrived(struct follow *follow)
{
    struct list *link;
    while ((link = list_pop(&follow->inbox)))
        message_free(list_entry(link, struct follow_message, link));
    follow->inbox_count = 0;
}

void follow_fini(struct follow *follow)
{
    follow_forget_arrived(follow);
    message_free(follow->current);
    buf_fini(&follow->extras);
    free(follow->from);
    follow_init(follow);
}

int telex_follow(struct telex_client *client, const struct telex_follow_options *options,
                 struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (follow->active)
        return fail(error, TELEX_BAD_REQUEST, "this client follows already; close that first");
    follow_fini(follow);
    if (follow_prepare(follow, options, error) != 0 || channel_open(&client->stream, error) != 0) {
        follow_fini(follow);
        return -1;
    }
    follow->active = true;
    return 0;
}

bool telex_follow_is_live(const struct telex_client *client)
{
    return client->follow.live;
}

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

static int send_number(struct telex_client *client, enum frame_kind kind, uint64_t number,
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

static int follow_send_seen(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (!follow->opened || follow->seen_wanted <= follow->seen_done ||
        follow->seen_wanted <= follow->seen_sent)
        return 0;
    if (send_number(client, FRAME_SEEN, follow->seen_wanted, 8, error) != 0)
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
        message_free(message);
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

// One message, if there is one: 1; 0; -1.
static int follow_receive(struct telex_client *client, struct telex_error *error)
{
    if (follow_connect(client, error) != 0)
        return -1;
    struct channel_message message;
    int got = channel_receive(&client->stream, &message, error);
    if (got < 0)
        follow_lose(client, FOLLOW_PAUSE_MS);
    return got <= 0 ? got : follow_dispatch(client, &message, error);
}

// One wait. 1: look again; 0: the deadline has passed; -1 with error; -2: a signal came.
static int follow_pause(struct telex_client *client, int64_t deadline, struct telex_error *error)
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

// --- handing out

// Gives the daemon more credit once half of it is used up.
static int follow_replenish(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (!follow->opened || follow->consumed == 0 || follow->consumed < follow->credit / 2)
        return 0;
    if (send_number(client, FRAME_CREDIT, follow->consumed, 4, error) != 0)
        return -1;
    follow->granted += follow->consumed;
    follow->consumed = 0;
    return 0;
}

// The next message that arrived becomes the one at hand. False: there is none.
static bool follow_turn(struct follow *follow)
{
    struct list *link = list_pop(&follow->inbox);
    if (!link)
        return false;
    follow->inbox_count--;
    message_free(follow->current);
    follow->current = list_entry(link, struct follow_message, link);
    return true;
}

// The message at hand is done: everything below its `next` has been dealt out.
static void follow_finish(struct follow *follow)
{
    const struct events_head *head = &follow->current->head;
    if (head->next > follow->position)
        follow->position = head->next;
    follow->live = head->live;
}

// The next event of the message at hand that was not handed out before a reconnection. False: none
// is left.
static bool follow_hand_out(struct follow *follow, struct telex_event *event)
{
    struct follow_message *message = follow->current;
    while (message && message->left) {
        struct event_record record;
        event_record_decode(&message->events, &record);
        message->left--;
        follow->consumed++;
        bool fresh = record.sequence >= follow->position;
        if (fresh) {
            *event = (struct telex_event){.sequence = record.sequence,
                                          .json = {record.json.ptr, record.json.len}};
            follow->position = record.sequence + 1;
        }
        if (!message->left)
            follow_finish(follow);
        if (fresh)
            return true;
    }
    return false;
}

// The message at hand tells of lost events, and its reader has not been told of them: a daemon says
// it again to a cursor that has not moved.
static bool follow_note_lost(struct follow *follow)
{
    struct events_lost lost = follow->current->lost;
    if (!lost.first || lost.last < follow->position)
        return false;
    if (lost.first < follow->position)
        lost.first = follow->position;
    follow->lost = lost;
    return true;
}

enum follow_taken { TAKEN_NOTHING, TAKEN_EVENT, TAKEN_LIVE, TAKEN_LOST };

// What has arrived already: an event, that the subscription has become live, or that events are
// lost.
static enum follow_taken follow_take(struct follow *follow, struct telex_event *event)
{
    bool live = follow->live;
    do {
        if (follow_hand_out(follow, event))
            return TAKEN_EVENT;
        if (follow->live && !live)
            return TAKEN_LIVE;
        if (!follow_turn(follow))
            return TAKEN_NOTHING;
        bool lost = follow_note_lost(follow);
        if (!follow->current->left)
            follow_finish(follow);
        if (lost)
            return TAKEN_LOST;
    } while (true);
}

static int follow_tell_lost(const struct follow *follow, struct telex_error *error)
{
    return fail_for_now(error, TELEX_LOST,
                        "events %llu to %llu are lost: the daemon removed them before they were "
                        "read",
                        (unsigned long long)follow->lost.first,
                        (unsigned long long)follow->lost.last);
}

bool telex_follow_lost(const struct telex_client *client, uint64_t *first, uint64_t *last)
{
    const struct events_lost *lost = &client->follow.lost;
    *first = lost->first;
    *last = lost->last;
    return lost->first != 0;
}

int telex_follow_next(struct telex_client *client, struct telex_event *event, int timeout_ms,
                      struct telex_error *error)
{
    struct follow *follow = &client->follow;
    int64_t deadline = channel_deadline(timeout_ms);
    while (follow->active) {
        enum follow_taken taken = follow_take(follow, event);
        if (taken == TAKEN_LIVE)
            return 0;
        if (taken == TAKEN_LOST)
            return follow_tell_lost(follow, error);
        // A failure to ask for more shows at the next call; this event is the caller's.
        if (follow_replenish(client, taken ? NULL : error) != 0 && !taken)
            return -1;
        if (taken == TAKEN_EVENT)
            return 1;
        int got = follow_receive(client, error);
        if (got == 0)
            got = follow_pause(client, deadline, error);
        if (got != 1)
            return got == -1 ? -1 : 0;
    }
    return fail(error, TELEX_BAD_REQUEST, "there is no subscription");
}

// --- the cursor and the end

static int follow_await_seen(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    int64_t deadline = channel_deadline(FOLLOW_SEEN_MS);
    while (follow->seen_done < follow->seen_wanted) {
        int got = follow_receive(client, error);
        if (got == 0)
            got = follow_pause(client, deadline, error);
        if (got == 0)
            return fail_for_now(error, TELEX_TIMEOUT, "the cursor's place was not confirmed");
        if (got == -2)
            return fail_for_now(error, TELEX_SYSTEM, "interrupted by a signal");
        if (got < 0)
            return -1;
    }
    return 0;
}

int telex_follow_seen(struct telex_client *client, bool wait, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (!follow->active || !follow->cursor)
        return fail(error, TELEX_BAD_REQUEST, "there is no subscription with a cursor");
    if (follow->located && follow->position > follow->seen_wanted)
        follow->seen_wanted = follow->position;
    if (follow_send_seen(client, error) != 0)
        return -1;
    return wait ? follow_await_seen(client, error) : 0;
}

static int follow_await_close(struct telex_client *client, struct telex_error *error)
{
    int64_t deadline = channel_deadline(FOLLOW_CLOSE_MS);
    for (;;) {
        struct channel_message message;
        int got = channel_receive(&client->stream, &message, error);
        if (got < 0)
            return -1;
        if (got > 0) {
            bool done = message.frame.kind == (FRAME_CLOSE | FRAME_REPLY) &&
                        message.frame.id == client->follow.id;
            zmq_msg_close(&message.payload);
            if (done)
                return 0;
            continue;
        }
        enum channel_wake wake = channel_wait(&client->stream, -1, deadline, error);
        if (wake == CHANNEL_FAILED)
            return -1;
        if (wake != CHANNEL_READABLE && wake != CHANNEL_CHANGED)
            return fail_for_now(error, TELEX_TIMEOUT, "the daemon did not confirm the end");
    }
}

int telex_follow_close(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    int result = 0;
    channel_news(&client->stream);
    if (follow->active && follow->id && client->stream.connected) {
        result = follow_send_seen(client, error);
        if (result == 0)
            result =
                channel_send(&client->stream, FRAME_CLOSE, follow->id, slice_from(NULL, 0), error);
        if (result == 0)
            result = follow_await_close(client, error);
    }
    channel_drop(&client->stream, 0);
    client->stream.backoff_ms = client->stream.reopen_ms = 0;
    follow_fini(follow);
    return result;
}
