#include "workers/runtime/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/wire/worker.h"
#include "tests/unit/cmocka_all.h"

enum { BIG = 3 << 20 };

// The answer to a job is the job, backwards; "fail" ends the worker, "die" at once.
static int reverse_cb(struct slice job, struct buf *out, void *arg, struct err *err)
{
    (void)arg;
    if (slice_is(job, "fail"))
        return err_set_errno(err, EIO, "told to fail");
    if (slice_is(job, "die"))
        _exit(9);
    for (size_t i = job.len; i > 0; i--)
        buf_put_byte(out, job.ptr[i - 1]);
    return 0;
}

struct session {
    pid_t pid;
    int to, from;
};

static struct session start(void)
{
    int in[2], out[2];
    assert_int_equal(pipe(in) | pipe(out), 0);
    pid_t parent = getpid(), child = fork();
    assert_true(child >= 0);
    if (!child) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        const struct worker worker = {.hello = "{\"worker\":\"test\"}",
                                      .job_cb = reverse_cb,
                                      .sandbox = {.memory_max = WORKER_MEMORY_MAX,
                                                  .die_with_parent = true,
                                                  .parent = parent}};
        _exit(worker_main(&worker));
    }
    close(in[0]);
    close(out[1]);
    return (struct session){child, in[1], out[0]};
}

static void send_bytes(const struct session *s, const void *bytes, size_t len)
{
    assert_int_equal(write(s->to, bytes, len), len);
}

static void send_frame(const struct session *s, enum worker_kind kind, uint64_t id,
                       struct slice payload)
{
    uint8_t head[WORKER_HEAD_BYTES];
    worker_head_encode(
        &(struct worker_head){WORKER_VERSION, (uint8_t)kind, (uint32_t)payload.len, id}, head);
    send_bytes(s, head, sizeof head);
    if (payload.len)
        send_bytes(s, payload.ptr, payload.len);
}

static void receive_bytes(const struct session *s, void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(s->from, (char *)bytes + at, len - at);
        assert_true(got > 0);
        at += (size_t)got;
    }
}

static void expect_frame(const struct session *s, enum worker_kind kind, uint64_t id,
                         const char *payload)
{
    uint8_t bytes[WORKER_HEAD_BYTES];
    struct worker_head head;
    char text[256];
    receive_bytes(s, bytes, sizeof bytes);
    assert_int_equal(worker_head_decode(bytes, &head), 0);
    assert_int_equal(head.kind, kind);
    assert_int_equal(head.id, id);
    assert_int_equal(head.len, strlen(payload));
    receive_bytes(s, text, head.len);
    assert_memory_equal(text, payload, head.len);
}

static int finish(struct session *s)
{
    int status;
    close(s->to);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    close(s->from);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_hello_then_answers_in_order(void **state)
{
    (void)state;
    struct session s = start();
    expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
    send_frame(&s, WORKER_JOB, 7, slice_from_text("abc"));
    expect_frame(&s, WORKER_RESULT, 7, "cba");
    send_frame(&s, WORKER_JOB, 9, slice_from_text("de"));
    send_frame(&s, WORKER_PING, 1234567890123, slice_from(NULL, 0));
    send_frame(&s, WORKER_JOB, 8, slice_from(NULL, 0));
    expect_frame(&s, WORKER_RESULT, 9, "ed");
    expect_frame(&s, WORKER_PONG, 1234567890123, "");
    expect_frame(&s, WORKER_RESULT, 8, "");
    assert_int_equal(finish(&s), 0);
}

static void put_frame(struct buf *out, uint64_t id, const char *payload)
{
    uint8_t head[WORKER_HEAD_BYTES];
    uint32_t len = (uint32_t)strlen(payload);
    worker_head_encode(&(struct worker_head){WORKER_VERSION, WORKER_JOB, len, id}, head);
    buf_put(out, head, sizeof head);
    buf_put_text(out, payload);
}

// So that the daemon blames the right one.
static void test_a_death_takes_no_earlier_answer_with_it(void **state)
{
    (void)state;
    struct session s = start();
    struct buf jobs;
    buf_init(&jobs, 4096);
    put_frame(&jobs, 1, "ab");
    put_frame(&jobs, 2, "cd");
    put_frame(&jobs, 3, "die");
    put_frame(&jobs, 4, "ef");
    expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
    send_bytes(&s, jobs.ptr, jobs.len);
    expect_frame(&s, WORKER_RESULT, 1, "ba");
    expect_frame(&s, WORKER_RESULT, 2, "dc");
    char byte;
    assert_int_equal(read(s.from, &byte, 1), 0);
    assert_int_equal(finish(&s), 9);
    buf_fini(&jobs);
}

static void test_frame_that_comes_byte_by_byte(void **state)
{
    (void)state;
    struct session s = start();
    expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
    uint8_t frame[WORKER_HEAD_BYTES + 2] = {0};
    worker_head_encode(&(struct worker_head){WORKER_VERSION, WORKER_JOB, 2, 3}, frame);
    memcpy(frame + WORKER_HEAD_BYTES, "xy", 2);
    for (size_t i = 0; i < sizeof frame; i++)
        send_bytes(&s, frame + i, 1);
    expect_frame(&s, WORKER_RESULT, 3, "yx");
    assert_int_equal(finish(&s), 0);
}

static void test_large_job(void **state)
{
    (void)state;
    struct session s = start();
    expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
    char *job = malloc(BIG), *answer = malloc(BIG + WORKER_HEAD_BYTES);
    memset(job, 'x', BIG);
    job[0] = 'a';
    send_frame(&s, WORKER_JOB, 5, slice_from(job, BIG));
    receive_bytes(&s, answer, BIG + WORKER_HEAD_BYTES);
    assert_int_equal(answer[BIG + WORKER_HEAD_BYTES - 1], 'a');
    send_frame(&s, WORKER_JOB, 6, slice_from_text("small again"));
    expect_frame(&s, WORKER_RESULT, 6, "niaga llams");
    assert_int_equal(finish(&s), 0);
    free(job);
    free(answer);
}

static void test_garbage_ends_it(void **state)
{
    (void)state;
    static const char garbage[][WORKER_HEAD_BYTES + 1] = {
        "GET / HTTP/1.1\r\n",                      // not ours
        "W\2\2\0\0\0\0\0\0\0\0\0\0\0\0\0",         // another version
        "W\1\3\0\0\0\0\0\0\0\0\0\0\0\0\0",         // a frame that only workers send
        "W\1\2\0\377\377\377\377\0\0\0\0\0\0\0\0", // longer than any frame
        "W\1\4\0\1\0\0\0\0\0\0\0\0\0\0\0",         // cut off
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        struct session s = start();
        expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
        send_bytes(&s, garbage[i], WORKER_HEAD_BYTES);
        assert_int_equal(finish(&s), 1);
    }
}

static void test_failed_job_ends_it(void **state)
{
    (void)state;
    struct session s = start();
    expect_frame(&s, WORKER_HELLO, 0, "{\"worker\":\"test\"}");
    send_frame(&s, WORKER_JOB, 1, slice_from_text("fail"));
    assert_int_equal(finish(&s), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_then_answers_in_order),
        cmocka_unit_test(test_a_death_takes_no_earlier_answer_with_it),
        cmocka_unit_test(test_frame_that_comes_byte_by_byte),
        cmocka_unit_test(test_large_job),
        cmocka_unit_test(test_garbage_ends_it),
        cmocka_unit_test(test_failed_job_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
