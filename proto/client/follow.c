#include "proto/client/follow.h"

#include <limits.h>
#include <stdlib.h>

#include "proto/client/fail.h"
#include "proto/client/follow_open.h"
#include "proto/client/follow_private.h"

enum {
    FOLLOW_SEEN_MS = 30 * 1000,
    FOLLOW_CLOSE_MS = 1000,
};

void follow_init(struct follow *follow)
{
    *follow = (struct follow){0};
    list_init(&follow->inbox);
}

void follow_message_free(struct follow_message *message)
{
    if (!message)
        return;
    zmq_msg_close(&message->payload);
    free(message);
}

void follow_forget_arrived(struct follow *follow)
{
    struct list *link;
    while ((link = list_pop(&follow->inbox)))
        follow_message_free(list_entry(link, struct follow_message, link));
    follow->inbox_count = 0;
}

void follow_fini(struct follow *follow)
{
    follow_forget_arrived(follow);
    follow_message_free(follow->current);
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

// --- handing out

// Gives the daemon more credit once half of it is used up.
static int follow_replenish(struct telex_client *client, struct telex_error *error)
{
    struct follow *follow = &client->follow;
    if (!follow->opened || follow->consumed == 0 || follow->consumed < follow->credit / 2)
        return 0;
    if (follow_send_number(client, FRAME_CREDIT, follow->consumed, 4, error) != 0)
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
    follow_message_free(follow->current);
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
