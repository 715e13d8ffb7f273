#include "daemon/store/spellings.h"

#include <stdlib.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"

enum { CAPACITY_FIRST = 4096 };

void spellings_init(struct spellings *spellings)
{
    *spellings = (struct spellings){0};
}

void spellings_fini(struct spellings *spellings)
{
    free(spellings->hashes);
    spellings_init(spellings);
}

static uint64_t hash_of(struct slice spelling, struct slice id)
{
    uint64_t hash = hash64(spelling, hash64(id, 0));
    return hash ? hash : 1;
}

// Where the hash is, or would be. Half of the places are free.
static uint64_t *place_of(const struct spellings *spellings, uint64_t hash)
{
    size_t mask = spellings->capacity - 1, at = hash & mask;
    while (spellings->hashes[at] && spellings->hashes[at] != hash)
        at = (at + 1) & mask;
    return &spellings->hashes[at];
}

static bool grow(struct spellings *spellings)
{
    struct spellings larger = {.capacity =
                                   spellings->capacity ? 2 * spellings->capacity : CAPACITY_FIRST};
    if (spellings->count >= SPELLINGS_MAX)
        return false;
    larger.hashes = calloc(larger.capacity, sizeof *larger.hashes);
    if (!larger.hashes)
        return false;
    for (size_t i = 0; i < spellings->capacity; i++)
        if (spellings->hashes[i])
            *place_of(&larger, spellings->hashes[i]) = spellings->hashes[i];
    free(spellings->hashes);
    spellings->hashes = larger.hashes;
    spellings->capacity = larger.capacity;
    return true;
}

bool spellings_add(struct spellings *spellings, struct slice spelling, struct slice id)
{
    if (spellings->overflowed)
        return true;
    if (2 * spellings->count >= spellings->capacity && !grow(spellings)) {
        spellings->overflowed = true;
        return true;
    }
    uint64_t hash = hash_of(spelling, id), *place = place_of(spellings, hash);
    bool added = !*place;
    spellings->count += added;
    *place = hash;
    return added;
}

void spellings_add_event(struct spellings *spellings, const struct stored_event *event)
{
    spellings->added++;
    if (!event)
        spellings->overflowed = true;
    if (spellings->overflowed)
        return;
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    while (event_keys_next(&keys, &key))
        if (key.kind == KEY_SPELLING && key.entity_id.len)
            spellings_add(spellings, key.value, key.entity_id);
}

void spellings_catch_up(struct spellings *spellings, struct store_reader *reader)
{
    struct stored_event event;
    while (spellings->added < reader->head && !spellings->overflowed) {
        int status = events_get(reader->store, reader->txn, spellings->added + 1, &event);
        spellings_add_event(spellings, status < 0 ? NULL : &event);
    }
}

bool spellings_has(const struct spellings *spellings, struct slice spelling, struct slice id)
{
    if (spellings->overflowed)
        return true;
    return spellings->capacity && *place_of(spellings, hash_of(spelling, id));
}
