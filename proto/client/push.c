#include "proto/client/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/client/client.h"
#include "proto/client/fail.h"
#include "proto/wire/ack.h"
#include "proto/wire/article.h"

enum {
    PUSH_WINDOW_ARTICLES = 1024,
    PUSH_WINDOW_BYTES = 16 * 1024 * 1024,
    PUSH_PATIENCE_MS = 10 * 1000,
    PUSH_PATIENCE_MAX_MS = 60 * 1000, // a daemon that is only slow is not to be drowned in repeats
};

struct push_batch {
    struct list link;
    uint64_t id;
    uint32_t count;
    size_t bytes;
    struct buf records; // while it is filled; then they belong to `payload`
    zmq_msg_t payload;
    void *tokens[PUSH_BATCH_ARTICLES];
};

void push_init(struct push *push)
{
    *push = (struct push){.window_articles = PUSH_WINDOW_ARTICLES,
                          .window_bytes = PUSH_WINDOW_BYTES,
                          .patience_ms = PUSH_PATIENCE_MS};
    list_init(&push->batches);
    push->unsent = &push->batches;
}

static void batch_free(struct push_batch *batch)
{
    if (!batch)
        return;
    buf_fini(&batch->records);
    zmq_msg_close(&batch->payload);
    free(batch);
}

static void reply_clear(struct push_reply *reply)
{
    if (!reply->batch)
        return;
    zmq_msg_close(&reply->message.payload);
    batch_free(reply->batch);
    reply->batch = NULL;
}

void push_fini(struct push *push)
{
    reply_clear(&push->reply);
    batch_free(push->filling);
    struct list *link;
    while ((link = list_pop(&push->batches)))
        batch_free(list_entry(link, struct push_batch, link));
}

void telex_push_set_window(struct telex_client *client, uint32_t articles, size_t bytes)
{
    client->push.window_articles = articles ? articles : 1;
    client->push.window_bytes = bytes;
}

uint32_t telex_push_pending(const struct telex_client *client)
{
    return client->push.pending;
}

// --- filling batches

static struct push_batch *batch_create(struct telex_client *client)
{
    struct push_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    list_init(&batch->link);
    batch->id = ++client->last_id;
    buf_init(&batch->records, WIRE_PAYLOAD_MAX);
    zmq_msg_init(&batch->payload);
    return batch;
}

static void records_free_cb(void *bytes, void *hint)
{
    (void)hint;
    free(bytes);
}

// The batch takes no more articles and stands in line to be sent. Its bytes become a message of
// which every sending shares the memory.
static int push_seal(struct push *push, struct telex_error *error)
{
    struct push_batch *batch = push->filling;
    struct buf *records = &batch->records;
    if (zmq_msg_init_data(&batch->payload, records->ptr, records->len, records_free_cb, NULL) != 0)
        return fail(error, TELEX_SYSTEM, "out of memory");
    buf_init(records, 0);
    push->filling = NULL;
    list_append(&push->batches, &batch->link);
    if (push->unsent == &push->batches)
        push->unsent = &batch->link;
    return 0;
}

static int push_send(struct telex_client *client, struct telex_error *error)
{
    struct push *push = &client->push;
    if (channel_open(&client->ingest, error) != 0)
        return -1;
    while (client->ingest.socket && push->unsent != &push->batches) {
        struct push_batch *batch = list_entry(push->unsent, struct push_batch, link);
        if (push->unsent == push->batches.next)
            push->waiting_ms = clock_mono_ms();
        if (channel_send_message(&client->ingest, FRAME_PUSH, batch->id, &batch->payload, error)) {
            push->unsent = push->batches.next;
            return -1;
        }
        push->unsent = push->unsent->next;
    }
    return 0;
}

static int push_flush(struct telex_client *client, struct telex_error *error)
{
    const struct push_batch *filling = client->push.filling;
    if (filling && filling->count && push_seal(&client->push, error) != 0)
        return -1;
    return push_send(client, error);
}

static struct slice slice_of(struct telex_bytes bytes)
{
    return slice_from(bytes.ptr, bytes.len);
}

static struct article article_from(const struct telex_article *article)
{
    return (struct article){
        .uri = slice_of(article->uri),
        .title = slice_of(article->title),
        .source = slice_of(article->source),
        .language = slice_of(article->language),
        .published = slice_of(article->published),
        .extra = slice_of(article->extra),
        .body = slice_of(article->body),
    };
}

static int push_refuse(const struct article *article, struct telex_error *error)
{
    struct err err = {0};
    enum wire_code code = article_check(article, WIRE_PAYLOAD_MAX, &err);
    return fail(error, (enum telex_code)code, "%s", err_text(&err));
}

static int push_append(struct telex_client *client, const struct article *article, size_t size,
                       void *token, struct telex_error *error)
{
    struct push *push = &client->push;
    if (!push->filling && !(push->filling = batch_create(client)))
        return fail(error, TELEX_SYSTEM, "out of memory");
    struct push_batch *batch = push->filling;
    bool room = buf_reserve(&batch->records, size);
    if (room)
        article_encode(&batch->records, article);
    if (batch->records.failed) {
        batch->records.failed = false; // nothing was written: lengths are looked at first
        return room ? push_refuse(article, error) : fail(error, TELEX_SYSTEM, "out of memory");
    }
    batch->tokens[batch->count++] = token;
    batch->bytes += size;
    push->pending++;
    push->pending_bytes += size;
    return 0;
}

int telex_push(struct telex_client *client, const struct telex_article *given, void *token,
               struct telex_error *error)
{
    struct push *push = &client->push;
    const struct article article = article_from(given);
    size_t size = article_size(&article);
    if (size > WIRE_PAYLOAD_MAX)
        return fail(error, TELEX_TOO_LARGE, "the article is %zu bytes, at most %d are taken", size,
                    WIRE_PAYLOAD_MAX);
    if (push->pending >= push->window_articles ||
        (push->pending && push->pending_bytes + size > push->window_bytes))
        return 1;
    if (push->filling && push->filling->count && push->filling->bytes + size > PUSH_BATCH_BYTES &&
        push_flush(client, error) != 0)
        return -1;
    if (push_append(client, &article, size, token, error) != 0)
        return -1;
    // What cannot be sent now is sent by telex_push_wait, which is also who reports it.
    if (push->filling->count == PUSH_BATCH_ARTICLES || push->filling->bytes >= PUSH_BATCH_BYTES)
        (void)push_flush(client, NULL);
    return 0;
}

// --- acknowledgements

static struct push_batch *push_find(struct push *push, uint64_t id)
{
    for (struct list *link = push->batches.next; link != push->unsent; link = link->next) {
        struct push_batch *batch = list_entry(link, struct push_batch, link);
        if (batch->id == id)
            return batch;
    }
    return NULL;
}

static bool acks_are_whole(struct slice payload, uint32_t count)
{
    struct cursor acks = cursor_from(payload);
    struct ack ack;
    for (uint32_t i = 0; i < count; i++)
        if (ack_decode(&acks, &ack) != 0)
            return false;
    return cursor_is_done(&acks);
}

// Everything that has no answer is to be sent once more, on a new connection.
static void push_lose(struct telex_client *client, int64_t pause_ms)
{
    channel_drop(&client->ingest, pause_ms);
    client->push.unsent = client->push.batches.next;
}

static int reply_check(struct push_batch *batch, struct channel_message *message,
                       struct push_reply *reply, struct telex_error *error)
{
    struct slice payload = channel_payload(message);
    reply->refused = message->frame.kind == FRAME_ERROR;
    if (reply->refused && fail_decode(payload, &reply->error) != 0)
        return fail(error, TELEX_PROTOCOL, "%s", reply->error.message);
    if (reply->refused && !batch)
        return fail(error, reply->error.code, "%s", reply->error.message);
    if (!batch)
        return fail(error, TELEX_PROTOCOL, "the daemon answered what was not asked");
    if (!reply->refused && message->frame.kind != (FRAME_PUSH | FRAME_REPLY))
        return fail(error, TELEX_PROTOCOL, "the daemon answered a push with kind 0x%02x",
                    message->frame.kind);
    if (!reply->refused && !acks_are_whole(payload, batch->count))
        return fail(error, TELEX_PROTOCOL,
                    "the daemon's acknowledgements do not fit the %u articles", batch->count);
    return 0;
}

static int push_accept(struct telex_client *client, struct channel_message *message,
                       struct telex_error *error)
{
    struct push *push = &client->push;
    struct push_reply *reply = &push->reply;
    struct push_batch *batch = push_find(push, message->frame.id);
    if (reply_check(batch, message, reply, error) != 0) {
        zmq_msg_close(&message->payload);
        push_lose(client, 1000);
        return -1;
    }
    list_remove(&batch->link);
    reply->message = *message;
    reply->batch = batch;
    reply->given = 0;
    reply->acks = cursor_from(channel_payload(&reply->message));
    push->waiting_ms = clock_mono_ms();
    push->patience_ms = PUSH_PATIENCE_MS;
    return 1;
}

static void ack_fill(struct push *push, const struct ack *from, struct telex_ack *out)
{
    *out = (struct telex_ack){.code = (enum telex_code)from->code,
                              .retryable = wire_code_is_retryable(from->code),
                              .duplicate = from->duplicate,
                              .offset = from->offset};
    if (from->code == WIRE_OK)
        hash128_format(from->hash, out->hash);
    snprintf(push->message, sizeof push->message, "%.*s", (int)from->message.len,
             from->message.len ? from->message.ptr : "");
}

// The next acknowledgement of the reply at hand. False: there is none.
static bool push_take(struct push *push, struct telex_ack *out)
{
    struct push_reply *reply = &push->reply;
    if (!reply->batch)
        return false;
    if (reply->refused) {
        *out = (struct telex_ack){.code = reply->error.code, .retryable = reply->error.retryable};
        snprintf(push->message, sizeof push->message, "%s", reply->error.message);
    } else {
        struct ack ack;
        ack_decode(&reply->acks, &ack);
        ack_fill(push, &ack, out);
    }
    out->message = push->message;
    out->token = reply->batch->tokens[reply->given++];
    push->pending--;
    if (reply->given == reply->batch->count) {
        push->pending_bytes -= reply->batch->bytes;
        reply_clear(reply);
    }
    return true;
}

// --- waiting

static int64_t push_silence_ends(const struct telex_client *client)
{
    const struct push *push = &client->push;
    if (!client->ingest.connected || push->unsent == push->batches.next)
        return INT64_MAX;
    int64_t since =
        push->waiting_ms > client->ingest.heard_ms ? push->waiting_ms : client->ingest.heard_ms;
    return since + push->patience_ms;
}

static void push_lose_patience(struct telex_client *client)
{
    struct push *push = &client->push;
    push->patience_ms *= 2;
    if (push->patience_ms > PUSH_PATIENCE_MAX_MS)
        push->patience_ms = PUSH_PATIENCE_MAX_MS;
    push_lose(client, 0);
}

// One wait. 1: look again; 0: the deadline has passed or a signal came; 2: fd; -1.
static int push_pause(struct telex_client *client, int fd, int64_t deadline,
                      struct telex_error *error)
{
    int64_t silence = push_silence_ends(client);
    int64_t until = silence < deadline ? silence : deadline;
    switch (channel_wait(&client->ingest, fd, until, error)) {
    case CHANNEL_LOST:
        push_lose(client, 0);
        return 1;
    case CHANNEL_READABLE:
    case CHANNEL_CHANGED:
        return 1;
    case CHANNEL_FD:
        return 2;
    case CHANNEL_INTERRUPTED:
        return 0;
    case CHANNEL_FAILED:
        push_lose(client, 0);
        return -1;
    case CHANNEL_TIMEOUT:
        break;
    }
    if (clock_mono_ms() >= silence)
        push_lose_patience(client);
    return clock_mono_ms() < deadline;
}

// What is here already, without waiting: 1 with *ack, 0, -1.
static int push_poll(struct telex_client *client, struct telex_ack *ack, struct telex_error *error)
{
    if (push_take(&client->push, ack))
        return 1;
    if (push_flush(client, error) != 0)
        return -1;
    struct channel_message message;
    int got = channel_receive(&client->ingest, &message, error);
    if (got < 0)
        push_lose(client, 0);
    else if (got > 0)
        got = push_accept(client, &message, error);
    return got <= 0 ? got : push_take(&client->push, ack);
}

int telex_push_wait_fd(struct telex_client *client, int fd, struct telex_ack *ack, int timeout_ms,
                       struct telex_error *error)
{
    int64_t deadline = channel_deadline(timeout_ms);
    while (client->push.pending || fd >= 0) { // who waits for nothing needs no connection
        int got = push_poll(client, ack, error);
        if (got != 0)
            return got;
        got = push_pause(client, fd, deadline, error);
        if (got != 1)
            return got;
    }
    return 0;
}

int telex_push_wait(struct telex_client *client, struct telex_ack *ack, int timeout_ms,
                    struct telex_error *error)
{
    return telex_push_wait_fd(client, -1, ack, timeout_ms, error);
}
