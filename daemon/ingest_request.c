#include "daemon/ingest_request.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/check.h"

enum { REASON_MAX = 512 };

struct ingest_request *ingest_request_create(struct zsock_message *message, size_t count,
                                             struct slice identity)
{
    size_t each = sizeof(struct ack) + sizeof(struct slice) + 1;
    struct ingest_request *request = malloc(sizeof *request + count * each + identity.len);
    if (!request)
        return NULL;
    *request = (struct ingest_request){.count = count, .frame = message->frame};
    request->acks = (struct ack *)(request + 1);
    request->records = (struct slice *)(request->acks + count);
    request->verdicts = (uint8_t *)(request->records + count);
    char *copy = (char *)request->verdicts + count;
    if (identity.len)
        memcpy(copy, identity.ptr, identity.len);
    request->commit.write.sender = slice_from(copy, identity.len);
    request->commit.write.kind = WRITE_ARTICLES;
    request->commit.write.records = request->records;
    request->commit.write.acks = request->acks;
    request->to = zsock_reply_to(message);
    zmq_msg_init(&request->payload);
    zmq_msg_move(&request->payload, message->payload);
    request->bytes = zmq_msg_size(&request->payload);
    buf_init(&request->reasons, WIRE_BATCH_ARTICLES * REASON_MAX);
    buf_init(&request->record, WIRE_PAYLOAD_MAX);
    return request;
}

void ingest_request_free(struct ingest_request *request)
{
    zmq_msg_close(&request->payload);
    buf_fini(&request->reasons);
    buf_fini(&request->record);
    free(request);
}

void ingest_request_accept(struct ingest_request *request, size_t index, struct slice record)
{
    size_t at = request->commit.write.count++;
    request->verdicts[index] = WIRE_OK;
    request->records[at] = record;
    request->acks[at] = (struct ack){0};
}

void ingest_request_refuse(struct ingest_request *request, size_t index, enum wire_code code,
                           const char *why)
{
    request->verdicts[index] = (uint8_t)code;
    buf_put(&request->reasons, why, strlen(why) + 1);
}

static enum wire_code code_of_status(int status, const char **why)
{
    switch (status) {
    case -ENOSPC:
        *why = "the disk or the store is full; nothing was stored, push it again later";
        return WIRE_STORE_FULL;
    case -EIO:
        *why = "the disk reported an error; push it again once the daemon is back";
        return WIRE_STORE_FAILED;
    case -ESHUTDOWN:
        *why = "the daemon is shutting down; push it again once it is back";
        return WIRE_STOPPING;
    default:
        *why = "the store could not take it; see the daemon's log";
        return WIRE_INTERNAL;
    }
}

void ingest_request_settle(struct ingest_request *request)
{
    const struct write *write = &request->commit.write;
    if (write->status == 0)
        return;
    const char *why;
    enum wire_code code = code_of_status(write->status, &why);
    for (size_t i = 0; i < write->count; i++)
        request->acks[i] = (struct ack){.code = code, .message = slice_from_text(why)};
}

struct ack ingest_request_ack(const struct ingest_request *request, size_t index, size_t *accepted,
                              size_t *reason)
{
    enum wire_code code = request->verdicts[index];
    if (code == WIRE_OK)
        return request->acks[(*accepted)++];
    // Reasons are missing only when memory for them ran out.
    struct slice why = slice_from(NULL, 0);
    if (*reason < request->reasons.len) {
        why = slice_from_text(request->reasons.ptr + *reason);
        *reason += why.len + 1;
    }
    return (struct ack){.code = code, .message = why};
}

size_t ingest_count_records(struct slice payload, enum wire_code *code, struct err *err)
{
    *code = WIRE_BAD_REQUEST;
    struct cursor cursor = cursor_from(payload);
    size_t count = 0;
    while (cursor_left(&cursor) > 0) {
        struct article article;
        size_t at = payload.len - cursor_left(&cursor);
        if (article_decode(&cursor, &article) != 0) {
            err_set(err, "article record %zu, at byte %zu, ends behind the payload's %zu bytes",
                    count + 1, at, payload.len);
            return 0;
        }
        if (++count > WIRE_BATCH_ARTICLES) {
            err_set(err, "more than %d articles in one request; send them in several",
                    WIRE_BATCH_ARTICLES);
            *code = WIRE_TOO_LARGE;
            return 0;
        }
    }
    if (count == 0)
        err_set(err, "the payload of PUSH is empty; it takes 1 to %d article records",
                WIRE_BATCH_ARTICLES);
    return count;
}
