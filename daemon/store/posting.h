// The keys of table postings, under which the sequences of events are listed: one byte that says
// what is meant, then the value. They lead to events; whether an event really matches is decided on
// its own record.
#pragma once

#include "daemon/store/internal.h"
#include "proto/wire/result.h"

enum posting_kind {
    POSTING_ENTITY = 'E', // id
    POSTING_TYPE = 'T',
    POSTING_LANGUAGE = 'L',
    POSTING_SOURCE = 'S',
};

enum { POSTING_VALUE_MAX = 480, POSTING_KEY_MAX = 1 + POSTING_VALUE_MAX };

// Writes the key; returns its length. A value longer than POSTING_VALUE_MAX ends in its hash.
size_t posting_key(enum posting_kind kind, struct slice value, char out[POSTING_KEY_MAX]);

// The parts of a KEY_ENTITY value, "id TAB type TAB name". False when it is not one.
bool posting_split_entity(struct slice value, struct slice *id, struct slice *type,
                          struct slice *name);

// What one key of an event says, decoded.
struct event_key {
    enum key_kind kind;
    struct slice id, type, name; // KEY_ENTITY
    struct slice value;          // KEY_SPELLING, KEY_LANGUAGE
    struct slice entity_id;      // KEY_SPELLING: of the entity it names
};

struct event_keys {
    struct cursor at;
    struct slice entity_id;
};

struct event_keys event_keys_of(const struct stored_event *event);

// 1, 0 at the end (a malformed rest is one, too: it was checked before it was stored).
bool event_keys_next(struct event_keys *keys, struct event_key *key);
