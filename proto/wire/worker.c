#include "proto/wire/worker.h"

#include <errno.h>

void worker_head_encode(const struct worker_head *head, uint8_t out[WORKER_HEAD_BYTES])
{
    out[0] = 'W';
    out[1] = head->version;
    out[2] = head->kind;
    out[3] = 0;
    for (int i = 0; i < 4; i++)
        out[4 + i] = (uint8_t)(head->len >> (8 * i));
    for (int i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)(head->id >> (8 * i));
}

int worker_head_decode(const uint8_t in[WORKER_HEAD_BYTES], struct worker_head *head)
{
    struct cursor cursor = cursor_from(slice_from(in, WORKER_HEAD_BYTES));
    uint8_t mark = cursor_u8(&cursor);
    head->version = cursor_u8(&cursor);
    head->kind = cursor_u8(&cursor);
    uint8_t reserved = cursor_u8(&cursor);
    head->len = cursor_u32(&cursor);
    head->id = cursor_u64(&cursor);
    if (mark != 'W' || reserved || head->len > WORKER_PAYLOAD_MAX || head->kind < WORKER_HELLO ||
        head->kind > WORKER_PONG)
        return -EBADMSG;
    return head->version == WORKER_VERSION ? 0 : -EPROTO;
}
