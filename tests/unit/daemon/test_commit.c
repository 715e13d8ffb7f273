#include "daemon/commit.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "tests/unit/daemon/parts.h"

enum { MANY = 1000 };

struct order {
    struct commit commit;
    struct parts *parts;
    unsigned *finished;
    unsigned number;
};

static void cursor_write(struct commit *commit, const char *name, uint64_t next)
{
    commit->write =
        (struct write){.kind = WRITE_CURSOR, .cursor = slice_from_text(name), .next = next};
}

static void count_cb(struct commit *commit)
{
    struct order *order = list_entry(commit, struct order, commit);
    assert_int_equal(commit->write.status, 0);
    assert_int_equal(order->number, *order->finished); // in the order of submission
    ++*order->finished;
}

static void test_every_commit_comes_back_in_order(void **state)
{
    (void)state;
    static struct order orders[MANY];
    struct parts parts;
    unsigned finished = 0;
    parts_open(&parts);
    for (unsigned i = 0; i < MANY; i++) {
        orders[i] = (struct order){.finished = &finished, .number = i};
        cursor_write(&orders[i].commit, "c", i + 1);
        orders[i].commit.done_cb = count_cb;
        commits_submit(parts.telexd.commits, &orders[i].commit);
    }
    assert_int_equal(commits_pending(parts.telexd.commits), MANY);
    PARTS_WAIT(&parts, finished == MANY);
    assert_int_equal(commits_pending(parts.telexd.commits), 0);
    assert_int_equal(commits_finished(parts.telexd.commits), MANY);
    const struct commits_latency *latency = commits_latency(parts.telexd.commits);
    uint64_t counted = 0;
    for (int i = 0; i < COMMITS_BUCKETS; i++)
        counted += latency->buckets[i];
    assert_int_equal(counted, MANY);
    assert_true(latency->sum_ns > 0);
    assert_true(commits_stats(parts.telexd.commits).commits < MANY); // they shared transactions
    parts_close(&parts);
}

static void submit_next_cb(struct commit *commit)
{
    struct order *order = list_entry(commit, struct order, commit);
    if (commit->write.status == -ESHUTDOWN) {
        order->number = 0;
        return;
    }
    ++*order->finished;
    cursor_write(commit, "c", 1);
    commits_submit(order->parts->telexd.commits, commit);
}

// What is submitted while the bridge is being stopped comes back too, refused.
static void test_stopping_calls_everything_back(void **state)
{
    (void)state;
    struct parts parts;
    unsigned finished = 0;
    parts_open(&parts);
    struct order order = {.finished = &finished, .parts = &parts, .number = 1};
    cursor_write(&order.commit, "c", 1);
    order.commit.done_cb = submit_next_cb;
    commits_submit(parts.telexd.commits, &order.commit);
    commits_stop(parts.telexd.commits);
    assert_true(finished > 0);
    assert_int_equal(order.number, 0);
    assert_int_equal(commits_pending(parts.telexd.commits), 0);
    parts_close(&parts); // stops it again, which is harmless
}

static _Atomic bool disk_is_broken;

// Takes the place of the C library's: LMDB syncs through it.
int fdatasync(int fd)
{
    if (!disk_is_broken)
        return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

static void note_status_cb(struct commit *commit)
{
    struct order *order = list_entry(commit, struct order, commit);
    order->number = (unsigned)-commit->write.status;
    ++*order->finished;
}

static void submit_one(struct parts *parts, struct order *order, uint64_t next)
{
    unsigned before = *order->finished;
    cursor_write(&order->commit, "c", next);
    order->commit.done_cb = note_status_cb;
    commits_submit(parts->telexd.commits, &order->commit);
    PARTS_WAIT(parts, *order->finished > before);
}

// The first error of the disk is the last word: what works again later proves nothing.
static void test_a_disk_error_ends_the_daemon(void **state)
{
    (void)state;
    struct parts parts;
    unsigned finished = 0;
    struct order order = {.finished = &finished};
    parts_open(&parts);
    struct lifecycle *lifecycle = &parts.telexd.lifecycle;
    lifecycle_post(lifecycle, LIFECYCLE_BUILT, "test");
    lifecycle_post(lifecycle, LIFECYCLE_RECOVERED, "test");
    submit_one(&parts, &order, 1);
    assert_int_equal(order.number, 0);
    disk_is_broken = true;
    submit_one(&parts, &order, 2);
    assert_int_equal(order.number, EIO);
    disk_is_broken = false;
    submit_one(&parts, &order, 3);
    assert_int_equal(order.number, EIO);
    assert_int_equal(lifecycle->state, LIFECYCLE_STOPPING);
    assert_int_equal(lifecycle->exit_status, -EIO);
    assert_true(commits_stats(parts.telexd.commits).failed);
    parts_close(&parts);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_commit_comes_back_in_order),
        cmocka_unit_test(test_stopping_calls_everything_back),
        cmocka_unit_test(test_a_disk_error_ends_the_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
