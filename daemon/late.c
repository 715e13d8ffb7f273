#include "daemon/late.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct late_reply {
    struct list link;
    struct zsock_reply_to to;
    struct frame frame;
    size_t len;
    char payload[];
};

struct late_peer {
    struct list link;
    struct list replies;
    size_t bytes;
};

static size_t cost(const struct late_reply *reply)
{
    return sizeof *reply + reply->len;
}

static struct late_reply *first_of(const struct late_peer *peer)
{
    return list_entry(peer->replies.next, struct late_reply, link);
}

static bool is_same(const struct zsock_reply_to *a, const struct zsock_reply_to *b)
{
    return a->peer_len == b->peer_len && memcmp(a->peer, b->peer, a->peer_len) == 0;
}

// Few connections are full at a time, so a list does.
static struct late_peer *find_peer(const struct late *late, const struct zsock_reply_to *to)
{
    list_for_each (link, &late->peers) {
        struct late_peer *peer = list_entry(link, struct late_peer, link);
        if (is_same(&first_of(peer)->to, to))
            return peer;
    }
    return NULL;
}

static struct late_peer *add_peer(struct late *late)
{
    struct late_peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    list_init(&peer->replies);
    list_append(&late->peers, &peer->link);
    return peer;
}

static void drop_peer(struct late_peer *peer)
{
    list_remove(&peer->link);
    free(peer);
}

static void drop_first(struct late *late, struct late_peer *peer)
{
    struct late_reply *reply = first_of(peer);
    late->bytes -= cost(reply);
    peer->bytes -= cost(reply);
    list_remove(&reply->link);
    free(reply);
}

void late_init(struct late *late)
{
    list_init(&late->peers);
    late->bytes = 0;
}

void late_fini(struct late *late)
{
    while (!list_is_empty(&late->peers)) {
        struct late_peer *peer = list_entry(late->peers.next, struct late_peer, link);
        while (!list_is_empty(&peer->replies))
            drop_first(late, peer);
        drop_peer(peer);
    }
}

bool late_is_empty(const struct late *late)
{
    return list_is_empty(&late->peers);
}

bool late_has(const struct late *late, const struct zsock_reply_to *to)
{
    return find_peer(late, to) != NULL;
}

int late_keep(struct late *late, const struct zsock_reply_to *to, const struct frame *frame,
              struct slice payload)
{
    struct late_peer *peer = find_peer(late, to);
    size_t bytes = sizeof(struct late_reply) + payload.len;
    if (late->bytes + bytes > LATE_BYTES || (peer ? peer->bytes : 0) + bytes > LATE_PEER_BYTES)
        return -EAGAIN;
    struct late_reply *reply = malloc(bytes);
    if (!peer && reply)
        peer = add_peer(late);
    if (!peer || !reply) {
        free(reply);
        return -ENOMEM;
    }
    reply->to = *to;
    reply->frame = *frame;
    reply->len = payload.len;
    if (payload.len)
        memcpy(reply->payload, payload.ptr, payload.len);
    list_append(&peer->replies, &reply->link);
    peer->bytes += bytes;
    late->bytes += bytes;
    return 0;
}

static bool flush_peer(struct late *late, struct late_peer *peer, late_send_cb *send, void *arg)
{
    bool went = false;
    while (!list_is_empty(&peer->replies)) {
        struct late_reply *reply = first_of(peer);
        if (send(&reply->to, &reply->frame, slice_from(reply->payload, reply->len), arg) == -EAGAIN)
            return went;
        drop_first(late, peer);
        went = true;
    }
    drop_peer(peer);
    return went;
}

bool late_flush(struct late *late, late_send_cb *send, void *arg)
{
    bool went = false;
    list_for_each_safe (link, &late->peers)
        went |= flush_peer(late, list_entry(link, struct late_peer, link), send, arg);
    return went;
}
