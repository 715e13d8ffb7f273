#include "daemon/store/tail.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"

// What was indexed since is let go with its memory.
static void tail_begin(struct tail *tail, uint64_t from)
{
    sorted_fini(&tail->entities);
    sorted_fini(&tail->spellings);
    spellings_fini(&tail->seen);
    sorted_init(&tail->entities);
    sorted_init(&tail->spellings);
    tail->from = tail->until = from;
}

static void add_event(struct tail *tail, const struct stored_event *event)
{
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    while (event_keys_next(&keys, &key))
        if (key.kind == KEY_ENTITY)
            sorted_add(&tail->entities, key.id, event->sequence,
                       slice_from(key.type.ptr, key.type.len + 1 + key.name.len));
        else if (key.kind == KEY_SPELLING && key.entity_id.len &&
                 spellings_add(&tail->seen, key.value, key.entity_id))
            sorted_add(&tail->spellings, key.value, 0, key.entity_id);
}

static bool is_too_large(const struct tail *tail)
{
    return sorted_bytes(&tail->entities) + sorted_bytes(&tail->spellings) > TAIL_BYTES;
}

// Leaves the tail as it is when nothing came. Once it is too large it stays so: it is not sorted
// any more.
static int add_events(struct tail *tail, struct store_reader *reader)
{
    size_t entities = sorted_count(&tail->entities), spellings = sorted_count(&tail->spellings);
    for (; tail->until <= reader->head && !is_too_large(tail); tail->until++) {
        struct stored_event event;
        int status = store_get_event(reader, tail->until, &event);
        if (status == 0)
            add_event(tail, &event);
        else if (status != -EBADMSG && status != -ENOENT)
            return status;
    }
    if (is_too_large(tail))
        return -EAGAIN;
    sorted_sort_from(&tail->entities, entities);
    sorted_sort_from(&tail->spellings, spellings);
    return sorted_failed(&tail->entities) || sorted_failed(&tail->spellings) ? -ENOMEM : 0;
}

int tail_read(struct store_reader *reader, const struct tail **out)
{
    struct tail *tail = reader->tail;
    if (!tail)
        tail = reader->tail = calloc(1, sizeof *tail);
    *out = tail;
    if (!tail)
        return -ENOMEM;
    if (tail->from != reader->indexed + 1)
        tail_begin(tail, reader->indexed + 1);
    int status = add_events(tail, reader);
    if (status < 0 && status != -EAGAIN)
        tail_begin(tail, 0); // half of it is of no use
    return status;
}

void tail_free(struct tail *tail)
{
    if (tail)
        tail_begin(tail, 0);
    free(tail);
}
