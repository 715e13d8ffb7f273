#include "daemon/store/index_keys.h"

#include <errno.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"
#include "proto/base/log.h"

enum { TYPES_REMEMBERED = 8 };

void index_keys_init(struct index_keys *keys)
{
    keys->chunk_count = 0;
    keys->bytes = 0;
    for (int chunk = 0; chunk < KEYS_CHUNKS; chunk++)
        for (int table = 0; table < KEYS_TABLES; table++)
            sorted_init(&keys->chunks[chunk][table]);
}

void index_keys_fini(struct index_keys *keys)
{
    for (int chunk = 0; chunk < KEYS_CHUNKS; chunk++)
        for (int table = 0; table < KEYS_TABLES; table++)
            sorted_fini(&keys->chunks[chunk][table]);
}

static void add_posting(struct sorted *chunk, enum posting_kind kind, struct slice value,
                        uint64_t sequence)
{
    char key[POSTING_KEY_MAX];
    size_t len = posting_key(kind, value, key);
    sorted_add(&chunk[KEYS_POSTINGS], slice_from(key, len), sequence, slice_from(NULL, 0));
}

static bool remember_type(struct slice types[TYPES_REMEMBERED], size_t *count, struct slice type)
{
    for (size_t i = 0; i < *count; i++)
        if (slice_equal(types[i], type))
            return false;
    if (*count < TYPES_REMEMBERED)
        types[(*count)++] = type;
    return true;
}

static void add_event(struct sorted *chunk, const struct stored_event *event)
{
    struct slice types[TYPES_REMEMBERED];
    size_t type_count = 0;
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    add_posting(chunk, POSTING_SOURCE, event->source, event->sequence);
    while (event_keys_next(&keys, &key)) {
        if (key.kind == KEY_ENTITY) {
            size_t head = key.id.len + 1;
            add_posting(chunk, POSTING_ENTITY, key.id, event->sequence);
            if (remember_type(types, &type_count, key.type))
                add_posting(chunk, POSTING_TYPE, key.type, event->sequence);
            sorted_add(&chunk[KEYS_ENTITIES], key.id, event->sequence,
                       slice_from(key.value.ptr + head, key.value.len - head));
        } else if (key.kind == KEY_SPELLING && key.entity_id.len) {
            sorted_add(&chunk[KEYS_NAMES], key.value, 0, key.entity_id);
        } else if (key.kind == KEY_LANGUAGE) {
            add_posting(chunk, POSTING_LANGUAGE, key.value, event->sequence);
        }
    }
}

static int collect_event(struct index_keys *keys, const struct store *store, MDB_txn *txn,
                         uint64_t sequence)
{
    struct stored_event event;
    int status = events_get(store, txn, sequence, &event);
    if (status == -EBADMSG || status == -ENOENT) {
        log_error("event_damaged sequence=%llu", (unsigned long long)sequence);
        return 0;
    }
    if (status < 0)
        return status;
    add_event(keys->chunks[keys->chunk_count], &event);
    keys->bytes += event.keys.len;
    return 0;
}

int index_keys_collect(struct index_keys *keys, const struct store *store, MDB_txn *txn,
                       uint64_t from, uint64_t *until)
{
    struct sorted *chunk = keys->chunks[keys->chunk_count];
    uint64_t end = *until;
    for (*until = from; *until < end && (*until == from || keys->bytes < KEYS_BYTES); ++*until) {
        int status = collect_event(keys, store, txn, *until);
        if (status < 0)
            return status;
    }
    bool failed = false;
    for (int table = 0; table < KEYS_TABLES; table++) {
        sorted_sort(&chunk[table]);
        failed = failed || sorted_failed(&chunk[table]);
    }
    keys->chunk_count++;
    return failed ? -ENOMEM : 0;
}

bool index_keys_next(const struct index_keys *keys, enum keys_table table,
                     struct keys_position *position, struct index_key *out)
{
    size_t best = KEYS_CHUNKS;
    for (size_t i = 0; i < keys->chunk_count; i++) {
        const struct sorted *chunk = &keys->chunks[i][table];
        if (position->at[i] == sorted_count(chunk))
            continue;
        if (best == KEYS_CHUNKS ||
            sorted_compare(chunk, position->at[i], &keys->chunks[best][table], position->at[best]) <
                0)
            best = i;
    }
    if (best == KEYS_CHUNKS)
        return false;
    const struct sorted *chunk = &keys->chunks[best][table];
    const struct sorted_entry *entry = sorted_at(chunk, position->at[best]++);
    *out = (struct index_key){.key = sorted_key(chunk, entry),
                              .value = sorted_value(chunk, entry),
                              .number = entry->number};
    return true;
}
