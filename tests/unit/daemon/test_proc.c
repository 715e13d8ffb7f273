// One worker process against the fake worker.
#include "daemon/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "proto/wire/article.h"
#include "tests/unit/cmocka_all.h"

enum { WINDOW = 8, DEADLINE_MS = 20000 };

struct fixture {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct proc *proc;
    bool ready, ended, closed, late;
    uint64_t results[64];
    size_t result_count;
    bool stalled;
    uint64_t taken_back[WINDOW];
    size_t taken_back_count;
    bool refuse; // results are garbage
    bool pause_at_result;
    uint64_t orphans[WINDOW];
    size_t orphan_count;
    struct proc_end end;
    char words[4096];
};

static void ready_cb(struct proc *proc, void *arg)
{
    (void)proc;
    ((struct fixture *)arg)->ready = true;
}

static int result_cb(struct proc *proc, uint64_t offset, struct slice payload, struct err *err,
                     void *arg)
{
    struct fixture *f = arg;
    if (f->refuse)
        return err_set(err, "not to my liking"), -EBADMSG;
    assert_true(payload.len > 0);
    f->results[f->result_count++] = offset;
    if (f->pause_at_result)
        proc_pause(proc);
    return 0;
}

static void stalled_cb(struct proc *proc, void *arg)
{
    struct fixture *f = arg;
    f->stalled = true;
    while (proc_take_back(proc, &f->taken_back[f->taken_back_count]))
        f->taken_back_count++;
}

static void ended_cb(struct proc *proc, void *arg)
{
    struct fixture *f = arg;
    f->ended = true;
    f->end = *proc_get_end(proc);
    snprintf(f->words, sizeof f->words, "%s", f->end.words);
    while (proc_take_orphan(proc, &f->orphans[f->orphan_count]))
        f->orphan_count++;
}

static void closed_cb(struct proc *proc, void *arg)
{
    (void)proc;
    ((struct fixture *)arg)->closed = true;
}

static void late_cb(uv_timer_t *timer)
{
    ((struct fixture *)timer->data)->late = true;
}

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->deadline);
    f->deadline.data = f;
    uv_timer_start(&f->deadline, late_cb, DEADLINE_MS, 0);
}

static void fixture_fini(struct fixture *f)
{
    uv_close((uv_handle_t *)&f->deadline, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

#define WAIT(f, cond)                                                                              \
    do {                                                                                           \
        while (!(cond) && !(f)->late)                                                              \
            uv_run(&(f)->loop, UV_RUN_ONCE);                                                       \
        assert_true(cond);                                                                         \
    } while (0)

static int start(struct fixture *f, const char *program, const char *mode, uint64_t timeout_ms)
{
    struct proc_options options = {.program = program,
                                   .lexicon = mode,
                                   .window = WINDOW,
                                   .timeout_ms = timeout_ms,
                                   .generation = 1,
                                   .events = {ready_cb, result_cb, stalled_cb, ended_cb, closed_cb},
                                   .arg = f};
    bool closing;
    struct err err;
    int result = proc_start(&f->proc, &closing, &f->loop, &options, &err);
    assert_int_equal(closing, result != 0);
    return result;
}

static void start_ready(struct fixture *f, const char *mode, uint64_t timeout_ms)
{
    fixture_init(f);
    assert_int_equal(start(f, TELEX_FAKE_WORKER, mode, timeout_ms), 0);
    WAIT(f, f->ready);
}

static void give(struct fixture *f, uint64_t offset, const char *title)
{
    struct article article = {.uri = slice_from_text("urn:x:1"), .title = slice_from_text(title)};
    struct buf record;
    buf_init(&record, 65536);
    article_encode(&record, &article);
    assert_true(proc_has_room(f->proc));
    assert_int_equal(proc_give(f->proc, offset, buf_slice(&record)), 0);
    buf_fini(&record);
}

static void test_tags_in_order_and_retires(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 5000);
    assert_string_equal(proc_lexicon(f.proc), "good");
    for (uint64_t offset = 1; offset <= WINDOW; offset++)
        give(&f, offset, "fine");
    assert_false(proc_has_room(f.proc));
    proc_retire(f.proc);
    WAIT(&f, f.closed);
    assert_int_equal(f.result_count, WINDOW);
    for (uint64_t offset = 1; offset <= WINDOW; offset++)
        assert_int_equal(f.results[offset - 1], offset);
    assert_true(f.end.orderly && f.end.ready && f.end.worked && !f.end.timed_out);
    assert_string_equal(f.words, "exited with status 0");
    assert_int_equal(f.orphan_count, 0);
    fixture_fini(&f);
}

static void test_a_crash_leaves_its_jobs_and_its_words(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 5000);
    give(&f, 1, "fine");
    give(&f, 2, "crash");
    give(&f, 3, "fine");
    WAIT(&f, f.closed);
    assert_int_equal(f.result_count, 1);
    assert_int_equal(f.orphan_count, 2);
    assert_int_equal(f.orphans[0], 2);
    assert_int_equal(f.orphans[1], 3);
    assert_false(f.end.orderly);
    assert_string_equal(f.words, "killed by signal 6 (Aborted): about to crash");
    fixture_fini(&f);
}

static void test_a_hang_is_killed_in_time(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 1000);
    give(&f, 1, "hang");
    give(&f, 2, "fine");
    WAIT(&f, f.closed);
    assert_true(f.end.timed_out);
    assert_string_equal(f.words, "timed out after 1 s");
    assert_int_equal(f.orphan_count, 1);
    assert_int_equal(f.end.on, 1);
    fixture_fini(&f);
}

static void test_nothing_waits_behind_a_hang(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 20000);
    give(&f, 1, "hang");
    give(&f, 2, "fine");
    give(&f, 3, "crash");
    WAIT(&f, f.stalled);
    assert_true(proc_is_stalled(f.proc) && !proc_has_room(f.proc));
    assert_int_equal(proc_load(f.proc), 1);
    assert_int_equal(f.taken_back_count, 2);
    assert_int_equal(f.taken_back[0], 2);
    assert_int_equal(f.taken_back[1], 3);
    kill(proc_pid(f.proc), SIGKILL);
    WAIT(&f, f.closed);
    assert_int_equal(f.orphan_count, 1);
    assert_int_equal(f.end.on, 1);
    fixture_fini(&f);
}

static void test_one_that_was_only_slow_goes_on(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 20000);
    kill(proc_pid(f.proc), SIGSTOP);
    for (uint64_t offset = 1; offset <= 4; offset++)
        give(&f, offset, "fine");
    give(&f, 5, "crash");
    WAIT(&f, f.stalled);
    assert_int_equal(f.taken_back_count, 4);
    kill(proc_pid(f.proc), SIGCONT);
    WAIT(&f, f.closed);
    // What was taken back was answered in vain, and its crash is nobody's.
    assert_int_equal(f.result_count, 1);
    assert_int_equal(f.results[0], 1);
    assert_int_equal(f.orphan_count, 0);
    assert_int_equal(f.end.on, 0);
    fixture_fini(&f);
}

static void test_a_stopped_process_is_killed_in_time(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 1000);
    kill(proc_pid(f.proc), SIGSTOP);
    give(&f, 1, "fine");
    WAIT(&f, f.closed);
    assert_true(f.end.timed_out);
    assert_int_equal(f.orphans[0], 1);
    fixture_fini(&f);
}

static void test_what_cannot_start_is_ended(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *words;
        bool timed_out;
    } cases[] = {
        {"never-hello", "timed out: not ready after 0 s", true},
        {"exit-at-once", "exited with status 7: no lexicon here", false},
        {"no-frame", "protocol error: not a frame of ours", false},
        {"wrong-version",
         "protocol error: worker speaks version 9, not 1 (old and new binaries mixed?)", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        fixture_init(&f);
        uint64_t timeout_ms = cases[i].timed_out ? 300 : 10000;
        assert_int_equal(start(&f, TELEX_FAKE_WORKER, cases[i].mode, timeout_ms), 0);
        WAIT(&f, f.closed);
        assert_false(f.ready);
        assert_string_equal(f.words, cases[i].words);
        assert_int_equal(f.end.timed_out, cases[i].timed_out);
        fixture_fini(&f);
    }
}

static void test_a_missing_program_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(start(&f, "/nonexistent/tagger", "good", 1000), -ENOENT);
    WAIT(&f, f.closed);
    assert_false(f.ended);
    fixture_fini(&f);
}

static void test_saying_the_wrong_thing_ends_it(void **state)
{
    (void)state;
    static const char *const titles[] = {"no-frame", "wrong-id"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        struct fixture f;
        start_ready(&f, "good", 10000);
        give(&f, 1, titles[i]);
        WAIT(&f, f.closed);
        assert_int_equal(f.result_count, 0);
        assert_int_equal(f.orphans[0], 1);
        assert_non_null(strstr(f.words, "protocol error"));
        fixture_fini(&f);
    }
}

static void test_a_refused_result_blames_its_job(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 10000);
    f.refuse = true;
    give(&f, 4, "fine");
    WAIT(&f, f.closed);
    assert_string_equal(f.words, "protocol error: not to my liking");
    assert_int_equal(f.orphans[0], 4);
    fixture_fini(&f);
}

static void test_a_paused_worker_is_not_late(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 300);
    f.pause_at_result = true;
    for (uint64_t offset = 1; offset <= 4; offset++)
        give(&f, offset, "fine");
    WAIT(&f, f.result_count == 1);
    // Longer than the timeout, by the loop's own clock.
    for (uint64_t until = uv_now(&f.loop) + 900; uv_now(&f.loop) < until;)
        uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(f.result_count, 1);
    assert_false(f.ended);
    f.pause_at_result = false;
    proc_resume(f.proc);
    WAIT(&f, f.result_count == 4);
    proc_stop(f.proc);
    WAIT(&f, f.closed);
    assert_true(f.end.orderly);
    fixture_fini(&f);
}

static void test_stop_gives_up_what_it_is_on(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "good", 10000);
    give(&f, 1, "hang");
    give(&f, 2, "fine");
    proc_stop(f.proc);
    WAIT(&f, f.closed);
    assert_true(f.end.orderly);
    assert_int_equal(f.orphan_count, 2);
    assert_string_equal(f.words, "ended by the daemon");
    fixture_fini(&f);
}

static void test_one_that_does_not_leave_is_killed(void **state)
{
    (void)state;
    struct fixture f;
    start_ready(&f, "deaf", 500);
    proc_retire(f.proc);
    WAIT(&f, f.closed);
    assert_true(f.end.timed_out && f.end.orderly);
    fixture_fini(&f);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags_in_order_and_retires),
        cmocka_unit_test(test_a_crash_leaves_its_jobs_and_its_words),
        cmocka_unit_test(test_a_hang_is_killed_in_time),
        cmocka_unit_test(test_nothing_waits_behind_a_hang),
        cmocka_unit_test(test_one_that_was_only_slow_goes_on),
        cmocka_unit_test(test_a_stopped_process_is_killed_in_time),
        cmocka_unit_test(test_what_cannot_start_is_ended),
        cmocka_unit_test(test_a_missing_program_is_an_error),
        cmocka_unit_test(test_saying_the_wrong_thing_ends_it),
        cmocka_unit_test(test_a_refused_result_blames_its_job),
        cmocka_unit_test(test_a_paused_worker_is_not_late),
        cmocka_unit_test(test_stop_gives_up_what_it_is_on),
        cmocka_unit_test(test_one_that_does_not_leave_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
