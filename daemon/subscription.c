#include "daemon/subscription.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/hash.h"

enum { BUCKETS = 1024 };

struct subscriptions {
    unsigned count;
    struct list peers[BUCKETS];
};

int subscriptions_create(struct subscriptions **out)
{
    struct subscriptions *subscriptions = *out = calloc(1, sizeof *subscriptions);
    if (!subscriptions)
        return -ENOMEM;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&subscriptions->peers[i]);
    return 0;
}

// --- peers

static struct list *bucket_of(struct subscriptions *subscriptions, const struct zsock_reply_to *to)
{
    return &subscriptions->peers[hash64(slice_from(to->peer, to->peer_len), 0) % BUCKETS];
}

static struct peer *peer_find(struct subscriptions *subscriptions, const struct zsock_reply_to *to)
{
    list_for_each (link, bucket_of(subscriptions, to)) {
        struct peer *peer = list_entry(link, struct peer, link);
        if (slice_equal(slice_from(peer->id, peer->id_len), slice_from(to->peer, to->peer_len)))
            return peer;
    }
    return NULL;
}

static struct peer *peer_new(struct subscriptions *subscriptions, const struct zsock_reply_to *to)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    memcpy(peer->id, to->peer, to->peer_len);
    peer->id_len = to->peer_len;
    list_init(&peer->subscriptions);
    list_append(bucket_of(subscriptions, to), &peer->link);
    return peer;
}

static void peer_free_if_empty(struct peer *peer)
{
    if (peer->count)
        return;
    list_remove(&peer->link);
    free(peer);
}

// --- subscriptions

struct subscription *subscriptions_find(struct subscriptions *subscriptions,
                                        const struct zsock_reply_to *to, uint64_t id)
{
    struct peer *peer = peer_find(subscriptions, to);
    if (!peer)
        return NULL;
    list_for_each (link, &peer->subscriptions) {
        struct subscription *subscription = list_entry(link, struct subscription, of_peer);
        if (subscription->id == id)
            return subscription;
    }
    return NULL;
}

unsigned subscriptions_count(const struct subscriptions *subscriptions)
{
    return subscriptions->count;
}

unsigned subscriptions_count_peer(struct subscriptions *subscriptions,
                                  const struct zsock_reply_to *to)
{
    const struct peer *peer = peer_find(subscriptions, to);
    return peer ? peer->count : 0;
}

static void take_request(struct subscription *subscription, struct open_request *request)
{
    subscription->text = request->text;
    subscription->credit = request->credit;
    subscription->filter = request->filter;
    subscription->filtered = !store_filter_is_empty(&request->filter);
    subscription->arena = request->arena;
    arena_init(&request->arena, 0);
}

struct subscription *subscriptions_add(struct subscriptions *subscriptions,
                                       const struct zsock_reply_to *to, uint64_t id,
                                       struct open_request *request)
{
    struct peer *peer = peer_find(subscriptions, to);
    if (!peer)
        peer = peer_new(subscriptions, to);
    struct subscription *subscription = peer ? calloc(1, sizeof *subscription) : NULL;
    if (!subscription) {
        if (peer)
            peer_free_if_empty(peer);
        return NULL;
    }
    subscription->peer = peer;
    subscription->to = *to;
    subscription->id = id;
    list_init(&subscription->run);
    list_init(&subscription->quiet);
    take_request(subscription, request);
    list_append(&peer->subscriptions, &subscription->of_peer);
    peer->count++;
    subscriptions->count++;
    return subscription;
}

void subscriptions_remove(struct subscriptions *subscriptions, struct subscription *subscription)
{
    struct peer *peer = subscription->peer;
    list_remove(&subscription->of_peer);
    arena_fini(&subscription->arena);
    free(subscription);
    subscriptions->count--;
    peer->count--;
    peer_free_if_empty(peer);
}

static void peer_destroy(struct subscriptions *subscriptions, struct peer *peer)
{
    for (unsigned left = peer->count; left; left--)
        subscriptions_remove(subscriptions,
                             list_entry(peer->subscriptions.next, struct subscription, of_peer));
}

void subscriptions_destroy(struct subscriptions *subscriptions)
{
    if (!subscriptions)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        list_for_each_safe (link, &subscriptions->peers[i])
            peer_destroy(subscriptions, list_entry(link, struct peer, link));
    free(subscriptions);
}
