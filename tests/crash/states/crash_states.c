// Every state in which a power cut may leave a store: the writes of a workload are recorded, and
// for moments all along it the file is put together anew from what was durable by then and from
// none, all, a subset, or single sectors of what was not yet synced. Each is opened: every promise
// made by then must be kept, and verify must find nothing.
//
// The controls take away what the promises rest on, and must fail: `nosync` lets nothing of the
// last writes be durable, `nometasync` only the heads.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/crash/states/trial.h"
#include "tests/crash/states/workload.h"

enum control { CONTROL_NONE, CONTROL_NOSYNC, CONTROL_NOMETASYNC };

enum variant { VARIANT_NONE, VARIANT_ALL, VARIANT_SUBSET, VARIANT_TORN, VARIANTS };

enum { ROUNDS = 24, UNSYNCED_WINDOW = 400, GO_ON_EVERY = 8, KEPT = 60, PENDING_MOST = 4096 };

static const char *const variant_names[VARIANTS] = {"none", "all", "subset", "torn"};

struct states {
    enum control control;
    const struct record *records;
    size_t count;
    struct image durable, state;
    const struct record *pending[PENDING_MOST]; // not yet durable, in order
    size_t pending_count;
    size_t promised;
    struct trial trial;
    size_t outcomes[VARIANTS][TRIAL_OUTCOMES];
    size_t bad; // not sound
};

static bool coin(void *arg)
{
    (void)arg;
    return random() & 1;
}

static void settle_first(struct states *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
        image_apply(&states->durable, states->pending[i]);
    states->pending_count -= count;
    memmove(states->pending, states->pending + count,
            states->pending_count * sizeof *states->pending);
}

static void wait_for_sync(struct states *states, const struct record *record)
{
    check_must(states->pending_count < PENDING_MOST);
    states->pending[states->pending_count++] = record;
    if (states->control == CONTROL_NOSYNC && states->pending_count > UNSYNCED_WINDOW)
        settle_first(states, 1);
}

// What the record does to what is durable.
static void advance(struct states *states, const struct record *record)
{
    switch (record->kind) {
    case RECORD_MARK:
        states->promised = record->at;
        break;
    case RECORD_SYNC:
        if (states->control != CONTROL_NOSYNC)
            settle_first(states, states->pending_count);
        break;
    case RECORD_HEAD:
        if (states->control == CONTROL_NONE)
            image_apply(&states->durable, record);
        else
            wait_for_sync(states, record);
        break;
    default:
        wait_for_sync(states, record);
    }
}

static void build(struct states *states, enum variant variant)
{
    image_copy(&states->state, &states->durable);
    for (size_t i = 0; i < states->pending_count; i++) {
        const struct record *record = states->pending[i];
        if (variant == VARIANT_TORN)
            image_apply_torn(&states->state, record, coin, NULL);
        else if (variant == VARIANT_ALL || (variant == VARIANT_SUBSET && coin(NULL)))
            image_apply(&states->state, record);
    }
}

static void try_one(struct states *states, enum variant variant, size_t number)
{
    build(states, variant);
    states->trial.promised = states->promised;
    states->trial.go_on = number % GO_ON_EVERY == 0;
    enum trial_outcome outcome = trial_run(&states->trial, &states->state);
    // Before the store was there, an empty file is as good as none.
    if (outcome == TRIAL_REFUSED && !states->promised)
        outcome = TRIAL_SOUND;
    states->outcomes[variant][outcome]++;
    states->bad += outcome != TRIAL_SOUND;
}

// Returns how many were tried. A control has shown what it must with a few that are not sound; on
// each of them verify may go round in circles for as long as it is let.
static size_t enumerate(struct states *states, size_t wanted)
{
    enum { ENOUGH = 5 };
    size_t done = 0;
    for (size_t at = 0; at < states->count; at++) {
        advance(states, &states->records[at]);
        for (; done < wanted * (at + 1) / states->count; done++) {
            if (states->control != CONTROL_NONE && states->bad >= ENOUGH)
                return done;
            try_one(states, (enum variant)(done % VARIANTS), done);
        }
    }
    return done;
}

static void report(const struct states *states)
{
    for (int variant = 0; variant < VARIANTS; variant++) {
        printf("  %-7s", variant_names[variant]);
        for (int outcome = 0; outcome < TRIAL_OUTCOMES; outcome++) {
            size_t count = states->outcomes[variant][outcome];
            printf(" %s %zu", trial_name((enum trial_outcome)outcome), count);
        }
        putchar('\n');
    }
}

static int run(enum control control, size_t wanted)
{
    struct states states = {.control = control};
    struct promises promises = {.kept = KEPT};
    struct fixture fx;
    char path[96];
    fixture_init(&fx);
    fx.map_size = 512 << 10;
    snprintf(path, sizeof path, "%s/data.mdb", fx.directory);
    recorder_start(path);
    workload_run(&fx, ROUNDS, &promises, recorder_mark);
    recorder_stop();
    fixture_fini(&fx);
    states.records = recorder_records(&states.count);
    states.trial = (struct trial){.directory = trial_directory_make(), .promises = &promises};
    size_t tried = enumerate(&states, wanted);
    printf("%zu states of %zu recorded calls, %zu promises:\n", tried, states.count,
           promises.count);
    report(&states);
    trial_directory_remove(states.trial.directory);
    image_free(&states.durable);
    image_free(&states.state);
    recorder_free();
    promises_free(&promises);
    if (control != CONTROL_NONE)
        printf("control: %zu states are not sound, %s\n", states.bad,
               states.bad ? "as it must be" : "WRONGLY");
    return (states.bad == 0) == (control == CONTROL_NONE) ? 0 : 1;
}

int main(int argc, char **argv)
{
    enum control control = CONTROL_NONE;
    if (argc > 2 && strcmp(argv[2], "nosync") == 0)
        control = CONTROL_NOSYNC;
    else if (argc > 2 && strcmp(argv[2], "nometasync") == 0)
        control = CONTROL_NOMETASYNC;
    else if (argc < 2 || argc > 2) {
        fprintf(stderr, "usage: %s STATES [nosync | nometasync]\n", argv[0]);
        return 2;
    }
    srandom(argc > 2 ? 2 : 1);
    return run(control, strtoul(argv[1], NULL, 10));
}
