#include "daemon/senders.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/hash.h"

enum { BUCKETS = 256 };

struct senders {
    struct list buckets[BUCKETS];
    struct list quiet;
    unsigned count;
};

struct senders *senders_create(void)
{
    struct senders *senders = calloc(1, sizeof *senders);
    if (!senders)
        return NULL;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&senders->buckets[i]);
    list_init(&senders->quiet);
    return senders;
}

static void forget(struct senders *senders, struct sender *sender)
{
    list_remove(&sender->link);
    list_remove(&sender->quiet);
    free(sender);
    senders->count--;
}

void senders_destroy(struct senders *senders)
{
    if (!senders)
        return;
    list_for_each_safe (link, &senders->quiet)
        forget(senders, list_entry(link, struct sender, quiet));
    free(senders);
}

static struct sender *find(struct list *bucket, struct slice user)
{
    list_for_each (link, bucket) {
        struct sender *sender = list_entry(link, struct sender, link);
        if (slice_is(user, sender->user))
            return sender;
    }
    return NULL;
}

static bool make_room(struct senders *senders)
{
    if (senders->count < SENDERS_MAX)
        return true;
    list_for_each (link, &senders->quiet) {
        struct sender *sender = list_entry(link, struct sender, quiet);
        if (!sender->subscriptions) {
            forget(senders, sender);
            return true;
        }
    }
    return false;
}

static struct sender *add(struct senders *senders, struct list *bucket, struct slice user)
{
    if (user.len > SENDER_USER_MAX || !make_room(senders))
        return NULL;
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return NULL;
    memcpy(sender->user, user.ptr, user.len);
    list_append(bucket, &sender->link);
    list_append(&senders->quiet, &sender->quiet);
    senders->count++;
    return sender;
}

struct sender *senders_get(struct senders *senders, struct slice user)
{
    struct list *bucket = &senders->buckets[hash64(user, 0) % BUCKETS];
    struct sender *sender = find(bucket, user);
    if (!sender)
        return add(senders, bucket, user);
    list_remove(&sender->quiet);
    list_append(&senders->quiet, &sender->quiet);
    return sender;
}

unsigned senders_count(const struct senders *senders)
{
    return senders->count;
}

bool rate_take(struct rate *rate, int64_t per_second, uint64_t amount, uint64_t now_ms)
{
    if (per_second <= 0)
        return true;
    double most = (double)per_second;
    uint64_t passed = rate->begun ? now_ms - rate->at_ms : 1000;
    rate->tokens += most * (double)passed / 1000;
    if (rate->tokens > most)
        rate->tokens = most;
    rate->begun = true;
    rate->at_ms = now_ms;
    double wanted = (double)amount < most ? (double)amount : most;
    if (rate->tokens < wanted)
        return false;
    rate->tokens -= (double)amount;
    return true;
}
