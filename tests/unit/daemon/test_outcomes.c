// Outcomes with a writer that answers as the test says.
#include "daemon/outcomes.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/commit.h"
#include "daemon/queue.h"
#include "tests/unit/daemon/parts.h"

struct fixture {
    uv_loop_t loop;
    struct config *config;
    struct telexd telexd;
    struct outcomes *outcomes;
    struct list submitted;
    size_t submissions;
    unsigned long rooms;
    bool closed;
};

static struct fixture *fixture; // commits_submit below has no other way to it

// Takes the place of commit.c.
void commits_submit(struct commits *commits, struct commit *commit)
{
    (void)commits;
    list_append(&fixture->submitted, &commit->write.link);
    fixture->submissions++;
}

static struct commit *submitted(void)
{
    assert_false(list_is_empty(&fixture->submitted));
    return list_entry(list_entry(fixture->submitted.next, struct write, link), struct commit,
                      write);
}

// Calls back the oldest.
static void finish(int status)
{
    struct commit *commit = submitted();
    list_remove(&commit->write.link);
    commit->write.status = status;
    commit->done_cb(commit);
}

static void room_cb(void *arg)
{
    ((struct fixture *)arg)->rooms++;
}

static int set_up(void **state)
{
    struct fixture *f = fixture = *state = calloc(1, sizeof *f);
    uv_loop_init(&f->loop);
    list_init(&f->submitted);
    assert_int_equal(config_read(&f->config, NULL, NULL), 0);
    f->telexd.loop = &f->loop;
    f->telexd.config = f->config;
    assert_int_equal(queue_create(&f->telexd.queue, 3), 0);
    assert_int_equal(outcomes_create(&f->outcomes, &f->telexd, room_cb, f), 0);
    return 0;
}

static void closed_cb(void *arg)
{
    ((struct fixture *)arg)->closed = true;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    outcomes_close(f->outcomes, closed_cb, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(f->closed);
    assert_int_equal(outcomes_pending(f->outcomes), 0);
    outcomes_destroy(f->outcomes);
    queue_destroy(f->telexd.queue);
    config_free(f->config);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static void take(struct fixture *f, uint64_t offset)
{
    struct queue_job job;
    assert_int_equal(queue_add(f->telexd.queue, offset), 0);
    assert_true(queue_take(f->telexd.queue, true, &job));
}

static int add_result(struct fixture *f, uint64_t offset, enum result_status status,
                      struct slice data, struct err *err)
{
    struct buf payload;
    buf_init(&payload, 8 << 20);
    struct result result = {.status = status, .data = data};
    result_encode(&payload, &result);
    int failed = outcomes_add_result(f->outcomes, offset, buf_slice(&payload), err);
    buf_fini(&payload);
    return failed;
}

static void add_tagged(struct fixture *f, uint64_t offset)
{
    take(f, offset);
    assert_int_equal(add_result(f, offset, RESULT_TAGGED, slice_from_text("{}"), NULL), 0);
}

static void test_forgets_after_the_commit(void **state)
{
    struct fixture *f = *state;
    add_tagged(f, 7);
    assert_int_equal(submitted()->write.kind, WRITE_TAGGED);
    assert_int_equal(submitted()->write.offset, 7);
    assert_true(slice_is(submitted()->write.result->data, "{}"));
    assert_int_equal(queue_under_way(f->telexd.queue), 1);
    finish(0);
    assert_int_equal(queue_under_way(f->telexd.queue), 0);
    assert_int_equal(f->rooms, 1);
    assert_int_equal(outcomes_get_stats(f->outcomes).tagged, 1);
    add_tagged(f, 8);
    finish(-EALREADY);
    assert_int_equal(queue_under_way(f->telexd.queue), 0);
    assert_int_equal(outcomes_get_stats(f->outcomes).tagged, 1);
}

static void test_garbage_is_told(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    take(f, 1);
    assert_int_equal(outcomes_add_result(f->outcomes, 1, slice_from_text("rubbish"), &err),
                     -EBADMSG);
    assert_true(*err.text);
    assert_int_equal(add_result(f, 1, RESULT_TAGGED, slice_from_text("[]"), &err), -EBADMSG);
    assert_true(list_is_empty(&f->submitted));
    queue_done(f->telexd.queue, 1);
}

static void test_refusals_become_dead_letters(void **state)
{
    struct fixture *f = *state;
    take(f, 1);
    assert_int_equal(add_result(f, 1, RESULT_REFUSED, slice_from_text("no words"), NULL), 0);
    assert_int_equal(submitted()->write.kind, WRITE_DEAD);
    assert_int_equal(submitted()->write.attempts, 1);
    assert_true(slice_is(submitted()->write.stage, "tagger"));
    assert_true(slice_is(submitted()->write.last_words, "no words"));
    finish(0);
    size_t len = 3 << 20;
    char *large = malloc(len);
    memset(large, ' ', len);
    large[0] = '{';
    large[len - 1] = '}';
    take(f, 2);
    assert_int_equal(add_result(f, 2, RESULT_TAGGED, slice_from(large, len), NULL), 0);
    assert_int_equal(submitted()->write.kind, WRITE_DEAD);
    finish(0);
    free(large);
    assert_int_equal(outcomes_get_stats(f->outcomes).refused, 2);
}

static void test_a_damaged_article_is_buried(void **state)
{
    struct fixture *f = *state;
    add_tagged(f, 1);
    finish(-EBADMSG);
    assert_int_equal(submitted()->write.kind, WRITE_DEAD);
    assert_true(slice_is(submitted()->write.stage, "store"));
    finish(0);
    assert_int_equal(queue_under_way(f->telexd.queue), 0);
    assert_int_equal(outcomes_get_stats(f->outcomes).dead, 1);
}

// Nothing is lost while the disk is full; nothing else is handed out; all goes when there is room.
static void test_waits_for_room_on_the_disk(void **state)
{
    struct fixture *f = *state;
    for (uint64_t offset = 1; offset <= 3; offset++)
        add_tagged(f, offset);
    for (int i = 0; i < 3; i++)
        finish(-ENOSPC);
    assert_true(outcomes_are_stalled(f->outcomes));
    assert_int_equal(outcomes_pending(f->outcomes), 3);
    assert_int_equal(queue_under_way(f->telexd.queue), 3);
    uint64_t start = uv_now(&f->loop);
    while (f->submissions < 6)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(uv_now(&f->loop) - start >= 250);
    finish(-ENOSPC); // still full: the others wait for this one's timer or are told for themselves
    finish(0);
    assert_false(outcomes_are_stalled(f->outcomes));
    assert_int_equal(f->submissions, 7); // the first is tried again at once
    finish(0);
    finish(0);
    assert_int_equal(outcomes_pending(f->outcomes), 0);
    assert_int_equal(queue_under_way(f->telexd.queue), 0);
    assert_int_equal(outcomes_get_stats(f->outcomes).tagged, 3);
}

static void test_gives_up_waiting_when_draining(void **state)
{
    struct fixture *f = *state;
    add_tagged(f, 1);
    add_tagged(f, 2);
    finish(-ENOSPC);
    outcomes_drain(f->outcomes);
    assert_int_equal(outcomes_pending(f->outcomes), 1);
    finish(-ENOSPC);
    assert_int_equal(outcomes_pending(f->outcomes), 0);
}

static void test_a_failed_store_stalls(void **state)
{
    struct fixture *f = *state;
    add_tagged(f, 1);
    finish(-EIO);
    assert_true(outcomes_are_stalled(f->outcomes));
    assert_int_equal(outcomes_pending(f->outcomes), 0);
}

static void test_many_and_few(void **state)
{
    struct fixture *f = *state;
    uint64_t offset = 0;
    while (!outcomes_are_many(f->outcomes))
        add_tagged(f, ++offset);
    assert_int_equal(offset, 256);
    while (!outcomes_are_few(f->outcomes))
        finish(0);
    assert_int_equal(outcomes_pending(f->outcomes), 256 / 3);
    while (outcomes_pending(f->outcomes))
        finish(0);
}

#define OUTCOME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTCOME_TEST(test_forgets_after_the_commit),
        OUTCOME_TEST(test_garbage_is_told),
        OUTCOME_TEST(test_refusals_become_dead_letters),
        OUTCOME_TEST(test_a_damaged_article_is_buried),
        OUTCOME_TEST(test_waits_for_room_on_the_disk),
        OUTCOME_TEST(test_gives_up_waiting_when_draining),
        OUTCOME_TEST(test_a_failed_store_stalls),
        OUTCOME_TEST(test_many_and_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
