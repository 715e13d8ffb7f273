#include "daemon/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/batch.h"
#include "daemon/telexd.h"
#include "proto/base/log.h"
#include "proto/wire/events.h"

enum {
    SLICE_NS = 1000 * 1000, // turns are taken for so long before other handles get theirs
    BACKOFF_MOST_MS = 500,  // for a connection that is full; begins at 1 and doubles
    TICK_MS = 1000,         // how often quiet subscriptions are looked for
    TICK_MESSAGES = 4096,   // told a tick, so that a tick has a bound
};

struct delivery {
    struct telexd *telexd;
    struct zsock *zsock;
    void (*gone_cb)(struct peer *peer, void *arg);
    void *arg;
    struct list ready;   // have credit and may have events to look at
    struct list waiting; // have reached the newest event
    struct list starved; // have no credit
    struct list blocked; // their connection is full
    struct list quiet;   // all of them, by when they heard last
    uint64_t head;       // newest sequence when `waiting` was last emptied
    struct batch batch;
    struct subscription *refused; // the batch is its, and its connection had no room for it
    uv_idle_t turns;
    uv_timer_t retry, tick;
    bool closing;
    unsigned open;
    unsigned long delivered, lost;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// --- states

static void turns_cb(uv_idle_t *idle);
static void retry_cb(uv_timer_t *timer);

static uint64_t now_ms(const struct delivery *delivery)
{
    return uv_now(delivery->telexd->loop);
}

static void enter(struct list *state, struct subscription *subscription)
{
    list_remove(&subscription->run);
    list_append(state, &subscription->run);
}

static void enter_ready(struct delivery *delivery, struct subscription *subscription)
{
    enter(&delivery->ready, subscription);
    uv_idle_start(&delivery->turns, turns_cb);
}

static void enter_blocked(struct delivery *delivery, struct subscription *subscription)
{
    enter(&delivery->blocked, subscription);
    uint64_t now = now_ms(delivery), until = subscription->peer->blocked_until;
    uint64_t wait = until > now ? until - now : 1;
    if (!uv_is_active((uv_handle_t *)&delivery->retry) ||
        uv_timer_get_due_in(&delivery->retry) > wait)
        uv_timer_start(&delivery->retry, retry_cb, wait, 0);
}

static void retry_cb(uv_timer_t *timer)
{
    struct delivery *delivery = timer->data;
    list_splice(&delivery->ready, &delivery->blocked);
    uv_idle_start(&delivery->turns, turns_cb);
}

// There may be room again for the message that was refused last; it costs nothing to try. Others
// would have to be made again, and wait for their timer.
static void wake_cb(void *arg)
{
    struct delivery *delivery = arg;
    if (!delivery->refused || delivery->closing)
        return;
    delivery->refused->peer->blocked_until = 0;
    enter_ready(delivery, delivery->refused);
}

static void note_heard(struct delivery *delivery, struct subscription *subscription)
{
    subscription->heard_ms = now_ms(delivery);
    list_remove(&subscription->quiet);
    list_append(&delivery->quiet, &subscription->quiet);
}

// --- turns

static void note_full(struct delivery *delivery, struct subscription *subscription)
{
    struct peer *peer = subscription->peer;
    peer->backoff_ms = peer->backoff_ms ? 2 * peer->backoff_ms : 1;
    if (peer->backoff_ms > BACKOFF_MOST_MS)
        peer->backoff_ms = BACKOFF_MOST_MS;
    peer->blocked_until = now_ms(delivery) + peer->backoff_ms;
    enter_blocked(delivery, subscription);
}

static void note_sent(struct delivery *delivery, struct subscription *subscription,
                      const struct batch *batch)
{
    subscription->peer->backoff_ms = 0;
    subscription->peer->blocked_until = 0;
    subscription->credit -= batch->count;
    delivery->delivered += batch->count;
    note_heard(delivery, subscription);
}

static void turn_over(struct delivery *delivery, struct subscription *subscription,
                      const struct batch *batch)
{
    // A store that cannot be read is asked again by the next commit, not in a circle.
    bool stuck = subscription->next == batch->next && !batch->count;
    subscription->next = batch->next;
    subscription->told = batch->caught_up;
    if (!subscription->credit)
        enter(&delivery->starved, subscription);
    else if (batch->caught_up || stuck)
        enter(&delivery->waiting, subscription);
    else
        enter(&delivery->ready, subscription);
}

// What its connection refused is sent again as it is, if nothing else was made since. False without
// memory.
static bool make_batch(struct delivery *delivery, struct subscription *subscription)
{
    struct batch *batch = &delivery->batch;
    bool again = delivery->refused == subscription;
    delivery->refused = NULL;
    if (again)
        batch->caught_up = batch->next > delivery->head;
    else if (batch_begin(batch, subscription->next))
        batch_fill(batch, delivery->telexd->reader, delivery->head, subscription);
    else
        return false;
    return true;
}

// Tells the subscription what was removed before it could be sent, and passes over it. Results as
// zsock_send.
static int tell_lost(struct delivery *delivery, struct subscription *subscription)
{
    uint64_t first = store_first(delivery->telexd->reader);
    if (subscription->next >= first)
        return 0;
    struct events_lost lost = {.first = subscription->next, .last = first - 1};
    struct frame frame = {.version = WIRE_VERSION, .kind = FRAME_LOST, .id = subscription->id};
    struct buf payload;
    buf_init(&payload, EVENTS_LOST_BYTES);
    events_lost_encode(&payload, &lost);
    int failed = payload.failed
                     ? -ENOMEM
                     : zsock_send(delivery->zsock, &subscription->to, &frame, buf_slice(&payload));
    buf_fini(&payload);
    if (failed)
        return failed;
    // Whoever asks for what is long gone need not fill the log.
    if (subscription->position)
        log_notice("stream_lost first=%llu last=%llu reason=\"removed by retention\"",
                   (unsigned long long)lost.first, (unsigned long long)lost.last);
    delivery->lost += lost.last - lost.first + 1;
    subscription->next = first;
    note_heard(delivery, subscription);
    return 0;
}

// The position is moved only when the message is on its way: what cannot be sent now is made again
// later, from the store.
static void take_turn(struct delivery *delivery, struct subscription *subscription)
{
    struct batch *batch = &delivery->batch;
    if (subscription->peer->blocked_until > now_ms(delivery)) {
        enter_blocked(delivery, subscription);
        return;
    }
    bool made = false;
    int failed = delivery->refused == subscription ? 0 : tell_lost(delivery, subscription);
    if (!failed) {
        made = make_batch(delivery, subscription);
        failed = made ? 0 : -ENOMEM;
    }
    bool due = made && (batch->count || (batch->caught_up && !subscription->told));
    if (due)
        failed = batch_send(batch, delivery->zsock, subscription);
    if (failed == -EHOSTUNREACH) {
        delivery->gone_cb(subscription->peer, delivery->arg);
    } else if (failed) {
        if (made)
            delivery->refused = failed == -EAGAIN ? subscription : NULL;
        note_full(delivery, subscription);
    } else {
        if (due)
            note_sent(delivery, subscription, batch);
        turn_over(delivery, subscription, batch);
    }
}

// Those that wait have something to look at only when there are new events.
static void look_for_new(struct delivery *delivery)
{
    uint64_t head = store_head(delivery->telexd->reader);
    if (head == delivery->head)
        return;
    delivery->head = head;
    list_splice(&delivery->ready, &delivery->waiting);
}

static void turns_cb(uv_idle_t *idle)
{
    struct delivery *delivery = idle->data;
    int failed = store_read_begin(delivery->telexd->reader);
    if (failed) {
        log_error("stream_cannot_read_store error=\"%s\"", strerror(-failed));
        uv_idle_stop(idle);
        return;
    }
    look_for_new(delivery);
    uint64_t until = uv_hrtime() + SLICE_NS;
    while (!list_is_empty(&delivery->ready) && uv_hrtime() < until)
        take_turn(delivery, list_entry(delivery->ready.next, struct subscription, run));
    store_read_end(delivery->telexd->reader);
    if (list_is_empty(&delivery->ready))
        uv_idle_stop(idle);
}

void delivery_wake(struct delivery *delivery)
{
    if (!delivery->closing && !list_is_empty(&delivery->quiet))
        uv_idle_start(&delivery->turns, turns_cb);
}

// --- quiet ones

// True when it was told, or has gone: the list goes on behind it.
static void tell_position(struct delivery *delivery, struct subscription *subscription)
{
    struct batch *batch = &delivery->batch;
    delivery->refused = NULL;
    int failed = batch_begin(batch, subscription->next) ? 0 : -ENOMEM;
    batch->caught_up = subscription->next > delivery->head;
    if (!failed)
        failed = batch_send(batch, delivery->zsock, subscription);
    if (failed == -EHOSTUNREACH) {
        delivery->gone_cb(subscription->peer, delivery->arg);
        return;
    }
    if (!failed && batch->caught_up)
        subscription->told = true;
    note_heard(delivery, subscription); // when its buffer is full: try again in ten seconds
}

static void tick_cb(uv_timer_t *timer)
{
    struct delivery *delivery = timer->data;
    for (int i = 0; i < TICK_MESSAGES && !list_is_empty(&delivery->quiet); i++) {
        struct subscription *oldest = list_entry(delivery->quiet.next, struct subscription, quiet);
        if (now_ms(delivery) - oldest->heard_ms < DELIVERY_QUIET_MS)
            return;
        tell_position(delivery, oldest);
    }
}

// --- who takes part

void delivery_add(struct delivery *delivery, struct subscription *subscription)
{
    note_heard(delivery, subscription);
    enter_ready(delivery, subscription);
}

void delivery_remove(struct delivery *delivery, struct subscription *subscription)
{
    if (delivery->refused == subscription)
        delivery->refused = NULL;
    list_remove(&subscription->run);
    list_remove(&subscription->quiet);
}

void delivery_credit(struct delivery *delivery, struct subscription *subscription, uint32_t more)
{
    uint32_t room = WIRE_CREDIT_MAX - subscription->credit;
    bool starved = subscription->opened && !subscription->credit;
    subscription->credit += more < room ? more : room;
    if (starved && subscription->credit)
        enter_ready(delivery, subscription);
}

unsigned long delivery_delivered(const struct delivery *delivery)
{
    return delivery->delivered;
}

unsigned long delivery_damaged(const struct delivery *delivery)
{
    return delivery->batch.damaged;
}

unsigned long delivery_lost(const struct delivery *delivery)
{
    return delivery->lost;
}

// --- beginning and end

int delivery_create(struct delivery **out, struct telexd *telexd, struct zsock *zsock,
                    void (*gone_cb)(struct peer *peer, void *arg), void *arg)
{
    struct delivery *delivery = *out = calloc(1, sizeof *delivery);
    if (!delivery)
        return -ENOMEM;
    delivery->telexd = telexd;
    delivery->zsock = zsock;
    delivery->gone_cb = gone_cb;
    delivery->arg = arg;
    struct list *lists[] = {&delivery->ready, &delivery->waiting, &delivery->starved,
                            &delivery->blocked, &delivery->quiet};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_init(lists[i]);
    uv_idle_init(telexd->loop, &delivery->turns);
    uv_timer_init(telexd->loop, &delivery->retry);
    uv_timer_init(telexd->loop, &delivery->tick);
    delivery->turns.data = delivery->retry.data = delivery->tick.data = delivery;
    delivery->open = 3;
    uv_timer_start(&delivery->tick, tick_cb, TICK_MS, TICK_MS);
    zsock_on_wake(zsock, wake_cb, delivery);
    return batch_init(&delivery->batch);
}

static void handle_closed_cb(uv_handle_t *handle)
{
    struct delivery *delivery = handle->data;
    if (--delivery->open == 0 && delivery->closed_cb)
        delivery->closed_cb(delivery->closed_arg);
}

void delivery_close(struct delivery *delivery, void (*closed_cb)(void *arg), void *arg)
{
    delivery->closing = true;
    delivery->closed_cb = closed_cb;
    delivery->closed_arg = arg;
    uv_close((uv_handle_t *)&delivery->turns, handle_closed_cb);
    uv_close((uv_handle_t *)&delivery->retry, handle_closed_cb);
    uv_close((uv_handle_t *)&delivery->tick, handle_closed_cb);
}

void delivery_destroy(struct delivery *delivery)
{
    if (!delivery)
        return;
    batch_fini(&delivery->batch);
    free(delivery);
}
