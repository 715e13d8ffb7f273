#include "daemon/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/cmocka_all.h"

static struct queue *make_queue(uint32_t max_attempts)
{
    struct queue *queue;
    assert_int_equal(queue_create(&queue, max_attempts), 0);
    return queue;
}

static void test_takes_the_smallest_first(void **state)
{
    (void)state;
    struct queue *queue = make_queue(3);
    uint64_t from;
    assert_int_equal(queue_wanted(queue, &from), QUEUE_WINDOW);
    assert_int_equal(from, 1);
    for (uint64_t offset = 10; offset < 20; offset++)
        assert_int_equal(queue_add(queue, offset), 0);
    assert_int_equal(queue_wanted(queue, &from), QUEUE_WINDOW - 10);
    assert_int_equal(from, 20);
    struct queue_job job;
    for (uint64_t offset = 10; offset < 20; offset++) {
        assert_true(queue_take(queue, true, &job));
        assert_int_equal(job.offset, offset);
        assert_int_equal(job.attempts, 0);
    }
    assert_false(queue_take(queue, true, &job));
    assert_int_equal(queue_under_way(queue), 10);
    queue_destroy(queue);
}

static void test_a_failed_job_goes_back_to_its_place(void **state)
{
    (void)state;
    struct queue *queue = make_queue(2);
    struct queue_job job;
    queue_add(queue, 5);
    queue_add(queue, 6);
    queue_take(queue, true, &job);
    assert_true(queue_failed(queue, 5, QUEUE_INNOCENT, &job));
    assert_int_equal(job.attempts, 0);
    queue_take(queue, true, &job);
    assert_int_equal(job.offset, 5);
    assert_true(queue_failed(queue, 5, QUEUE_BLAMED, &job));
    assert_int_equal(job.attempts, 1);
    assert_false(job.proven);
    queue_take(queue, true, &job);
    assert_int_equal(job.offset, 5);
    assert_int_equal(job.attempts, 1);
    assert_false(queue_failed(queue, 5, QUEUE_PROVEN, &job));
    assert_int_equal(job.attempts, 2);
    assert_true(job.proven);
    assert_int_equal(queue_under_way(queue), 1);
    queue_done(queue, 5);
    assert_int_equal(queue_under_way(queue), 0);
    assert_int_equal(queue_waiting(queue), 1);
    queue_destroy(queue);
}

static void test_an_untried_worker_gets_no_suspect(void **state)
{
    (void)state;
    struct queue *queue = make_queue(9);
    struct queue_job job;
    queue_add(queue, 5);
    queue_take(queue, false, &job);
    queue_failed(queue, 5, QUEUE_BLAMED, &job);
    queue_add(queue, 6);
    queue_add(queue, 7);
    queue_take(queue, false, &job);
    assert_int_equal(job.offset, 6);
    queue_take(queue, true, &job);
    assert_int_equal(job.offset, 5);
    queue_failed(queue, 5, QUEUE_INNOCENT, &job);
    assert_int_equal(job.attempts, 1);
    queue_take(queue, false, &job);
    assert_int_equal(job.offset, 7);
    // Nothing else is left.
    assert_true(queue_take(queue, false, &job));
    assert_int_equal(job.offset, 5);
    queue_destroy(queue);
}

static void test_a_full_window_refuses_and_recovers(void **state)
{
    (void)state;
    struct queue *queue = make_queue(3);
    for (uint64_t offset = 1; offset <= QUEUE_WINDOW; offset++)
        assert_int_equal(queue_add(queue, offset), 0);
    uint64_t from;
    assert_int_equal(queue_wanted(queue, &from), 0);
    assert_int_equal(queue_add(queue, QUEUE_WINDOW + 1), -ENOSPC);
    assert_int_equal(queue_add(queue, 1), 0); // known
    struct queue_job job;
    assert_true(queue_take(queue, true, &job));
    queue_done(queue, job.offset);
    assert_int_equal(queue_wanted(queue, &from), 1);
    assert_int_equal(from, QUEUE_WINDOW + 1);
    assert_int_equal(queue_add(queue, QUEUE_WINDOW + 1), 0);
    queue_destroy(queue);
}

static void test_rewind_asks_again_for_what_was_passed(void **state)
{
    (void)state;
    struct queue *queue = make_queue(3);
    struct queue_job job;
    uint64_t from;
    for (uint64_t offset = 1; offset <= 3; offset++)
        queue_add(queue, offset);
    queue_take(queue, true, &job);
    queue_done(queue, 1);
    queue_rewind(queue, 1);
    queue_rewind(queue, 9);
    queue_wanted(queue, &from);
    assert_int_equal(from, 1);
    queue_add(queue, 1);
    queue_add(queue, 2);
    queue_add(queue, 3);
    assert_int_equal(queue_waiting(queue), 3);
    queue_take(queue, true, &job);
    assert_int_equal(job.offset, 1);
    queue_destroy(queue);
}

// --- a naive model: an array by offset

enum { MODEL_OFFSETS = 6000, MODEL_STEPS = 200000 };

struct model {
    enum { UNKNOWN, WAITING, UNDER_WAY } state[MODEL_OFFSETS];
    uint32_t attempts[MODEL_OFFSETS];
    size_t known, waiting;
    uint32_t random;
};

static uint32_t model_random(struct model *model, uint32_t below)
{
    model->random = model->random * 1664525u + 1013904223u;
    return (model->random >> 8) % below;
}

static uint64_t model_first(const struct model *model, bool tried)
{
    uint64_t suspect = 0;
    for (uint64_t offset = 1; offset < MODEL_OFFSETS; offset++) {
        if (model->state[offset] != WAITING)
            continue;
        if (tried || !model->attempts[offset])
            return offset;
        suspect = suspect ? suspect : offset;
    }
    return suspect;
}

// Some offset that is under way, 0 when none is.
static uint64_t model_pick(struct model *model)
{
    uint64_t start = 1 + model_random(model, MODEL_OFFSETS - 1);
    for (uint64_t i = 0; i < MODEL_OFFSETS - 1; i++) {
        uint64_t offset = 1 + (start + i) % (MODEL_OFFSETS - 1);
        if (model->state[offset] == UNDER_WAY)
            return offset;
    }
    return 0;
}

static void step_add(struct model *model, struct queue *queue)
{
    uint64_t offset = 1 + model_random(model, MODEL_OFFSETS - 1);
    bool known = model->state[offset] != UNKNOWN;
    int expected = known || model->known < QUEUE_WINDOW ? 0 : -ENOSPC;
    assert_int_equal(queue_add(queue, offset), expected);
    if (known || expected)
        return;
    model->state[offset] = WAITING;
    model->attempts[offset] = 0;
    model->known++;
    model->waiting++;
}

static void step_take(struct model *model, struct queue *queue)
{
    struct queue_job job;
    bool tried = model_random(model, 3);
    assert_int_equal(queue_take(queue, tried, &job), model->waiting > 0);
    if (!model->waiting)
        return;
    uint64_t offset = model_first(model, tried);
    assert_int_equal(job.offset, offset);
    assert_int_equal(job.attempts, model->attempts[offset]);
    model->state[offset] = UNDER_WAY;
    model->waiting--;
}

static void step_done(struct model *model, struct queue *queue)
{
    uint64_t offset = model_pick(model);
    if (!offset)
        return;
    queue_done(queue, offset);
    model->state[offset] = UNKNOWN;
    model->known--;
}

static void step_failed(struct model *model, struct queue *queue, uint32_t max_attempts)
{
    uint64_t offset = model_pick(model);
    if (!offset || model->attempts[offset] >= max_attempts)
        return;
    enum queue_blame blame = (enum queue_blame)model_random(model, 3);
    uint32_t expected = model->attempts[offset] += blame != QUEUE_INNOCENT;
    struct queue_job job;
    assert_int_equal(queue_failed(queue, offset, blame, &job), expected < max_attempts);
    assert_int_equal(job.attempts, expected);
    if (expected >= max_attempts)
        return;
    model->state[offset] = WAITING;
    model->waiting++;
}

static void test_behaves_as_a_naive_model(void **state)
{
    (void)state;
    struct model *model = calloc(1, sizeof *model);
    struct queue *queue = make_queue(4);
    model->random = 20261122;
    for (int i = 0; i < MODEL_STEPS; i++) {
        // Phases of filling and of emptying, so that both bounds are met.
        uint32_t fill = (i / 20000) % 2 ? 2 : 7;
        uint32_t choice = model_random(model, 10);
        if (choice < fill)
            step_add(model, queue);
        else if (choice < 8)
            step_take(model, queue);
        else if (model_random(model, 3))
            step_done(model, queue);
        else
            step_failed(model, queue, 4);
        assert_int_equal(queue_waiting(queue), model->waiting);
        assert_int_equal(queue_under_way(queue), model->known - model->waiting);
    }
    queue_destroy(queue);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_the_smallest_first),
        cmocka_unit_test(test_a_failed_job_goes_back_to_its_place),
        cmocka_unit_test(test_an_untried_worker_gets_no_suspect),
        cmocka_unit_test(test_a_full_window_refuses_and_recovers),
        cmocka_unit_test(test_rewind_asks_again_for_what_was_passed),
        cmocka_unit_test(test_behaves_as_a_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
