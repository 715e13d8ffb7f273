// Who sends requests, as far as limits go: all connections of one key, of one process, or of one
// address are one sender. A bounded table; who has been quiet longest makes room. Pure: time is the
// caller's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/list.h"
#include "proto/base/slice.h"
#include "proto/wire/keyfile.h"

enum {
    SENDERS_MAX = 1024,
    SENDER_USER_MAX = 127,
    SENDER_IDENTITY_MAX = 127, // "key:", a name of 64 bytes, ":", a key of 40; or less
};

// A token bucket that holds a second's worth; the first second is there at once.
struct rate {
    double tokens;
    uint64_t at_ms;
    bool begun;
};

struct sender {
    struct list link;               // in its bucket
    struct list quiet;              // the one that was quiet longest first
    char user[SENDER_USER_MAX + 1]; // as the ZAP handler gave it to the connection
    // access.h
    char
        identity[SENDER_IDENTITY_MAX + 1]; // for records: "key:NAME:KEY", "uid:1000", "address:..."
    char cursors[KEYFILE_VALUE_MAX + 1];   // it may use those that begin so; empty: any
    unsigned roles;                        // enum role
    uint64_t generation;                   // of the allow-list that these are from; 0: none yet
    struct rate requests, questions, articles;
    unsigned subscriptions; // while it has some it stays
};

struct senders;

struct senders *senders_create(void); // NULL without memory
void senders_destroy(struct senders *senders);

// The sender of this name, made when it is new. NULL: without memory, or all there may be hold
// subscriptions. Valid until the next call, or as long as it holds subscriptions.
struct sender *senders_get(struct senders *senders, struct slice user);

unsigned senders_count(const struct senders *senders);

// Takes `amount` when there is so much (or a full second's worth, for an amount above that). A
// `per_second` of 0 is no limit. True: taken.
bool rate_take(struct rate *rate, int64_t per_second, uint64_t amount, uint64_t now_ms);
