// What the daemon's tests share: a folder that goes away, a loop with a deadline, a raw client in a
// thread of its own.
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "tests/unit/cmocka_all.h"

enum { SUPPORT_DEADLINE_MS = 30000 };

struct test_folder {
    char path[64];
};

static inline void test_folder_make(struct test_folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/telex-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static inline int test_folder_remove_cb(const char *path, const struct stat *st, int type,
                                        struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void test_folder_remove(const struct test_folder *folder)
{
    nftw(folder->path, test_folder_remove_cb, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void test_deadline_cb(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

// Runs the loop until *done, which a callback sets; fails the test at the deadline.
static inline void test_run_until(uv_loop_t *loop, const volatile bool *done)
{
    bool late = false;
    uv_timer_t *deadline = malloc(sizeof *deadline);
    assert_non_null(deadline);
    uv_timer_init(loop, deadline);
    deadline->data = &late;
    uv_timer_start(deadline, test_deadline_cb, SUPPORT_DEADLINE_MS, 0);
    while (!*done && !late)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)deadline, (uv_close_cb)(void (*)(void))free);
    assert_false(late);
}

// Runs `work` in a thread while the loop runs in this one, until the work is over.
struct test_thread {
    void (*work)(void *arg);
    void *arg;
    uv_async_t over;
    volatile bool done;
};

static inline void test_thread_cb(void *arg)
{
    struct test_thread *thread = arg;
    thread->work(thread->arg);
    uv_async_send(&thread->over);
}

static inline void test_over_cb(uv_async_t *async)
{
    struct test_thread *thread = async->data;
    thread->done = true;
}

static inline void test_run_beside(uv_loop_t *loop, void (*work)(void *arg), void *arg)
{
    static struct test_thread thread; // closed by the loop's later turns
    thread = (struct test_thread){.work = work, .arg = arg};
    uv_async_init(loop, &thread.over, test_over_cb);
    thread.over.data = &thread;
    uv_thread_t id;
    assert_int_equal(uv_thread_create(&id, test_thread_cb, &thread), 0);
    test_run_until(loop, &thread.done);
    uv_thread_join(&id);
    uv_close((uv_handle_t *)&thread.over, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}
