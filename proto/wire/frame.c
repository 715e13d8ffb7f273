#include "proto/wire/frame.h"

#include "proto/base/json.h"

static const uint8_t magic[3] = {'T', 'L', 'X'};

void frame_encode(const struct frame *frame, uint8_t out[FRAME_BYTES])
{
    memcpy(out, magic, sizeof magic);
    out[3] = frame->version;
    out[4] = frame->kind;
    out[5] = out[6] = out[7] = 0;
    for (int i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)(frame->id >> (8 * i));
}

enum wire_code frame_decode(struct slice bytes, struct frame *frame)
{
    *frame = (struct frame){0};
    if (bytes.len != FRAME_BYTES || memcmp(bytes.ptr, magic, sizeof magic) != 0)
        return WIRE_BAD_FRAME;
    struct cursor cursor = cursor_from(slice_from(bytes.ptr + 3, FRAME_BYTES - 3));
    frame->version = cursor_u8(&cursor);
    frame->kind = cursor_u8(&cursor);
    uint8_t reserved_low = cursor_u8(&cursor);
    uint16_t reserved_high = cursor_u16(&cursor);
    frame->id = cursor_u64(&cursor);
    if (frame->version != WIRE_VERSION)
        return WIRE_BAD_VERSION;
    return reserved_low || reserved_high ? WIRE_BAD_FRAME : WIRE_OK;
}

const char *frame_kind_name(uint8_t kind)
{
    switch (kind & ~FRAME_REPLY & 0xff) {
#define KIND(name, number, channel, text)                                                          \
    case number:                                                                                   \
        return #name;
#include "proto/wire/kinds.def"
#undef KIND
    default:
        return "unknown";
    }
}

static const struct code_entry {
    enum wire_code code;
    const char *name;
    bool retryable;
} code_table[] = {
#define CODE(name, number, text, retryable) {WIRE_##name, text, retryable},
#include "proto/wire/errors.def"
#undef CODE
};

enum { CODE_COUNT = sizeof code_table / sizeof *code_table };

static const struct code_entry *code_find(enum wire_code code)
{
    for (int i = 0; i < CODE_COUNT; i++)
        if (code_table[i].code == code)
            return &code_table[i];
    return NULL;
}

const char *wire_code_name(enum wire_code code)
{
    const struct code_entry *entry = code_find(code);
    return entry ? entry->name : code == WIRE_OK ? "ok" : "unknown";
}

bool wire_code_is_retryable(enum wire_code code)
{
    const struct code_entry *entry = code_find(code);
    return entry && entry->retryable;
}

enum wire_code wire_code_from_name(struct slice name)
{
    for (int i = 0; i < CODE_COUNT; i++)
        if (slice_is(name, code_table[i].name))
            return code_table[i].code;
    return WIRE_INTERNAL;
}

void wire_error_encode(struct buf *out, enum wire_code code, const char *message)
{
    buf_printf(out, "{\"code\":\"%s\",\"message\":", wire_code_name(code));
    json_put_string(out, slice_from_text(message));
    buf_printf(out, ",\"retryable\":%s}", wire_code_is_retryable(code) ? "true" : "false");
}
