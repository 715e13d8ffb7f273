// Damage: bits flipped and pages torn in a store's file, one a trial. Whatever is handed out must
// be what was written; what is not handed out must be found by verify, or have been refused.
//
// The control changes a record and its checksum alike, so that the store cannot know: the trial
// must see that something else is handed out.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/check.h"
#include "tests/crash/states/trial.h"
#include "tests/crash/states/workload.h"

enum damage { DAMAGE_BIT, DAMAGE_ZEROS, DAMAGE_TORN, DAMAGE_MISPLACED, DAMAGES };

enum { ROUNDS = 24, KEPT = 200, PAGE = 4096, SECTOR = 512 };

static const char *const damage_names[DAMAGES] = {"bit", "zeros", "torn", "misplaced"};

struct flips {
    struct image whole, half, state; // half: as it was in the middle of the workload
    struct promises promises;
    struct trial trial;
    size_t outcomes[DAMAGES][TRIAL_OUTCOMES];
};

static struct flips flips;
static const char *store_path;
static unsigned marks;

// The store is closed and opened in the workload; a copy of the file is what a torn page mixes in.
static void promised_cb(size_t count)
{
    (void)count;
    if (++marks == 200)
        image_load(&flips.half, store_path);
}

static size_t random_below(size_t limit)
{
    return (size_t)random() % limit;
}

// Of the pages that hold anything.
static size_t random_page(const struct image *image)
{
    size_t pages = image->len / PAGE, page;
    static const char nothing[PAGE];
    do
        page = random_below(pages);
    while (memcmp(image->bytes + page * PAGE, nothing, PAGE) == 0);
    return page;
}

static void do_damage(struct image *image, enum damage damage)
{
    size_t at = random_page(image) * PAGE, sector = random_below(PAGE / SECTOR) * SECTOR;
    size_t other = random_page(image) * PAGE;
    switch (damage) {
    case DAMAGE_BIT:
        image->bytes[at + random_below(PAGE)] ^= (char)(1 << random_below(8));
        break;
    case DAMAGE_ZEROS:
        memset(image->bytes + at + sector, 0, SECTOR);
        break;
    case DAMAGE_TORN:
        if (at + PAGE <= flips.half.len)
            memcpy(image->bytes + at + sector, flips.half.bytes + at + sector, PAGE - sector);
        break;
    case DAMAGE_MISPLACED:
        memcpy(image->bytes + at, image->bytes + other, PAGE);
        break;
    case DAMAGES:
        break;
    }
}

// Trials differ from run to run, since stores do: with TELEX_STATES_KEEP=DIRECTORY those that went
// wrong are kept there, to be looked at.
static void keep(size_t number)
{
    const char *directory = getenv("TELEX_STATES_KEEP");
    char path[PATH_MAX];
    if (!directory || snprintf(path, sizeof path, "%s/%zu", directory, number) >= PATH_MAX - 10)
        return;
    check_must(mkdir(path, 0700) == 0);
    strcat(path, "/data.mdb");
    image_save(&flips.state, path);
}

static bool is_bad(enum trial_outcome outcome)
{
    return outcome == TRIAL_LOST || outcome > TRIAL_REPAIRED;
}

static void try_one(size_t number)
{
    enum damage damage = (enum damage)(number % DAMAGES);
    srandom((unsigned)number + 1);
    image_copy(&flips.state, &flips.whole);
    do_damage(&flips.state, damage);
    enum trial_outcome outcome = trial_run(&flips.trial, &flips.state);
    flips.outcomes[damage][outcome]++;
    if (!is_bad(outcome))
        return;
    printf("  trial %zu (%s): %s\n", number, damage_names[damage], trial_name(outcome));
    keep(number);
}

static size_t report(size_t tried)
{
    size_t bad = 0;
    printf("%zu trials on a store of %zu pages, %zu promises:\n", tried, flips.whole.len / PAGE,
           flips.promises.count);
    for (int damage = 0; damage < DAMAGES; damage++) {
        printf("  %-9s", damage_names[damage]);
        for (int outcome = 0; outcome < TRIAL_OUTCOMES; outcome++) {
            size_t count = flips.outcomes[damage][outcome];
            printf(" %s %zu", trial_name((enum trial_outcome)outcome), count);
            bad += is_bad((enum trial_outcome)outcome) ? count : 0;
        }
        putchar('\n');
    }
    return bad;
}

static void make_store(struct fixture *fx)
{
    static char path[96];
    fixture_init(fx);
    fx->unsynced = true;
    snprintf(path, sizeof path, "%s/data.mdb", fx->directory);
    store_path = path;
    flips.promises.kept = KEPT;
    workload_run(fx, ROUNDS, &flips.promises, promised_cb);
    image_load(&flips.whole, path);
}

// A record that was changed and sealed anew.
static int run_control(void)
{
    struct fixture fx;
    make_store(&fx);
    // As good as: the store cannot know of either.
    flips.promises.at[flips.promises.count - 1].hash.low ^= 1;
    flips.trial = (struct trial){.directory = trial_directory_make(),
                                 .promises = &flips.promises,
                                 .promised = flips.promises.count};
    enum trial_outcome outcome = trial_run(&flips.trial, &flips.whole);
    printf("control: %s\n", trial_name(outcome));
    trial_directory_remove(flips.trial.directory);
    fixture_fini(&fx);
    return outcome == TRIAL_WRONG ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct fixture fx;
    if (argc == 2 && strcmp(argv[1], "control") == 0)
        return run_control();
    size_t from = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    make_store(&fx);
    flips.trial = (struct trial){.directory = trial_directory_make(),
                                 .promises = &flips.promises,
                                 .promised = flips.promises.count,
                                 .repair = true};
    for (size_t i = from; i < from + wanted; i++)
        try_one(i);
    size_t bad = report(wanted);
    trial_directory_remove(flips.trial.directory);
    image_free(&flips.whole);
    image_free(&flips.half);
    image_free(&flips.state);
    promises_free(&flips.promises);
    fixture_fini(&fx);
    return bad ? 1 : 0;
}
