#include "tests/crash/states/trial.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/log.h"
#include "tests/unit/daemon/store/support.h"

enum { TRIAL_SECONDS = 60, MAP_BYTES = 64 << 20 };

const char *trial_name(enum trial_outcome outcome)
{
    static const char *const names[TRIAL_OUTCOMES] = {
        [TRIAL_SOUND] = "sound", [TRIAL_DAMAGED] = "damaged",   [TRIAL_REFUSED] = "refused",
        [TRIAL_LOST] = "lost",   [TRIAL_WRONG] = "wrong",       [TRIAL_CRASHED] = "crashed",
        [TRIAL_HUNG] = "hung",   [TRIAL_REPAIRED] = "repaired", [TRIAL_UNREPAIRED] = "unrepaired",
    };
    return names[outcome];
}

static bool is_loud(void)
{
    return getenv("TELEX_STATES_LOUD") != NULL;
}

// A page that holds what it held earlier, and is whole, cannot be told from one that is right.
// Records of articles and events never change, so that only a cursor can be older: its reader sees
// again what it saw, and misses nothing. A power cut must not do that, damage to the disk may.
static struct tally ask(const struct trial *trial, struct fixture *fx)
{
    struct tally tally = promises_check(trial->promises, trial->promised, fx->reader);
    if (trial->repair)
        tally.wrong -= tally.stale_cursor;
    return tally;
}

static enum trial_outcome judge(const struct trial *trial, struct fixture *fx)
{
    struct tally tally = ask(trial, fx);
    uint64_t damaged = verify_store(fx, is_loud());
    if (tally.wrong)
        return TRIAL_WRONG;
    if (damaged)
        return TRIAL_DAMAGED;
    return tally.missing || tally.refused ? TRIAL_LOST : TRIAL_SOUND;
}

static enum trial_outcome write_more(const struct trial *trial, struct fixture *fx)
{
    struct err err = {0};
    check_must(fixture_start_writer(fx, &err) == 0);
    uint64_t offset = push_numbered(fx, 4000000000U);
    check_must(tag_article(fx, offset, "en", NULL, 0, NULL) == 0);
    return judge(trial, fx);
}

static enum trial_outcome look(const struct trial *trial)
{
    struct fixture fx = {.map_size = MAP_BYTES, .map_limit = 4 * MAP_BYTES};
    struct err err = {0};
    snprintf(fx.directory, sizeof fx.directory, "%s", trial->directory);
    struct store_options options = fixture_options(&fx);
    fixture_init_locks(&fx);
    if (store_open(&fx.store, &options, &err) < 0 ||
        store_reader_open(fx.store, &fx.reader, &err) < 0) {
        if (is_loud())
            fprintf(stderr, "not opened: %s\n", err_text(&err));
        return TRIAL_REFUSED;
    }
    enum trial_outcome outcome = judge(trial, &fx);
    if (outcome == TRIAL_SOUND && trial->go_on)
        outcome = write_more(trial, &fx);
    fixture_close(&fx);
    return outcome;
}

static void tell_cb(const char *line, void *arg)
{
    (void)arg;
    if (is_loud())
        fprintf(stderr, "repair: %s\n", line);
}

// Repairs it, and looks again: every promise is kept but as many as repair has named.
static enum trial_outcome repair(const struct trial *trial)
{
    struct store_repair_report report;
    struct err err = {0};
    struct fixture fx = {.map_size = MAP_BYTES, .map_limit = 4 * MAP_BYTES};
    if (store_repair(trial->directory, &report, tell_cb, NULL, &err) < 0) {
        tell_cb(err_text(&err), NULL);
        return TRIAL_UNREPAIRED;
    }
    snprintf(fx.directory, sizeof fx.directory, "%s", trial->directory);
    struct store_options options = fixture_options(&fx);
    fixture_init_locks(&fx);
    if (store_open(&fx.store, &options, &err) < 0 ||
        store_reader_open(fx.store, &fx.reader, &err) < 0)
        return TRIAL_UNREPAIRED;
    struct tally tally = ask(trial, &fx);
    bool sound = verify_store(&fx, is_loud()) == 0 && !tally.wrong && !tally.refused &&
                 tally.missing - tally.missing_cursor <= report.lost_articles + report.lost_events;
    if (is_loud())
        fprintf(stderr,
                "repair: %zu kept, %zu missing, %zu refused, %zu wrong, %" PRIu64 " named\n",
                tally.kept, tally.missing, tally.refused, tally.wrong,
                report.lost_articles + report.lost_events);
    fixture_close(&fx);
    return sound ? TRIAL_REPAIRED : TRIAL_UNREPAIRED;
}

// A process that died of its store is explained by the look at its pages.
static enum trial_outcome explain(const struct trial *trial)
{
    struct err err = {0};
    uint64_t damaged = 0;
    int status = store_check_pages(trial->directory, &damaged, tell_cb, NULL, &err);
    return status == -EBADMSG || damaged ? TRIAL_DAMAGED : TRIAL_CRASHED;
}

static void begin_child(void)
{
    alarm(TRIAL_SECONDS);
    if (!is_loud()) {
        log_set_level((enum log_level)0);
        check_must(freopen("/dev/null", "w", stderr));
    }
}

static enum trial_outcome outcome_of(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? TRIAL_HUNG : TRIAL_CRASHED;
    int code = WEXITSTATUS(status);
    return code < TRIAL_OUTCOMES ? (enum trial_outcome)code : TRIAL_CRASHED;
}

static void prepare(const struct trial *trial, const struct image *image)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock.mdb", trial->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/telexd.lock", trial->directory);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s/data.mdb", trial->directory);
    image_save(image, path);
}

static enum trial_outcome in_child(const struct trial *trial,
                                   enum trial_outcome (*act)(const struct trial *trial))
{
    int status;
    pid_t pid = fork();
    check_must(pid >= 0);
    if (pid == 0) {
        begin_child();
        _exit((int)act(trial));
    }
    check_must(waitpid(pid, &status, 0) == pid);
    return outcome_of(status);
}

static int forget_cb(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat, (void)type;
    return where->level ? remove(path) : 0;
}

enum trial_outcome trial_run(const struct trial *trial, const struct image *image)
{
    prepare(trial, image);
    enum trial_outcome outcome = in_child(trial, look);
    if (trial->repair && outcome == TRIAL_CRASHED)
        outcome = in_child(trial, explain);
    if (trial->repair && (outcome == TRIAL_DAMAGED || outcome == TRIAL_REFUSED))
        outcome = in_child(trial, repair);
    nftw(trial->directory, forget_cb, 8, FTW_DEPTH | FTW_PHYS);
    return outcome;
}

const char *trial_directory_make(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/telex-states-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check_must(mkdtemp(path));
    return path;
}

static int remove_cb(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat, (void)type, (void)where;
    return remove(path);
}

void trial_directory_remove(const char *directory)
{
    nftw(directory, remove_cb, 8, FTW_DEPTH | FTW_PHYS);
}
