#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/clock.h"
#include "proto/client/client.h"
#include "proto/client/fail.h"

// "dead_list" for DEAD_LIST. Only what the control endpoint answers. 0: none.
static uint8_t kind_from_name(const char *name)
{
    static const struct {
        const char *name, *channel;
        uint8_t kind;
    } kinds[] = {
#define KIND(name, number, channel, text) {#name, channel, number},
#include "proto/wire/kinds.def"
#undef KIND
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool asked =
            strcmp(kinds[i].channel, "control") == 0 || strcmp(kinds[i].channel, "any") == 0;
        if (asked && strcasecmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    }
    return 0;
}

static int answer_copy(struct slice payload, char **answer, size_t *answer_len,
                       struct telex_error *error)
{
    char *copy = malloc(payload.len + 1);
    if (!copy)
        return fail(error, TELEX_SYSTEM, "out of memory");
    if (payload.len)
        memcpy(copy, payload.ptr, payload.len);
    copy[payload.len] = '\0';
    *answer = copy;
    if (answer_len)
        *answer_len = payload.len;
    return 1;
}

// 1: it was ours; 0: the late answer to a question that was given up; -1.
static int answer_take(struct telex_client *client, uint8_t kind, struct channel_message *message,
                       char **answer, size_t *answer_len, struct telex_error *error)
{
    struct slice payload = channel_payload(message);
    const struct frame *frame = &message->frame;
    int result = 0;
    if (frame->kind == FRAME_ERROR && (frame->id == client->last_id || frame->id == 0)) {
        fail_decode(payload, error);
        result = -1;
    } else if (frame->id == client->last_id && frame->kind == (kind | FRAME_REPLY)) {
        result = answer_copy(payload, answer, answer_len, error);
    } else if (frame->id == client->last_id) {
        result = fail(error, TELEX_PROTOCOL, "the daemon answered with kind 0x%02x", frame->kind);
    }
    zmq_msg_close(&message->payload);
    return result;
}

// A question is not asked twice: whether an order was carried out before the connection broke is
// for the caller to find out.
static int ask_pause(struct channel *channel, int64_t deadline, struct telex_error *error)
{
    switch (channel_wait(channel, -1, deadline, error)) {
    case CHANNEL_LOST:
        channel_drop(channel, 0);
        return fail_for_now(error, TELEX_TIMEOUT,
                            "the connection to %s was lost before the answer came",
                            channel->endpoint);
    case CHANNEL_INTERRUPTED:
        return fail_for_now(error, TELEX_SYSTEM, "interrupted by a signal");
    case CHANNEL_FAILED:
        return -1;
    case CHANNEL_READABLE:
    case CHANNEL_CHANGED:
    case CHANNEL_FD:
        return 0;
    case CHANNEL_TIMEOUT:
        break;
    }
    if (clock_mono_ms() < deadline)
        return 0;
    bool connected = channel->connected;
    channel_drop(channel, 0); // what is still queued in the socket must not be done later
    return fail_for_now(error, TELEX_TIMEOUT,
                        connected ? "telexd at %s did not answer in time"
                                  : "nobody answers at %s; is telexd running?",
                        channel->endpoint);
}

// Opens the control channel and sends the question on it. 1: sent; 0: not to be opened yet; -1.
static int ask_send(struct telex_client *client, uint8_t kind, const char *json,
                    struct telex_error *error)
{
    if (channel_open(&client->control, error) != 0)
        return -1;
    if (!client->control.socket)
        return 0;
    struct slice payload = json ? slice_from_text(json) : slice_from("{}", 2);
    if (channel_send(&client->control, kind, ++client->last_id, payload, error) != 0)
        return -1;
    return 1;
}

int telex_ask(struct telex_client *client, const char *request, const char *json, char **answer,
              size_t *answer_len, int timeout_ms, struct telex_error *error)
{
    struct channel *channel = &client->control;
    uint8_t kind = kind_from_name(request);
    if (!kind)
        return fail(error, TELEX_UNKNOWN_REQUEST, "there is no control request \"%s\"", request);
    // The daemon may have been replaced since the last question.
    if (channel_news(channel) == CHANNEL_LOST)
        channel_drop(channel, 0);
    int64_t deadline = channel_deadline(timeout_ms);
    int sent = 0;
    for (;;) {
        if (!sent && (sent = ask_send(client, kind, json, error)) < 0)
            return -1;
        struct channel_message message;
        int got = channel_receive(channel, &message, error);
        if (got > 0)
            got = answer_take(client, kind, &message, answer, answer_len, error);
        if (got != 0)
            return got < 0 ? -1 : 0;
        if (ask_pause(channel, deadline, error) != 0)
            return -1;
    }
}
