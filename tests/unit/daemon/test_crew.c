// The crew with a real store and the fake worker.
#include <signal.h>

#include "proto/base/json.h"
#include "tests/unit/daemon/parts.h"

static void open_crew(struct parts *parts, const char *mode)
{
    parts_open(parts);
    parts_set(parts, "crew.tagger=" TELEX_FAKE_WORKER);
    char assignment[64];
    snprintf(assignment, sizeof assignment, "crew.lexicon=%s", mode);
    parts_set(parts, assignment);
    parts_set(parts, "crew.workers=2");
    parts_set(parts, "crew.timeout=1");
    parts_make_crew(parts);
}

static struct crew_stats stats_of(struct parts *parts)
{
    struct crew_stats stats;
    crew_get_stats(parts->telexd.crew, &stats);
    return stats;
}

static struct stored_event event_of(struct parts *parts, uint64_t sequence)
{
    struct stored_event event;
    assert_int_equal(store_get_event(parts->telexd.reader, sequence, &event), 0);
    return event;
}

// Each article has exactly one event, sequences have no gap.
static void check_one_event_each(struct parts *parts, uint64_t articles, uint64_t dead)
{
    struct store_counts counts = parts_count(parts);
    assert_int_equal(counts.articles, articles);
    assert_int_equal(counts.events, articles);
    assert_int_equal(counts.pending, 0);
    assert_int_equal(counts.dead, dead);
    bool *seen = calloc(articles + 1, sizeof *seen);
    store_read_begin(parts->telexd.reader);
    for (uint64_t sequence = 1; sequence <= articles; sequence++) {
        struct stored_event event = event_of(parts, sequence);
        assert_true(event.offset >= 1 && event.offset <= articles && !seen[event.offset]);
        seen[event.offset] = true;
    }
    store_read_end(parts->telexd.reader);
    free(seen);
}

static uint64_t pending(struct parts *parts)
{
    return parts_count(parts).pending;
}

static void test_tags_everything_once(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    parts_push(&parts, "fine", 1000);
    PARTS_WAIT(&parts, pending(&parts) == 0 && crew_is_idle(parts.telexd.crew));
    check_one_event_each(&parts, 1000, 0);
    assert_int_equal(stats_of(&parts).tagged, 1000);
    assert_int_equal(stats_of(&parts).spawned, 2);
    assert_int_equal(queue_under_way(parts.telexd.queue), 0);
    parts_close(&parts);
}

static void test_takes_up_what_a_restart_left(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "never-hello");
    parts_push(&parts, "fine", 300);
    parts_restart(&parts);
    assert_int_equal(pending(&parts), 300);
    parts_set(&parts, "crew.lexicon=good");
    parts_make_crew(&parts);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    check_one_event_each(&parts, 300, 0);
    parts_close(&parts);
}

static void dead_reason(struct parts *parts, uint64_t offset, char *stage, char *words,
                        uint32_t *attempts)
{
    struct stored_dead dead;
    store_read_begin(parts->telexd.reader);
    assert_int_equal(store_get_dead(parts->telexd.reader, offset, &dead), 0);
    snprintf(stage, 64, "%.*s", (int)dead.stage.len, dead.stage.ptr);
    snprintf(words, 512, "%.*s", (int)dead.last_words.len, dead.last_words.ptr);
    *attempts = dead.attempts;
    store_read_end(parts->telexd.reader);
}

static void check_poison(const char *title, const char *expected_words)
{
    struct parts parts;
    open_crew(&parts, "good");
    parts_push(&parts, "fine", 40);
    uint64_t poison = parts_push(&parts, title, 1);
    parts_push(&parts, "fine", 40);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    check_one_event_each(&parts, 81, 1);
    char stage[64], words[512];
    uint32_t attempts;
    dead_reason(&parts, poison, stage, words, &attempts);
    assert_string_equal(stage, "tagger");
    assert_int_equal(attempts, 3);
    assert_string_equal(words, expected_words);
    assert_int_equal(stats_of(&parts).blamed, 3);
    assert_int_equal(stats_of(&parts).died, 3);
    parts_close(&parts);
}

static void test_poison_becomes_a_dead_letter(void **state)
{
    (void)state;
    check_poison("crash", "killed by signal 6 (Aborted): about to crash");
    check_poison("hang", "timed out after 1 s");
    check_poison("garbage", "protocol error: result record is malformed");
    check_poison("wrong-id", "protocol error: frame of kind 3 with id 42 out of turn");
}

static void test_one_crash_loses_nothing(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    char title[128];
    snprintf(title, sizeof title, "crash-once:%s/crashed", parts.folder.path);
    parts_push(&parts, "fine", 100);
    parts_push(&parts, title, 1);
    snprintf(title, sizeof title, "hang-once:%s/hung", parts.folder.path);
    parts_push(&parts, title, 1);
    parts_push(&parts, "fine", 98);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    check_one_event_each(&parts, 200, 0);
    assert_int_equal(stats_of(&parts).blamed, 2);
    assert_int_equal(stats_of(&parts).timed_out, 1);
    parts_close(&parts);
}

static void test_a_refusal_is_a_dead_letter_at_once(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    uint64_t offset = parts_push(&parts, "refuse", 1);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    char stage[64], words[512];
    uint32_t attempts;
    dead_reason(&parts, offset, stage, words, &attempts);
    assert_string_equal(words, "not a language of ours");
    assert_int_equal(attempts, 1);
    PARTS_WAIT(&parts, stats_of(&parts).refused == 1);
    assert_int_equal(stats_of(&parts).died, 0);
    parts_close(&parts);
}

static void test_a_damaged_article_is_a_dead_letter(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "never-hello");
    parts_push(&parts, "fine", 5);
    uint64_t damaged = parts_push(&parts, "Soon to be damaged", 1);
    parts_push(&parts, "fine", 5);
    parts_restart(&parts);
    parts_flip(&parts, "Soon to be damaged");
    parts_set(&parts, "crew.lexicon=good");
    parts_make_crew(&parts);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    check_one_event_each(&parts, 11, 1);
    char stage[64], words[512];
    uint32_t attempts;
    dead_reason(&parts, damaged, stage, words, &attempts);
    assert_string_equal(stage, "store");
    assert_int_equal(stats_of(&parts).died, 0);
    parts_close(&parts);
}

static void test_broken_workers_are_throttled(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "exit-at-once");
    parts_push(&parts, "fine", 10);
    // One at a time: of two, nobody starts the second before the first says HELLO.
    PARTS_WAIT(&parts, stats_of(&parts).throttle_ms > 0 && stats_of(&parts).died == 1);
    assert_int_equal(stats_of(&parts).spawned, 1);
    PARTS_WAIT(&parts, stats_of(&parts).died == 2);
    assert_int_equal(stats_of(&parts).spawned, 2);
    assert_true(stats_of(&parts).throttle_ms > 2000);
    // A new configuration is tried at once.
    parts_set(&parts, "crew.lexicon=good");
    crew_replace(parts.telexd.crew);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    check_one_event_each(&parts, 10, 0);
    assert_int_equal(stats_of(&parts).throttle_ms, 0);
    parts_close(&parts);
}

static void test_a_missing_program_is_throttled(void **state)
{
    (void)state;
    struct parts parts;
    parts_open(&parts);
    parts_set(&parts, "crew.tagger=/nonexistent/tagger");
    parts_make_crew(&parts);
    assert_true(stats_of(&parts).throttle_ms > 0);
    assert_int_equal(stats_of(&parts).spawned, 1);
    parts_close(&parts);
}

static void test_replacement_loses_nothing(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    parts_push(&parts, "fine", 500);
    parts_set(&parts, "crew.lexicon=better");
    crew_replace(parts.telexd.crew);
    parts_push(&parts, "fine", 500);
    PARTS_WAIT(&parts, pending(&parts) == 0 && stats_of(&parts).spawned == 4 &&
                           stats_of(&parts).ready == 2 &&
                           strcmp(stats_of(&parts).lexicon, "better") == 0);
    check_one_event_each(&parts, 1000, 0);
    assert_int_equal(stats_of(&parts).died, 0);
    parts_close(&parts);
}

static void test_a_bad_replacement_leaves_the_old_crew(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    PARTS_WAIT(&parts, stats_of(&parts).ready == 2);
    parts_set(&parts, "crew.lexicon=exit-at-once");
    crew_replace(parts.telexd.crew);
    PARTS_WAIT(&parts, stats_of(&parts).died == 1);
    parts_push(&parts, "fine", 100);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    assert_int_equal(stats_of(&parts).ready, 2);
    assert_string_equal(stats_of(&parts).lexicon, "good");
    assert_int_equal(stats_of(&parts).throttle_ms, 0);
    parts_close(&parts);
}

static void test_drains_what_is_under_way(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    PARTS_WAIT(&parts, stats_of(&parts).ready == 2);
    parts_push(&parts, "fine", 500);
    crew_drain(parts.telexd.crew);
    PARTS_WAIT(&parts, crew_is_idle(parts.telexd.crew));
    struct store_counts counts = parts_count(&parts);
    assert_int_equal(counts.pending + counts.events, 500);
    parts_close(&parts);
}

static bool retried_cb_done;

static void retried_cb(struct commit *commit)
{
    (void)commit;
    retried_cb_done = true;
}

static void test_a_retried_dead_letter_is_tagged(void **state)
{
    (void)state;
    struct parts parts;
    open_crew(&parts, "good");
    parts_set(&parts, "crew.attempts=3");
    char title[128];
    snprintf(title, sizeof title, "crash");
    uint64_t offset = parts_push(&parts, title, 1);
    parts_push(&parts, "fine", 10);
    PARTS_WAIT(&parts, pending(&parts) == 0);
    struct commit retry = {.write = {.kind = WRITE_RETRY, .offset = offset}, .done_cb = retried_cb};
    retried_cb_done = false;
    commits_submit(parts.telexd.commits, &retry);
    PARTS_WAIT(&parts, retried_cb_done);
    assert_int_equal(retry.write.status, 0);
    queue_rewind(parts.telexd.queue, offset);
    crew_feed(parts.telexd.crew);
    PARTS_WAIT(&parts, pending(&parts) == 0 && stats_of(&parts).blamed == 6);
    assert_int_equal(parts_count(&parts).events, 12);
    parts_close(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags_everything_once),
        cmocka_unit_test(test_takes_up_what_a_restart_left),
        cmocka_unit_test(test_poison_becomes_a_dead_letter),
        cmocka_unit_test(test_one_crash_loses_nothing),
        cmocka_unit_test(test_a_refusal_is_a_dead_letter_at_once),
        cmocka_unit_test(test_a_damaged_article_is_a_dead_letter),
        cmocka_unit_test(test_broken_workers_are_throttled),
        cmocka_unit_test(test_a_missing_program_is_throttled),
        cmocka_unit_test(test_replacement_loses_nothing),
        cmocka_unit_test(test_a_bad_replacement_leaves_the_old_crew),
        cmocka_unit_test(test_drains_what_is_under_way),
        cmocka_unit_test(test_a_retried_dead_letter_is_tagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
