// The first frame of every message: 16 bytes that say what the payload frame behind it is. Layout
// in PROTOCOL.md, section 3.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/limits.h"

enum { FRAME_BYTES = 16, FRAME_REPLY = 0x80, FRAME_ERROR = 0xff };

enum frame_kind {
#define KIND(name, number, channel, text) FRAME_##name = (number),
#include "proto/wire/kinds.def"
#undef KIND
};

enum wire_code {
    WIRE_OK = 0,
#define CODE(name, number, text, retryable) WIRE_##name = (number),
#include "proto/wire/errors.def"
#undef CODE
    WIRE_CODES // one more than the last
};

struct frame {
    uint8_t version; // WIRE_VERSION when we write it
    uint8_t kind;    // enum frame_kind, with FRAME_REPLY in replies; FRAME_ERROR
    uint64_t id; // chosen by the client, repeated in the reply; for stream messages the id of the
                 // OPEN request
};

void frame_encode(const struct frame *frame, uint8_t out[FRAME_BYTES]);

// Reads a header. WIRE_OK, WIRE_BAD_FRAME (not ours at all) or WIRE_BAD_VERSION (frame->id and kind
// are then still read).
enum wire_code frame_decode(struct slice bytes, struct frame *frame);

// Name of a request ("push"), of a code ("bad_utf8"); "unknown" when there is none. Static text.
const char *frame_kind_name(uint8_t kind);
const char *wire_code_name(enum wire_code code);
bool wire_code_is_retryable(enum wire_code code);

// Code by its name; WIRE_INTERNAL when unknown (a newer daemon's).
enum wire_code wire_code_from_name(struct slice name);

// Appends {"code":...,"message":...,"retryable":...}, the payload of an ERROR message.
void wire_error_encode(struct buf *out, enum wire_code code, const char *message);
