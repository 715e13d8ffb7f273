// The acknowledgement of one article in the reply to PUSH. Layout in PROTOCOL.md, section 6.
#pragma once

#include "proto/base/hash.h"
#include "proto/wire/frame.h"

enum { ACK_BYTES = 32 };

struct ack {
    enum wire_code code;  // WIRE_OK: durable; anything else: refused, nothing was stored
    bool duplicate;       // it was already stored: offset is that of the first time
    uint64_t offset;      // place in the journal, from 1; 0 when refused
    struct hash128 hash;  // of the contents; zero when refused
    struct slice message; // why it was refused; empty when it was not. At most 512 bytes.
};

void ack_encode(struct buf *out, const struct ack *ack);

// Reads one acknowledgement off the cursor; message points into its bytes. 0 or -EBADMSG.
int ack_decode(struct cursor *cursor, struct ack *ack);

// Appends the JSON form: {"offset":1,"hash":"...","duplicate":false}. Only for an accepted article.
void ack_put_json(struct buf *out, const struct ack *ack);
