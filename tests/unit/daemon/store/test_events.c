#include "daemon/store/events.h"

#include <errno.h>
#include <stdio.h>

#include "proto/base/json.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fixture_open(&fx);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static const struct test_entity PUTIN = {"Q7747", "person", "Vladimir Putin", "putin"};

static void test_tagged_event_is_stored(void **state)
{
    struct fixture *fx = *state;
    uint64_t sequence;
    push_numbered(fx, 5);
    assert_int_equal(tag_article(fx, 1, "pl", &PUTIN, 1, &sequence), 0);
    assert_int_equal(sequence, 1);
    struct stored_event event;
    struct stored_article article;
    read_begin(fx);
    assert_int_equal(store_head(fx->reader), 1);
    assert_int_equal(store_get_event(fx->reader, 1, &event), 0);
    assert_int_equal(event.sequence, 1);
    assert_int_equal(event.offset, 1);
    assert_int_equal(event.kind, EVENT_TAGGED);
    assert_true(slice_is(event.source, "reuters"));
    json_t *json = json_parse(event.json, NULL);
    assert_non_null(json);
    assert_true(slice_is(json_get_slice(json, "subject"), "urn:5"));
    assert_true(slice_is(json_get_slice(json, "sequence"), "00000000000000000001"));
    json_decref(json);
    assert_int_equal(store_get_article(fx->reader, 1, &article), 0);
    assert_int_equal(article.sequence, 1);
    assert_int_equal(store_get_event(fx->reader, 2, &event), -ENOENT);
    read_end(fx);
}

static void test_exactly_one_event_for_an_article(void **state)
{
    struct fixture *fx = *state;
    push_numbered(fx, 1);
    assert_int_equal(tag_article(fx, 1, "pl", NULL, 0, NULL), 0);
    assert_int_equal(tag_article(fx, 1, "pl", NULL, 0, NULL), -EALREADY);
    assert_int_equal(kill_article(fx, 1, "late"), -EALREADY);
    assert_int_equal(tag_article(fx, 2, "pl", NULL, 0, NULL), -ENOENT);
    assert_int_equal(kill_article(fx, 0, "none"), -ENOENT);
    read_begin(fx);
    assert_int_equal(store_head(fx->reader), 1);
    read_end(fx);
}

static void test_text_is_rebuilt_on_request(void **state)
{
    struct fixture *fx = *state;
    push_numbered(fx, 1);
    assert_int_equal(tag_article(fx, 1, "pl", NULL, 0, NULL), 0);
    struct stored_event event;
    struct buf out;
    buf_init(&out, 1 << 20);
    read_begin(fx);
    assert_int_equal(store_get_event(fx->reader, 1, &event), 0);
    assert_int_equal(store_put_event_with_text(fx->reader, &event, &out), 0);
    json_t *json = json_parse(buf_slice(&out), NULL);
    assert_non_null(json);
    // "Some body." through the edit of test_result_init.
    assert_true(slice_is(json_get_slice(json_object_get(json, "data"), "text"), "Some!"));
    json_decref(json);
    read_end(fx);
    buf_fini(&out);
}

static bool count_dead_cb(const struct stored_dead *dead, void *arg)
{
    (void)dead;
    return ++*(int *)arg < 2;
}

static void test_dead_letter_keeps_its_story(void **state)
{
    struct fixture *fx = *state;
    for (unsigned i = 1; i <= 4; i++) {
        push_numbered(fx, i);
        if (i != 2)
            assert_int_equal(kill_article(fx, i, "killed by \xff signal 9"), 0);
    }
    struct stored_dead dead;
    struct stored_event event;
    int seen = 0;
    read_begin(fx);
    assert_int_equal(store_get_dead(fx->reader, 1, &dead), 0);
    assert_int_equal(dead.sequence, 1);
    assert_int_equal(dead.attempts, 3);
    int64_t dead_time = dead.time_ms;
    assert_true(slice_is(dead.stage, "tagger"));
    assert_true(slice_is(dead.last_words, "killed by \xef\xbf\xbd signal 9"));
    assert_int_equal(store_get_dead(fx->reader, 2, &dead), -ENOENT);
    assert_int_equal(store_get_event(fx->reader, 1, &event), 0);
    assert_int_equal(event.kind, EVENT_DEAD);
    assert_int_equal(event.time_ms, dead_time);
    assert_int_equal(store_each_dead(fx->reader, 0, count_dead_cb, &seen), 0);
    assert_int_equal(seen, 2);
    seen = 0;
    assert_int_equal(store_each_dead(fx->reader, 4, count_dead_cb, &seen), 0);
    assert_int_equal(seen, 1);
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_int_equal(store_put_event_with_text(fx->reader, &event, &out), 0);
    assert_true(slice_equal(buf_slice(&out), event.json));
    buf_fini(&out);
    read_end(fx);
}

static void test_dead_letter_is_tried_again_or_dropped(void **state)
{
    struct fixture *fx = *state;
    uint64_t offset, sequence;
    push_numbered(fx, 1);
    push_numbered(fx, 2);
    assert_int_equal(kill_article(fx, 1, "one"), 0);
    assert_int_equal(kill_article(fx, 2, "two"), 0);
    assert_int_equal(write_offset(fx, WRITE_RETRY, 1), 0);
    assert_int_equal(write_offset(fx, WRITE_RETRY, 1), -ENOENT);
    struct stored_article article;
    read_begin(fx);
    assert_int_equal(store_next_pending(fx->reader, 0, &offset), 0);
    assert_int_equal(offset, 1);
    assert_int_equal(store_get_article(fx->reader, 1, &article), 0);
    assert_int_equal(article.sequence, 0);
    read_end(fx);
    assert_int_equal(verify_store(fx, true), 0);
    assert_int_equal(tag_article(fx, 1, "de", NULL, 0, &sequence), 0);
    assert_int_equal(sequence, 3);
    assert_int_equal(write_offset(fx, WRITE_DROP, 2), 0);
    assert_int_equal(write_offset(fx, WRITE_DROP, 2), -ENOENT);
    struct store_counts counts;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(counts.dead, 0);
    assert_int_equal(counts.events, 3);
    assert_int_equal(counts.pending, 0);
    assert_int_equal(store_get_article(fx->reader, 2, &article), 0);
    assert_int_equal(article.sequence, 2);
    read_end(fx);
    assert_int_equal(verify_store(fx, true), 0);
}

static int64_t test_clock_ms;

static int64_t test_clock(void)
{
    return test_clock_ms;
}

static void tag_at(struct fixture *fx, unsigned number, int64_t now)
{
    test_clock_ms = now;
    uint64_t offset = push_numbered(fx, number);
    assert_int_equal(tag_article(fx, offset, "pl", NULL, 0, NULL), 0);
}

static void test_time_never_goes_back(void **state)
{
    struct fixture *fx = *state;
    fixture_close(fx);
    fixture_open_plain(fx);
    fx->store->wall_ms = test_clock;
    static const int64_t clock[] = {5000, 7000, 3000, 6000, 9000};
    static const int64_t expected[] = {5000, 7000, 7000, 7000, 9000};
    for (unsigned i = 0; i < 5; i++)
        tag_at(fx, i, clock[i]);
    fixture_close(fx);
    fixture_open_plain(fx);
    fx->store->wall_ms = test_clock;
    tag_at(fx, 9, 1000);
    struct stored_event event;
    read_begin(fx);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(store_get_event(fx->reader, i + 1, &event), 0);
        assert_int_equal(event.time_ms, expected[i]);
    }
    assert_int_equal(store_get_event(fx->reader, 6, &event), 0);
    assert_int_equal(event.time_ms, 9000);
    assert_int_equal(store_seek_time(fx->reader, 0), 1);
    assert_int_equal(store_seek_time(fx->reader, 5000), 1);
    assert_int_equal(store_seek_time(fx->reader, 5001), 2);
    assert_int_equal(store_seek_time(fx->reader, 7000), 2);
    assert_int_equal(store_seek_time(fx->reader, 7001), 5);
    assert_int_equal(store_seek_time(fx->reader, 9001), 7);
    read_end(fx);
}

static bool cursor_cb(struct slice name, uint64_t next, void *arg)
{
    struct buf *out = arg;
    buf_printf(out, "%.*s=%llu ", (int)name.len, name.ptr, (unsigned long long)next);
    return true;
}

static void test_cursors(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(set_cursor(fx, "desk", 12), 0);
    assert_int_equal(set_cursor(fx, "archive", 3), 0);
    assert_int_equal(set_cursor(fx, "desk", 10), 0);
    struct write drop = {.kind = WRITE_CURSOR_DROP, .cursor = slice_from_text("none")};
    fixture_write(fx, &drop, 1);
    assert_int_equal(drop.status, -ENOENT);
    fixture_close(fx);
    fixture_open(fx);
    uint64_t next;
    struct buf out;
    buf_init(&out, 1000);
    read_begin(fx);
    assert_int_equal(store_get_cursor(fx->reader, slice_from_text("desk"), &next), 0);
    assert_int_equal(next, 10);
    assert_int_equal(store_get_cursor(fx->reader, slice_from_text(""), &next), -ENOENT);
    assert_int_equal(store_each_cursor(fx->reader, cursor_cb, &out), 0);
    assert_true(slice_is(buf_slice(&out), "archive=3 desk=10 "));
    read_end(fx);
    buf_fini(&out);
    drop.cursor = slice_from_text("desk");
    fixture_write(fx, &drop, 1);
    assert_int_equal(drop.status, 0);
    read_begin(fx);
    assert_int_equal(store_get_cursor(fx->reader, slice_from_text("desk"), &next), -ENOENT);
    read_end(fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_tagged_event_is_stored),
        CASE(test_exactly_one_event_for_an_article),
        CASE(test_text_is_rebuilt_on_request),
        CASE(test_dead_letter_keeps_its_story),
        CASE(test_dead_letter_is_tried_again_or_dropped),
        CASE(test_time_never_goes_back),
        CASE(test_cursors),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
