// Subscriptions, and the connections they belong to. A subscription is found by its connection and
// the id of its OPEN request.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/open_request.h"
#include "daemon/positions.h"
#include "daemon/zsock.h"
#include "proto/base/list.h"

enum { SUBSCRIPTIONS_A_PEER = 64 };

// A connection with subscriptions.
struct peer {
    struct list link; // in its bucket
    uint8_t id[sizeof((struct zsock_reply_to *)NULL)->peer];
    uint8_t id_len;
    struct list subscriptions;
    unsigned count;
    uint64_t blocked_until; // its buffer was full: nothing is sent before, in uv_now's ms
    unsigned backoff_ms;    // 0: its buffer was not full
};

struct subscription {
    struct peer *peer;
    struct list of_peer;
    struct zsock_reply_to to;
    uint64_t id; // of the OPEN request
    bool opened; // OPEN was answered; nothing is sent before
    bool text;
    uint32_t credit;
    uint64_t next;             // the first sequence that was not looked at for it
    struct position *position; // NULL: no named cursor
    struct sender *sender;     // whose it is, for its limits; NULL: nobody counts
    struct store_filter filter;
    bool filtered;
    struct arena arena; // of the filter

    // delivery.h
    struct list run;   // in the list of its state
    struct list quiet; // in the order of the last message, the oldest first
    uint64_t heard_ms; // when that was, in uv_now's ms
    bool told;         // it knows that it has reached the newest event
};

struct subscriptions;

int subscriptions_create(struct subscriptions **out);
void subscriptions_destroy(struct subscriptions *subscriptions); // with all that are left

struct subscription *subscriptions_find(struct subscriptions *subscriptions,
                                        const struct zsock_reply_to *to, uint64_t id);

// How many there are; how many the connection has.
unsigned subscriptions_count(const struct subscriptions *subscriptions);
unsigned subscriptions_count_peer(struct subscriptions *subscriptions,
                                  const struct zsock_reply_to *to);

// Makes one of a request, whose filter it takes over. NULL without memory.
struct subscription *subscriptions_add(struct subscriptions *subscriptions,
                                       const struct zsock_reply_to *to, uint64_t id,
                                       struct open_request *request);

// Frees it, and the peer with its last one. It must be in no list of others; its cursor must be
// released.
void subscriptions_remove(struct subscriptions *subscriptions, struct subscription *subscription);
