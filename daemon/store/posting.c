#include "daemon/store/posting.h"

#include "proto/base/hash.h"

size_t posting_key(enum posting_kind kind, struct slice value, char out[POSTING_KEY_MAX])
{
    out[0] = (char)kind;
    if (value.len <= POSTING_VALUE_MAX) {
        if (value.len)
            memcpy(out + 1, value.ptr, value.len);
        return 1 + value.len;
    }
    uint64_t hash = hash64(value, 0);
    memcpy(out + 1, value.ptr, POSTING_VALUE_MAX - sizeof hash);
    memcpy(out + 1 + POSTING_VALUE_MAX - sizeof hash, &hash, sizeof hash);
    return POSTING_KEY_MAX;
}

static bool cut_at_tab(struct slice *rest, struct slice *part)
{
    const char *tab = rest->len ? memchr(rest->ptr, '\t', rest->len) : NULL;
    if (!tab)
        return false;
    *part = slice_from(rest->ptr, (size_t)(tab - rest->ptr));
    *rest = slice_from(tab + 1, rest->len - part->len - 1);
    return true;
}

bool posting_split_entity(struct slice value, struct slice *id, struct slice *type,
                          struct slice *name)
{
    *name = value;
    return cut_at_tab(name, id) && cut_at_tab(name, type) && id->len && type->len;
}

struct event_keys event_keys_of(const struct stored_event *event)
{
    return (struct event_keys){.at = cursor_from(event->keys)};
}

bool event_keys_next(struct event_keys *keys, struct event_key *key)
{
    // Not result_key_decode: that checks UTF-8 again, and this runs for every event of a scan.
    while (cursor_left(&keys->at)) {
        key->kind = (enum key_kind)cursor_u8(&keys->at);
        size_t len = cursor_u8(&keys->at);
        key->value = cursor_bytes(&keys->at, len);
        if (keys->at.failed)
            return false;
        if (key->kind == KEY_ENTITY) {
            if (!posting_split_entity(key->value, &key->id, &key->type, &key->name))
                continue;
            keys->entity_id = key->id;
        }
        key->entity_id = keys->entity_id;
        if (key->value.len)
            return true;
    }
    return false;
}
