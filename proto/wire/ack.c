#include "proto/wire/ack.h"

#include <errno.h>

enum { MESSAGE_MAX = 512 };

void ack_encode(struct buf *out, const struct ack *ack)
{
    size_t message = ack->message.len < MESSAGE_MAX ? ack->message.len : MESSAGE_MAX;
    buf_put_u8(out, (uint8_t)ack->code);
    buf_put_u8(out, ack->duplicate);
    buf_put_u16(out, (uint16_t)message);
    buf_put_u32(out, 0);
    buf_put_u64(out, ack->offset);
    buf_put_u64(out, ack->hash.high);
    buf_put_u64(out, ack->hash.low);
    buf_put(out, ack->message.ptr, message);
}

int ack_decode(struct cursor *cursor, struct ack *ack)
{
    ack->code = (enum wire_code)cursor_u8(cursor);
    uint8_t flags = cursor_u8(cursor);
    size_t message = cursor_u16(cursor);
    (void)cursor_u32(cursor);
    ack->duplicate = flags & 1;
    ack->offset = cursor_u64(cursor);
    ack->hash.high = cursor_u64(cursor);
    ack->hash.low = cursor_u64(cursor);
    ack->message = cursor_bytes(cursor, message);
    return cursor->failed || message > MESSAGE_MAX ? -EBADMSG : 0;
}

void ack_put_json(struct buf *out, const struct ack *ack)
{
    char hex[HASH_HEX_BYTES];
    hash128_format(ack->hash, hex);
    buf_printf(out, "{\"offset\":%llu,\"hash\":\"%s\",\"duplicate\":%s}",
               (unsigned long long)ack->offset, hex, ack->duplicate ? "true" : "false");
}
