#include "daemon/ingest.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/access.h"
#include "daemon/hello.h"
#include "daemon/ingest_request.h"
#include "daemon/telexd.h"
#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/base/log.h"
#include "proto/forms/forms.h"

enum {
    // Messages a peer may have waiting here before ZeroMQ stops reading from it. A message may be
    // a batch of megabytes, so this also bounds what a peer can make us hold while reading rests.
    RECEIVE_HWM = 64,
    // Replies a peer may leave unread before they are dropped: small ones, so plenty.
    SEND_HWM = 65536,
    BATCH = 64,
    FRAME_SLACK = 64 * 1024,
    ACK_MESSAGE_MAX = 512,
    // forms_read_json needs twice the text, and its bookkeeping.
    JSON_ARENA = 3 * WIRE_PAYLOAD_MAX,
};

struct ingest {
    struct telexd *telexd;
    struct zsock *zsock;
    struct arena arena; // for JSON
    struct buf reply;
    struct ingest_stats stats;
    bool paused;
    bool full; // the last commit said so
};

// --- flow control -------------------------------------------------------------------------------

static void hold(struct ingest *ingest, const struct ingest_request *request)
{
    const struct config *config = ingest->telexd->config;
    struct ingest_stats *s = &ingest->stats;
    s->queued_articles += request->commit.write.count;
    s->queued_bytes += request->bytes;
    if (ingest->paused || (s->queued_articles < (uint64_t)config->ingest_queue_articles &&
                           s->queued_bytes < (uint64_t)config->ingest_queue_bytes << 20))
        return;
    ingest->paused = true;
    s->pauses++;
    zsock_pause(ingest->zsock);
    log_debug("ingest paused articles=%llu bytes=%llu", (unsigned long long)s->queued_articles,
              (unsigned long long)s->queued_bytes);
}

static void release(struct ingest *ingest, const struct ingest_request *request)
{
    const struct config *config = ingest->telexd->config;
    struct ingest_stats *s = &ingest->stats;
    s->queued_articles -= request->commit.write.count;
    s->queued_bytes -= request->bytes;
    if (!ingest->paused || s->queued_articles > (uint64_t)config->ingest_queue_articles / 3 ||
        s->queued_bytes > ((uint64_t)config->ingest_queue_bytes << 20) / 3)
        return;
    ingest->paused = false;
    zsock_resume(ingest->zsock);
}

// --- replying -----------------------------------------------------------------------------------

static void note_sent(struct ingest *ingest, int result)
{
    if (result == 0)
        return;
    ingest->stats.lost_replies++;
    // What was stored stays stored; the client asks again and is told that it is a duplicate.
    log_debug("reply lost socket=ingest reason=%s",
              result == -EAGAIN ? "\"the peer does not read\"" : "\"the peer has gone\"");
}

static void refuse_message(struct ingest *ingest, const struct zsock_message *message,
                           enum wire_code code, const char *why)
{
    struct zsock_reply_to to = zsock_reply_to(message);
    ingest->stats.refused[code]++;
    note_sent(ingest, zsock_send_error(ingest->zsock, &to, message->frame.id, code, why));
}

static void count_ack(struct ingest_stats *stats, const struct ack *ack)
{
    if (ack->code != WIRE_OK)
        stats->refused[ack->code]++;
    else if (ack->duplicate)
        stats->duplicates++;
    else
        stats->accepted++;
}

static void reply_binary(struct ingest *ingest, const struct ingest_request *request)
{
    struct buf *reply = &ingest->reply;
    size_t accepted = 0, reason = 0;
    buf_reset(reply);
    for (size_t i = 0; i < request->count; i++) {
        struct ack ack = ingest_request_ack(request, i, &accepted, &reason);
        count_ack(&ingest->stats, &ack);
        ack_encode(reply, &ack);
    }
    if (reply->failed)
        log_error("reply lost socket=ingest reason=\"out of memory\"");
    else
        note_sent(ingest,
                  zsock_send_reply(ingest->zsock, &request->to, &request->frame, buf_slice(reply)));
}

static void reply_json(struct ingest *ingest, const struct ingest_request *request)
{
    size_t accepted = 0, reason = 0;
    struct ack ack = ingest_request_ack(request, 0, &accepted, &reason);
    count_ack(&ingest->stats, &ack);
    buf_reset(&ingest->reply);
    if (ack.code == WIRE_OK) {
        ack_put_json(&ingest->reply, &ack);
        note_sent(ingest, zsock_send_reply(ingest->zsock, &request->to, &request->frame,
                                           buf_slice(&ingest->reply)));
        return;
    }
    // The messages of refusals are texts that end in NUL.
    note_sent(ingest, zsock_send_error(ingest->zsock, &request->to, request->frame.id, ack.code,
                                       ack.message.len ? ack.message.ptr : "refused"));
}

static void reply_to(struct ingest *ingest, const struct ingest_request *request)
{
    if (request->frame.kind == FRAME_PUSH)
        reply_binary(ingest, request);
    else
        reply_json(ingest, request);
}

// --- committing ---------------------------------------------------------------------------------

static void note_full(struct ingest *ingest, int status)
{
    bool full = status == -ENOSPC;
    if (full && !ingest->full)
        log_error("store full: new articles are refused until there is room");
    else if (!full && ingest->full && status == 0)
        log_notice("store has room again");
    if (full || status == 0)
        ingest->full = full;
}

static void committed_cb(struct commit *commit)
{
    struct ingest_request *request = list_entry(commit, struct ingest_request, commit);
    struct ingest *ingest = request->ingest;
    note_full(ingest, commit->write.status);
    ingest_request_settle(request);
    reply_to(ingest, request);
    release(ingest, request);
    ingest_request_free(request);
}

// Sends what is good to the writer; when nothing is, there is nothing to wait for.
static void submit(struct ingest *ingest, struct ingest_request *request)
{
    request->ingest = ingest;
    request->commit.done_cb = committed_cb;
    if (request->commit.write.count == 0) {
        reply_to(ingest, request);
        ingest_request_free(request);
        return;
    }
    hold(ingest, request);
    commits_submit(ingest->telexd->commits, &request->commit);
}

// --- requests -----------------------------------------------------------------------------------

static void check_records(struct ingest *ingest, struct ingest_request *request)
{
    struct slice payload =
        slice_from(zmq_msg_data(&request->payload), zmq_msg_size(&request->payload));
    struct cursor cursor = cursor_from(payload);
    size_t body_max = (size_t)ingest->telexd->config->ingest_article_max;
    for (size_t i = 0; i < request->count; i++) {
        struct article article;
        const char *begin = (const char *)cursor.at;
        check_must(article_decode(&cursor, &article) == 0); // it was counted before
        struct err err = {""};
        enum wire_code code = article_check(&article, body_max, &err);
        if (code == WIRE_OK)
            ingest_request_accept(request, i,
                                  slice_from(begin, (size_t)((const char *)cursor.at - begin)));
        else
            ingest_request_refuse(request, i, code, err_text(&err));
    }
}

static struct slice identity_of(const struct sender *sender)
{
    return slice_from_text(sender ? sender->identity : NULL);
}

static void push(struct ingest *ingest, struct zsock_message *message, struct sender *sender)
{
    struct err err = {""};
    enum wire_code code;
    size_t count = ingest_count_records(zsock_payload(message), &code, &err);
    if (count > 0)
        code = access_admit_articles(ingest->telexd->access, sender, count, &err);
    if (count == 0 || code != WIRE_OK) {
        refuse_message(ingest, message, code, err_text(&err));
        return;
    }
    struct ingest_request *request = ingest_request_create(message, count, identity_of(sender));
    if (!request) {
        refuse_message(ingest, message, WIRE_BUSY, "out of memory; push it again later");
        return;
    }
    check_records(ingest, request);
    submit(ingest, request);
}

static void push_json(struct ingest *ingest, struct zsock_message *message, struct sender *sender)
{
    struct err err = {""};
    struct article article;
    arena_reset(&ingest->arena);
    enum wire_code code = access_admit_articles(ingest->telexd->access, sender, 1, &err);
    if (code == WIRE_OK)
        code = forms_read_json(zsock_payload(message),
                               (size_t)ingest->telexd->config->ingest_article_max, NULL,
                               &ingest->arena, &article, &err);
    if (code != WIRE_OK) {
        refuse_message(ingest, message, code, err_text(&err));
        return;
    }
    struct ingest_request *request = ingest_request_create(message, 1, identity_of(sender));
    if (request)
        article_encode(&request->record, &article);
    if (request && !request->record.failed) {
        request->bytes += request->record.len;
        ingest_request_accept(request, 0, buf_slice(&request->record));
        submit(ingest, request);
        return;
    }
    struct zsock_reply_to to = request ? request->to : zsock_reply_to(message);
    note_sent(ingest, zsock_send_error(ingest->zsock, &to, message->frame.id, WIRE_BUSY,
                                       "out of memory; push it again later"));
    if (request)
        ingest_request_free(request);
}

static void message_cb(struct zsock *zsock, struct zsock_message *message, void *arg)
{
    struct ingest *ingest = arg;
    uint8_t kind = message->frame.kind;
    struct sender *sender;
    struct err err = {""};
    enum wire_code code = access_admit(ingest->telexd->access, message, ROLE_PUSH, &sender, &err);
    if (code != WIRE_OK) {
        refuse_message(ingest, message, code, err_text(&err));
        return;
    }
    if (kind == FRAME_HELLO) {
        hello_answer(ingest->telexd, zsock, message, "ingest");
        return;
    }
    if (kind != FRAME_PUSH && kind != FRAME_PUSH_JSON) {
        refuse_message(ingest, message, WIRE_UNKNOWN_REQUEST,
                       "the ingest endpoint knows HELLO, PUSH and PUSH_JSON");
        return;
    }
    ingest->stats.requests++;
    if (ingest->telexd->lifecycle.state >= LIFECYCLE_DRAINING)
        refuse_message(ingest, message, WIRE_STOPPING,
                       "the daemon is shutting down; push it again once it is back");
    else if (zmq_msg_size(message->payload) > WIRE_PAYLOAD_MAX)
        refuse_message(ingest, message, WIRE_TOO_LARGE, "the payload is larger than 4 MiB");
    else if (kind == FRAME_PUSH)
        push(ingest, message, sender);
    else
        push_json(ingest, message, sender);
}

// --- life ---------------------------------------------------------------------------------------

int ingest_create(struct ingest **out, struct telexd *telexd, struct err *err)
{
    *out = NULL;
    struct ingest *ingest = calloc(1, sizeof *ingest);
    if (!ingest)
        return err_set_errno(err, ENOMEM, "ingest");
    ingest->telexd = telexd;
    arena_init(&ingest->arena, JSON_ARENA);
    buf_init(&ingest->reply, WIRE_BATCH_ARTICLES * (ACK_BYTES + ACK_MESSAGE_MAX));
    struct zsock_options options = {.name = "ingest",
                                    .endpoint = telexd->config->ingest_endpoint,
                                    .type = ZMQ_ROUTER,
                                    .max_message = WIRE_PAYLOAD_MAX + FRAME_SLACK,
                                    .receive_hwm = RECEIVE_HWM,
                                    .send_hwm = SEND_HWM,
                                    .batch = BATCH};
    access_secure(telexd->access, "ingest", &options);
    int result =
        zsock_open(&ingest->zsock, telexd->loop, telexd->zmq, &options, message_cb, ingest, err);
    if (result != 0) {
        ingest_destroy(ingest);
        return result;
    }
    *out = ingest;
    return 0;
}

void ingest_close(struct ingest *ingest)
{
    if (!ingest || !ingest->zsock)
        return;
    zsock_close(ingest->zsock, NULL, NULL);
    ingest->zsock = NULL;
}

void ingest_destroy(struct ingest *ingest)
{
    if (!ingest)
        return;
    check_must(!ingest->zsock && ingest->stats.queued_articles == 0);
    arena_fini(&ingest->arena);
    buf_fini(&ingest->reply);
    free(ingest);
}

const char *ingest_endpoint(const struct ingest *ingest)
{
    return zsock_endpoint(ingest->zsock);
}

const struct ingest_stats *ingest_get_stats(const struct ingest *ingest)
{
    return &ingest->stats;
}
