// Repair, offline:
//   1. lock the directory; read the damaged file page by page (pages.h), never through LMDB
//   2. put what is intact into a new store beside it, and make that whole (salvage.h)
//   3. verify the new one; only when it is sound does it take the damaged one's place, which is
//      moved aside and kept
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/salvage.h"
#include "daemon/store/table.h"

static const char NEW_DIRECTORY[] = "repairing";

enum { MAP_FACTOR = 8 }; // address space for the new file, in sizes of the old one
#define MAP_LEAST ((uint64_t)1 << 30)

static int put_path(char out[PATH_MAX], const char *directory, const char *below, const char *name,
                    struct err *err)
{
    int len = snprintf(out, PATH_MAX, "%s/%s%s%s", directory, below, *below ? "/" : "", name);
    return len < PATH_MAX ? 0 : err_set_errno(err, ENAMETOOLONG, "%s", directory);
}

static int open_pages(const char *directory, bool read_only, struct pages **out, int *lock,
                      struct err *err)
{
    char path[PATH_MAX];
    *lock = -1;
    *out = NULL;
    int status = directory_lock(directory, read_only, lock, err);
    if (status == 0)
        status = put_path(path, directory, "", "data.mdb", err);
    return status == 0 ? pages_open(out, path, err) : status;
}

static void close_lock(int lock)
{
    if (lock >= 0)
        close(lock);
}

int store_check_pages(const char *directory, uint64_t *damaged, store_problem_cb *cb, void *arg,
                      struct err *err)
{
    struct pages *pages;
    int lock;
    int status = open_pages(directory, true, &pages, &lock, err);
    if (status == 0)
        *damaged = pages_check(pages, cb, arg);
    pages_close(pages);
    close_lock(lock);
    return status;
}

// --- the new store

static void remove_new(const char *directory)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "telexd.lock"};
    char path[PATH_MAX];
    struct err err;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (put_path(path, directory, NEW_DIRECTORY, names[i], &err) == 0)
            unlink(path);
    if (put_path(path, directory, NEW_DIRECTORY, "", &err) == 0)
        rmdir(path);
}

static int open_new(const char *directory, struct repair *repair, struct err *err)
{
    char path[PATH_MAX], old[PATH_MAX];
    remove_new(directory); // of a repair that was interrupted
    int status = put_path(path, directory, "", NEW_DIRECTORY, err);
    if (status == 0)
        status = put_path(old, directory, "", "data.mdb", err);
    if (status < 0)
        return status;
    uint64_t map = directory_file_bytes(old) * MAP_FACTOR;
    struct store_options options = {.directory = path,
                                    .map_size = map > MAP_LEAST ? map : MAP_LEAST,
                                    .map_limit = map > MAP_LEAST ? map : MAP_LEAST};
    status = store_open(&repair->store, &options, err);
    // Synced once, at the end: until then the damaged file is what counts.
    if (status == 0 && mdb_env_set_flags(repair->store->env, MDB_NOSYNC, 1))
        status = err_set_errno(err, EIO, "cannot write %s", path);
    return status;
}

static int fill_new(struct repair *repair, struct pages *pages, struct err *err)
{
    int status = salvage_all(repair, pages);
    if (status == 0)
        status = mend_all(repair);
    if (repair->txn)
        mdb_txn_abort(repair->txn);
    repair->txn = NULL;
    if (status == 0)
        status = table_error(mdb_env_sync(repair->store->env, 1));
    return status < 0 ? err_set_errno(err, -status, "cannot make the store anew") : 0;
}

static int prove_new(struct repair *repair, struct err *err)
{
    struct store_verdict verdict;
    int status =
        store_verify(repair->store, &verdict, repair->problems.cb, repair->problems.arg, NULL, err);
    if (status == 0 && verdict.damaged)
        return err_set(err, "the repaired store is not sound; nothing was changed"), -EBADMSG;
    return status;
}

// --- taking its place

static int move_aside(const char *directory, struct store_repair_report *report, struct err *err)
{
    char path[PATH_MAX], old[PATH_MAX];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(report->aside, sizeof report->aside, "damaged-%Y%m%dT%H%M%SZ", &utc);
    int status = put_path(path, directory, "", report->aside, err);
    if (status == 0)
        status = directory_create(path, err);
    if (status == 0)
        status = put_path(path, directory, report->aside, "data.mdb", err);
    if (status == 0)
        status = put_path(old, directory, "", "data.mdb", err);
    if (status == 0 && link(old, path) < 0)
        status = err_set_errno(err, errno, "cannot move %s aside", old);
    if (status == 0)
        snprintf(report->aside + strlen(report->aside),
                 sizeof report->aside - strlen(report->aside), "/data.mdb");
    return status;
}

// LMDB's lock file speaks of the old one.
static int replace(const char *directory, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX], lock[PATH_MAX];
    int status = put_path(from, directory, NEW_DIRECTORY, "data.mdb", err);
    if (status == 0)
        status = put_path(to, directory, "", "data.mdb", err);
    if (status == 0)
        status = put_path(lock, directory, "", "lock.mdb", err);
    if (status < 0)
        return status;
    unlink(lock);
    if (rename(from, to) < 0)
        return err_set_errno(err, errno, "cannot put the repaired store in place");
    return directory_sync(directory, err);
}

static int run(const char *directory, struct repair *repair, struct pages *pages, struct err *err)
{
    int status = open_new(directory, repair, err);
    if (status == 0)
        status = fill_new(repair, pages, err);
    if (status == 0)
        status = prove_new(repair, err);
    store_close(repair->store);
    repair->store = NULL;
    if (status == 0)
        status = move_aside(directory, repair->report, err);
    if (status == 0)
        status = replace(directory, err);
    remove_new(directory);
    return status;
}

int store_repair(const char *directory, struct store_repair_report *report, store_problem_cb *cb,
                 void *arg, struct err *err)
{
    struct repair repair = {.report = report, .problems = {.cb = cb, .arg = arg}};
    struct pages *pages;
    int lock;
    *report = (struct store_repair_report){0};
    buf_init(&repair.scratch, SIZE_MAX);
    buf_init(&repair.lost, SIZE_MAX);
    buf_init(&repair.blanks, SIZE_MAX);
    int status = open_pages(directory, false, &pages, &lock, err);
    if (status == 0)
        status = run(directory, &repair, pages, err);
    pages_close(pages);
    close_lock(lock);
    buf_fini(&repair.scratch);
    buf_fini(&repair.lost);
    buf_fini(&repair.blanks);
    return status;
}
