#include "daemon/store/retain.h"

#include <errno.h>

#include "daemon/store/env.h"
#include "daemon/store/events.h"
#include "daemon/store/identity.h"
#include "daemon/store/journal.h"
#include "daemon/store/table.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
    PACE_FIRST = 16,
    SWEEP_PER_EVENT = 8,
    JUMP_MS = 60 * 60 * 1000,
    BELIEVED_MS = 24 * 60 * 60 * 1000,
};

int64_t retain_clock_now(struct retain_clock *clock, int64_t wall_ms, int64_t mono_ms)
{
    int64_t lead = wall_ms - mono_ms;
    if (!clock->set || lead <= clock->lead_ms + JUMP_MS ||
        (clock->jumped_ms && mono_ms - clock->jumped_ms >= BELIEVED_MS)) {
        *clock = (struct retain_clock){.set = true, .lead_ms = lead};
        return wall_ms;
    }
    if (!clock->jumped_ms) {
        log_warning("clock_jumped ahead_seconds=%lld retention by age waits a day before it goes "
                    "by it",
                    (long long)((lead - clock->lead_ms) / 1000));
        clock->jumped_ms = mono_ms ? mono_ms : 1;
    }
    return clock->lead_ms + mono_ms;
}

void retain_init(struct retain *retain, struct store *store)
{
    *retain = (struct retain){.store = store, .pace = PACE_FIRST, .too_old = INT64_MIN};
    sweep_init(&retain->sweep, store);
}

static uint64_t count_excess_bytes(const struct retain *retain)
{
    const struct store *store = retain->store;
    uint64_t used = env_used_bytes(store);
    if (!retain->limits.bytes || used <= retain->limits.bytes)
        return 0;
    uint64_t free_bytes = env_free_bytes(store);
    uint64_t live = used > free_bytes ? used - free_bytes : 0;
    return live > retain->limits.bytes ? live - retain->limits.bytes : 0;
}

void retain_look(struct retain *retain)
{
    const struct store_tail *tail = &retain->store->tail;
    const struct store_retention *limits = &retain->limits;
    retain->excess = count_excess_bytes(retain);
    retain->before = limits->events && tail->next_sequence > limits->events
                         ? tail->next_sequence - limits->events
                         : 0;
    int64_t now = retain_clock_now(&retain->clock, retain->store->wall_ms(), clock_mono_ms());
    retain->too_old = limits->age_ms ? now - limits->age_ms : INT64_MIN;
}

// --- which events go

struct choice {
    uint64_t until; // events below it go
    uint64_t bytes; // of their records, and of their articles
};

// Time and size of an event; one that is damaged is as old as the next that is not, and is nothing.
// False when there is none.
static bool look_at(const struct store *store, MDB_txn *txn, uint64_t sequence,
                    struct stored_event *event)
{
    uint64_t last = sequence + REMOVE_MOST;
    for (; sequence < store->tail.next_sequence && sequence < last; sequence++)
        if (events_get(store, txn, sequence, event) == 0)
            return true;
    return false;
}

static uint64_t size_of(const struct store *store, MDB_txn *txn, const struct stored_event *event)
{
    struct slice article;
    uint64_t offset = event->offset, size = event->json.len + event->keys.len + event->edits.len;
    if (table_get_raw(store, txn, DB_ARTICLES, slice_of_number(&offset), &article) == 0)
        size += article.len;
    return size;
}

static bool has_to_go(const struct retain *retain, MDB_txn *txn, struct choice *choice)
{
    const struct store *store = retain->store;
    struct stored_event event;
    if (choice->until >= store->tail.next_sequence)
        return false;
    if (choice->until < retain->before)
        return true;
    if (choice->bytes >= retain->excess && retain->too_old == INT64_MIN)
        return false;
    bool readable = look_at(store, txn, choice->until, &event);
    bool goes = choice->bytes < retain->excess || (readable && event.time_ms < retain->too_old);
    if (goes && readable && event.sequence == choice->until)
        choice->bytes += size_of(store, txn, &event);
    return goes;
}

static void choose(const struct retain *retain, MDB_txn *txn, struct choice *choice)
{
    uint64_t first = retain->store->tail.horizon.first;
    *choice = (struct choice){.until = first};
    while (choice->until < first + retain->pace && has_to_go(retain, txn, choice))
        choice->until++;
}

bool retain_is_due(struct retain *retain)
{
    const struct store_tail *tail = &retain->store->tail;
    struct choice choice = {.until = tail->horizon.first};
    MDB_txn *txn;
    if (choice.until < retain->before || (retain->excess && choice.until < tail->next_sequence))
        return true;
    if (retain->too_old == INT64_MIN || choice.until >= tail->next_sequence ||
        mdb_txn_begin(retain->store->env, NULL, MDB_RDONLY, &txn) != MDB_SUCCESS)
        return false;
    bool due = has_to_go(retain, txn, &choice);
    mdb_txn_abort(txn);
    return due;
}

bool retain_can_do_less(const struct retain *retain)
{
    return retain->halved;
}

// --- one step

static int remove_chosen(struct retain *retain, MDB_txn *txn, struct horizon *horizon,
                         uint64_t until, struct removal *removal)
{
    int status = remove_events(retain->store, txn, horizon, until, removal);
    if (status == 0)
        status = sweep_step(&retain->sweep, retain->store, txn, removal->entities,
                            (unsigned)removal->events * SWEEP_PER_EVENT);
    return status;
}

// What the next step may take on, after this one took `ns` for so many events.
static void set_pace(struct retain *retain, uint64_t events, int64_t ns, int64_t budget_ns)
{
    int64_t each = events ? ns / (int64_t)events : budget_ns;
    int64_t pace = each > 0 ? budget_ns / each : REMOVE_MOST;
    // Not by leaps: one event may be a hundred times as large as another.
    int64_t most =
        2 * (int64_t)retain->pace < REMOVE_MOST ? 2 * (int64_t)retain->pace : REMOVE_MOST;
    retain->pace = (unsigned)(pace < 1 ? 1 : pace > most ? most : pace);
}

static void note_removed(struct retain *retain, const struct horizon *horizon,
                         const struct removal *step, struct removal *removal)
{
    struct store *store = retain->store;
    store->tail.horizon = *horizon;
    if (store->indexed < horizon->first - 1)
        store->indexed = horizon->first - 1;
    retain->excess -= step->bytes < retain->excess ? step->bytes : retain->excess;
    removal->events += step->events;
    removal->articles += step->articles;
    removal->entities += step->entities;
    removal->bytes += step->bytes;
}

int retain_step(struct retain *retain, int64_t budget_ns, struct removal *removal)
{
    struct store *store = retain->store;
    struct horizon horizon = store->tail.horizon;
    struct removal step = {0};
    struct choice choice;
    MDB_txn *txn;
    int64_t begun = clock_mono_ns();
    int status = table_error(mdb_txn_begin(store->env, NULL, 0, &txn));
    if (status < 0)
        return status;
    choose(retain, txn, &choice);
    if (choice.until > horizon.first)
        status = remove_chosen(retain, txn, &horizon, choice.until, &step);
    else
        retain->excess = 0; // nothing is left that may go
    if (status < 0 || !step.events) {
        mdb_txn_abort(txn);
        identity_removed(store, false);
        retain->halved = retain->pace > 1;
        retain->pace = retain->pace > 1 ? retain->pace / 2 : 1;
        return status;
    }
    set_pace(retain, step.events, clock_mono_ns() - begun, budget_ns);
    status = table_error(mdb_txn_commit(txn));
    identity_removed(store, status == 0);
    if (status == 0)
        note_removed(retain, &horizon, &step, removal);
    return status;
}
