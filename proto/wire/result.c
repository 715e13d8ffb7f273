#include "proto/wire/result.h"

#include <errno.h>

#include "proto/base/json_check.h"
#include "proto/base/utf8.h"

void result_key_encode(struct buf *out, enum key_kind kind, struct slice value)
{
    size_t len = value.len;
    if (len > RESULT_KEY_BYTES_MAX) {
        len = RESULT_KEY_BYTES_MAX;
        while (len && ((unsigned char)value.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    buf_put_u8(out, (uint8_t)kind);
    buf_put_u8(out, (uint8_t)len);
    buf_put(out, value.ptr, len);
}

int result_key_decode(struct cursor *keys, struct result_key *key)
{
    if (!keys->failed && !cursor_left(keys))
        return 0;
    uint8_t kind = cursor_u8(keys);
    size_t len = cursor_u8(keys);
    key->value = cursor_bytes(keys, len);
    key->kind = (enum key_kind)kind;
    bool known = kind == KEY_ENTITY || kind == KEY_SPELLING || kind == KEY_LANGUAGE;
    return keys->failed || !known || len > RESULT_KEY_BYTES_MAX || !utf8_is_valid(key->value)
               ? -EBADMSG
               : 1;
}

void result_encode(struct buf *out, const struct result *result)
{
    buf_put_u8(out, (uint8_t)result->status);
    buf_put_u8(out, 0);
    buf_put_u16(out, (uint16_t)result->key_count);
    buf_put_u32(out, (uint32_t)result->keys.len);
    buf_put_u32(out, (uint32_t)result->edits.len);
    buf_put_u32(out, (uint32_t)result->data.len);
    buf_put_slice(out, result->keys);
    buf_put_slice(out, result->edits);
    buf_put_slice(out, result->data);
}

// An entity key is "id TAB type TAB name", all three present.
static bool entity_is_whole(struct slice value)
{
    const char *first = memchr(value.ptr, '\t', value.len);
    if (!first || first == value.ptr)
        return false;
    size_t left = value.len - (size_t)(first + 1 - value.ptr);
    const char *second = memchr(first + 1, '\t', left);
    return second && second > first + 1;
}

static int keys_check(const struct result *result, struct err *err)
{
    struct cursor keys = cursor_from(result->keys);
    struct result_key key;
    uint32_t count = 0;
    bool have_entity = false;
    int more;
    while ((more = result_key_decode(&keys, &key)) == 1) {
        count++;
        have_entity |= key.kind == KEY_ENTITY;
        if ((key.kind == KEY_ENTITY && !entity_is_whole(key.value)) ||
            (key.kind == KEY_SPELLING && !have_entity) || !key.value.len)
            return err_set(err, "key %u is malformed", count), -EBADMSG;
    }
    if (more < 0 || count != result->key_count || count > RESULT_KEYS_MAX)
        return err_set(err, "keys do not add up: %u read, %u announced", count, result->key_count),
               -EBADMSG;
    return 0;
}

static int data_check(const struct result *result, struct err *err)
{
    if (!utf8_is_valid(result->data))
        return err_set(err, "data is not UTF-8"), -EBADMSG;
    if (result->status == RESULT_REFUSED)
        return 0;
    return json_is_object_text(result->data)
               ? 0
               : (err_set(err, "data is not one JSON object"), -EBADMSG);
}

int result_decode(struct slice bytes, struct result *result, struct err *err)
{
    struct cursor cursor = cursor_from(bytes);
    uint8_t status = cursor_u8(&cursor), reserved = cursor_u8(&cursor);
    result->key_count = cursor_u16(&cursor);
    size_t keys = cursor_u32(&cursor), edits = cursor_u32(&cursor), data = cursor_u32(&cursor);
    result->status = (enum result_status)status;
    result->keys = cursor_bytes(&cursor, keys);
    result->edits = cursor_bytes(&cursor, edits);
    result->data = cursor_bytes(&cursor, data);
    if (!cursor_is_done(&cursor) || status > RESULT_REFUSED || reserved)
        return err_set(err, "result record is malformed"), -EBADMSG;
    int failed = keys_check(result, err);
    return failed ? failed : data_check(result, err);
}
