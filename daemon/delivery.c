#include "daemon/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/telexd.h"
#include "proto/base/log.h"
#include "proto/wire/events.h"

enum {
    TURN_STEPS = 2048,        // of a filter's search in one turn
    SLICE_NS = 1000 * 1000,   // turns are taken for so long before other handles get theirs
    BACKOFF_MOST_MS = 500,    // for a connection that is full; begins at 1 and doubles
    TICK_MS = 1000,           // how often quiet subscriptions are looked for
    TICK_MESSAGES = 4096,     // told a tick, so that a tick has a bound
    MESSAGE_MOST = 64 << 20,  // one event with its text, at the very most
    KEEP_BYTES = 1024 * 1024, // a larger buffer is given back after its message
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
    struct buf message;
    uv_idle_t turns;
    uv_timer_t retry, tick;
    bool closing;
    unsigned open;
    unsigned long delivered, damaged;
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

static void note_heard(struct delivery *delivery, struct subscription *subscription)
{
    subscription->heard_ms = now_ms(delivery);
    list_remove(&subscription->quiet);
    list_append(&delivery->quiet, &subscription->quiet);
}

// --- one message

struct batch {
    uint64_t next;
    uint32_t count;
    bool caught_up; // it has reached the newest event
    bool full;
};

static void note_damaged(struct delivery *delivery, uint64_t sequence, int error)
{
    delivery->damaged++;
    log_error("event_damaged sequence=%llu error=\"%s\" event=\"skipped\"",
              (unsigned long long)sequence, strerror(-error));
}

// 0, or negative errno: nothing was added.
static int put_with_text(struct delivery *delivery, const struct stored_event *event)
{
    struct buf *out = &delivery->message;
    size_t start = out->len;
    struct event_record record = {.sequence = event->sequence};
    event_record_encode(out, &record);
    int failed = store_put_event_with_text(delivery->telexd->reader, event, out);
    if (failed) {
        out->len = start;
        out->failed = false;
        return failed;
    }
    size_t end = out->len;
    out->len = start;
    buf_put_u64(out, event->sequence);
    buf_put_u32(out, (uint32_t)(end - start - EVENT_HEAD_BYTES));
    out->len = end;
    return 0;
}

static int put_event(struct delivery *delivery, const struct subscription *subscription,
                     const struct stored_event *event)
{
    if (subscription->text)
        return put_with_text(delivery, event);
    struct event_record record = {.sequence = event->sequence, .json = event->json};
    event_record_encode(&delivery->message, &record);
    return delivery->message.failed ? -ENOMEM : 0;
}

static void batch_add(struct delivery *delivery, const struct subscription *subscription,
                      const struct stored_event *event, struct batch *batch)
{
    int failed = put_event(delivery, subscription, event);
    if (failed == -ENOMEM || (failed == -ENOSPC && batch->count)) {
        batch->full = true; // this event is the next message's
        return;
    }
    if (failed)
        note_damaged(delivery, event->sequence, failed);
    else
        batch->count++;
    batch->next = event->sequence + 1;
}

static bool batch_has_room(const struct delivery *delivery, const struct subscription *subscription,
                           const struct batch *batch)
{
    return !batch->full && batch->count < WIRE_BATCH_EVENTS &&
           batch->count < subscription->credit && delivery->message.len < DELIVERY_MESSAGE_BYTES;
}

static void batch_fill(struct delivery *delivery, const struct subscription *subscription,
                       struct batch *batch)
{
    const struct store_filter *filter = subscription->filtered ? &subscription->filter : NULL;
    uint32_t budget = TURN_STEPS;
    while (batch_has_room(delivery, subscription, batch)) {
        struct stored_event event;
        uint64_t next;
        if (batch->next > delivery->head)
            break;
        int failed =
            store_next_event(delivery->telexd->reader, batch->next, filter, &budget, &event, &next);
        if (!failed) {
            batch_add(delivery, subscription, &event, batch);
            continue;
        }
        if (failed == -EBADMSG)
            note_damaged(delivery, next - 1, failed);
        if (failed == -ENOENT || failed == -EAGAIN || failed == -EBADMSG)
            batch->next = next;
        else
            log_error("stream_cannot_read_store error=\"%s\"", strerror(-failed));
        if (failed != -EBADMSG)
            break;
    }
    batch->caught_up = batch->next > delivery->head;
}

static int batch_send(struct delivery *delivery, struct subscription *subscription,
                      const struct batch *batch)
{
    struct events_head head = {
        .next = batch->next, .count = batch->count, .live = batch->caught_up};
    events_head_patch(&delivery->message, 0, &head);
    struct frame frame = {.version = WIRE_VERSION, .kind = FRAME_EVENTS, .id = subscription->id};
    return zsock_send(delivery->zsock, &subscription->to, &frame, buf_slice(&delivery->message));
}

static void message_begin(struct delivery *delivery)
{
    if (delivery->message.capacity > KEEP_BYTES)
        buf_fini(&delivery->message);
    buf_reset(&delivery->message);
    struct events_head none = {0};
    events_head_encode(&delivery->message, &none);
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

// The position is moved only when the message is on its way: what cannot be sent now is made again
// later, from the store.
static void take_turn(struct delivery *delivery, struct subscription *subscription)
{
    if (subscription->peer->blocked_until > now_ms(delivery)) {
        enter_blocked(delivery, subscription);
        return;
    }
    struct batch batch = {.next = subscription->next};
    message_begin(delivery);
    batch_fill(delivery, subscription, &batch);
    if (batch.count || (batch.caught_up && !subscription->told)) {
        int failed = batch_send(delivery, subscription, &batch);
        if (failed == -EHOSTUNREACH) {
            delivery->gone_cb(subscription->peer, delivery->arg);
            return;
        }
        if (failed) {
            note_full(delivery, subscription);
            return;
        }
        note_sent(delivery, subscription, &batch);
    }
    turn_over(delivery, subscription, &batch);
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
    struct batch batch = {.next = subscription->next,
                          .caught_up = subscription->next > delivery->head};
    message_begin(delivery);
    int failed = batch_send(delivery, subscription, &batch);
    if (failed == -EHOSTUNREACH) {
        delivery->gone_cb(subscription->peer, delivery->arg);
        return;
    }
    if (!failed && batch.caught_up)
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
    (void)delivery;
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
    return delivery->damaged;
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
    buf_init(&delivery->message, MESSAGE_MOST);
    uv_idle_init(telexd->loop, &delivery->turns);
    uv_timer_init(telexd->loop, &delivery->retry);
    uv_timer_init(telexd->loop, &delivery->tick);
    delivery->turns.data = delivery->retry.data = delivery->tick.data = delivery;
    delivery->open = 3;
    uv_timer_start(&delivery->tick, tick_cb, TICK_MS, TICK_MS);
    return 0;
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
    buf_fini(&delivery->message);
    free(delivery);
}
