#include "daemon/store/writer_private.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/index.h"
#include "daemon/store/index_keys.h"
#include "proto/base/clock.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/faults.h"
#include "tests/unit/daemon/store/support.h"

enum { DEADLINE_MS = 30000 };

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    for (int call = 0; call < FAULT_CALLS; call++)
        fault_set((enum fault_call)call, 0);
    fixture_fini(*state);
    return 0;
}

// Requests of one article each.
struct pushes {
    size_t count;
    struct write *writes;
    struct ack *acks;
    struct buf *records;
    struct slice *slices;
};

static void pushes_init(struct pushes *pushes, size_t count, unsigned first, size_t body)
{
    *pushes = (struct pushes){.count = count,
                              .writes = calloc(count, sizeof(struct write)),
                              .acks = calloc(count, sizeof(struct ack)),
                              .records = calloc(count, sizeof(struct buf)),
                              .slices = calloc(count, sizeof(struct slice))};
    char *text = calloc(1, body + 1);
    memset(text, 'b', body);
    for (size_t i = 0; i < count; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:%zu", first + i);
        encode_article(&pushes->records[i], &(struct test_article){.uri = uri, .body = text});
        pushes->slices[i] = buf_slice(&pushes->records[i]);
        pushes->writes[i] = (struct write){.kind = WRITE_ARTICLES,
                                           .records = &pushes->slices[i],
                                           .acks = &pushes->acks[i],
                                           .count = 1};
    }
    free(text);
}

static void pushes_fini(struct pushes *pushes)
{
    for (size_t i = 0; i < pushes->count; i++)
        buf_fini(&pushes->records[i]);
    free(pushes->writes);
    free(pushes->acks);
    free(pushes->records);
    free(pushes->slices);
}

static struct writer_stats stats_of(struct fixture *fx)
{
    struct writer_stats stats;
    writer_get_stats(fx->writer, &stats);
    return stats;
}

static uint64_t articles_in(struct fixture *fx)
{
    struct store_counts counts;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    read_end(fx);
    return counts.articles;
}

static int push_some(struct fixture *fx, unsigned first, size_t body)
{
    struct pushes one;
    pushes_init(&one, 1, first, body);
    fixture_write(fx, one.writes, 1);
    int status = one.writes[0].status;
    pushes_fini(&one);
    return status;
}

// Waits until every submitted request came back; they must do so in order.
static void collect_in_order(struct fixture *fx, struct pushes *pushes)
{
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    for (size_t i = 0; i < pushes->count; sched_yield()) {
        struct list done;
        list_init(&done);
        writer_collect(fx->writer, &done);
        for (struct list *link; (link = list_pop(&done)); i++)
            assert_ptr_equal(list_entry(link, struct write, link), &pushes->writes[i]);
        assert_true(clock_mono_ms() < deadline);
    }
}

static void test_what_waits_shares_a_commit(void **state)
{
    struct fixture *fx = *state;
    struct pushes pushes;
    fixture_open(fx);
    pushes_init(&pushes, 601, 0, 100);
    fault_hold_sync();
    writer_submit(fx->writer, &pushes.writes[0]);
    fault_wait_until_held();
    for (size_t i = 1; i < 601; i++)
        writer_submit(fx->writer, &pushes.writes[i]);
    fault_release_sync();
    collect_in_order(fx, &pushes);
    assert_int_equal(stats_of(fx).commits, 1 + 3); // 1, then 256 + 256 + 88
    assert_int_equal(stats_of(fx).articles, 601);
    for (size_t i = 0; i < 601; i++)
        assert_int_equal(pushes.acks[i].offset, i + 1);
    pushes_fini(&pushes);
}

static void test_nothing_is_acknowledged_before_the_sync(void **state)
{
    struct fixture *fx = *state;
    struct pushes pushes;
    struct list done;
    fixture_open(fx);
    pushes_init(&pushes, 1, 0, 100);
    fault_hold_sync();
    writer_submit(fx->writer, &pushes.writes[0]);
    fault_wait_until_held();
    list_init(&done);
    writer_collect(fx->writer, &done);
    assert_true(list_is_empty(&done));
    assert_int_equal(articles_in(fx), 0);
    fault_release_sync();
    collect_in_order(fx, &pushes);
    assert_int_equal(articles_in(fx), 1);
    pushes_fini(&pushes);
}

static void test_requests_are_not_split(void **state)
{
    struct fixture *fx = *state;
    struct pushes pushes;
    fixture_open(fx);
    pushes_init(&pushes, 301, 0, 100);
    struct write first = pushes.writes[0], *later = pushes.writes;
    for (int i = 1; i < 3; i++) {
        later[i].records = &pushes.slices[1 + (i - 1) * 200];
        later[i].acks = &pushes.acks[1 + (i - 1) * 200];
        later[i].count = i == 1 ? 200 : 100;
    }
    fault_hold_sync();
    writer_submit(fx->writer, &first);
    fault_wait_until_held();
    writer_submit(fx->writer, &later[1]);
    writer_submit(fx->writer, &later[2]);
    fault_release_sync();
    writer_stop(fx->writer);
    assert_int_equal(stats_of(fx).commits, 3);
    assert_int_equal(stats_of(fx).articles, 301);
    writer_free(fx->writer);
    fx->writer = NULL;
    pushes_fini(&pushes);
}

static void test_stop_carries_out_what_is_queued(void **state)
{
    struct fixture *fx = *state;
    struct pushes pushes;
    fixture_open(fx);
    pushes_init(&pushes, 50, 0, 100);
    for (size_t i = 0; i < 50; i++)
        writer_submit(fx->writer, &pushes.writes[i]);
    writer_stop(fx->writer);
    collect_in_order(fx, &pushes);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(pushes.writes[i].status, 0);
    writer_free(fx->writer);
    fx->writer = NULL;
    pushes_fini(&pushes);
}

static void test_first_eio_ends_acknowledging(void **state)
{
    struct fixture *fx = *state;
    fixture_open(fx);
    assert_int_equal(push_some(fx, 1, 100), 0);
    fault_set(FAULT_FDATASYNC, EIO);
    assert_int_equal(push_some(fx, 2, 100), -EIO);
    fault_set(FAULT_FDATASYNC, 0);
    assert_int_equal(push_some(fx, 3, 100), -EIO);
    assert_int_equal(set_cursor(fx, "desk", 1), -EIO);
    assert_true(stats_of(fx).failed);
    assert_int_equal(articles_in(fx), 1);
    fixture_close(fx);
    fixture_open(fx);
    assert_int_equal(articles_in(fx), 1);
    assert_int_equal(push_some(fx, 3, 100), 0);
    assert_int_equal(verify_store(fx, true), 0);
}

static void refused_then_well(struct fixture *fx, enum fault_call call, int errnum)
{
    uint64_t before = articles_in(fx), refused = stats_of(fx).refused_full;
    fault_set(call, errnum);
    assert_int_equal(push_some(fx, 1000, 3 << 20), -ENOSPC);
    assert_int_equal(articles_in(fx), before);
    assert_int_equal(stats_of(fx).refused_full, refused + 1);
    fault_set(call, 0);
    assert_int_equal(push_some(fx, 1000, 3 << 20), 0);
    assert_int_equal(articles_in(fx), before + 1);
    assert_false(stats_of(fx).failed);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_full_disk_is_refused_and_recovers(void **state)
{
    struct fixture *fx = *state;
    fixture_open(fx);
    assert_int_equal(push_some(fx, 1, 100), 0);
    refused_then_well(fx, FAULT_PAGES, ENOSPC);
}

static void test_room_is_taken_before_it_is_needed(void **state)
{
    struct fixture *fx = *state;
    fixture_open(fx);
    fault_set(FAULT_FALLOCATE, ENOSPC);
    assert_int_equal(push_some(fx, 1, 100), -ENOSPC);
    refused_then_well(fx, FAULT_FALLOCATE, EDQUOT);
}

static struct store_counts counts_of(struct fixture *fx)
{
    struct store_counts counts;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    read_end(fx);
    return counts;
}

// An article of the body's length with its event.
static int push_tagged(struct fixture *fx, unsigned number, size_t body)
{
    int status = push_some(fx, number, body);
    uint64_t offset = 0;
    read_begin(fx);
    if (status == 0)
        assert_int_equal(store_next_pending(fx->reader, 1, &offset), 0);
    read_end(fx);
    return status < 0 ? status : tag_article(fx, offset, "de", NULL, 0, NULL);
}

static void push_until(struct fixture *fx, unsigned *number, int status)
{
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    while (push_tagged(fx, ++*number, 20000) != status)
        assert_true(clock_mono_ms() < deadline);
}

// With the disk full, free pages inside the file are all there is: the map ends with the file, so
// that nothing is written behind it, until there is room again.
static void test_a_full_disk_is_lived_on(void **state)
{
    struct fixture *fx = *state;
    unsigned number = 0;
    fx->unsynced = true;
    fixture_open(fx);
    assert_int_equal(push_tagged(fx, ++number, 20000), 0); // takes 16 MiB at once
    fault_set(FAULT_FALLOCATE, ENOSPC);
    push_until(fx, &number, -ENOSPC);
    assert_true(number > 300);
    uint64_t file_bytes = counts_of(fx).file_bytes;
    writer_set_retention(fx->writer, &(struct store_retention){.events = 50});
    for (int i = 0; i < 1000; i++)
        push_until(fx, &number, 0);
    struct store_counts counts = counts_of(fx);
    assert_true(counts.first > 1000);
    assert_int_equal(counts.file_bytes, file_bytes);
    assert_true(counts.map_size <= file_bytes);
    assert_int_equal(verify_store(fx, true), 0);
    fault_set(FAULT_FALLOCATE, 0);
    push_until(fx, &number, 0);
    assert_int_equal(counts_of(fx).map_size, fx->map_size);
    assert_int_equal(verify_store(fx, true), 0);
}

// A file system without fallocate: room cannot be taken, everything else goes on.
static void test_without_fallocate(void **state)
{
    struct fixture *fx = *state;
    fixture_open(fx);
    fault_set(FAULT_FALLOCATE, EOPNOTSUPP);
    assert_int_equal(push_some(fx, 1, 100), 0);
    refused_then_well(fx, FAULT_PAGES, ENOSPC);
}

static void test_map_grows_to_its_limit_and_refuses_then(void **state)
{
    struct fixture *fx = *state;
    struct store_counts counts;
    fx->map_size = 1 << 20;
    fx->map_limit = 4 << 20;
    fixture_open(fx);
    unsigned accepted = 0;
    while (push_some(fx, accepted, 50000) == 0)
        accepted++;
    assert_true(accepted > 50 && accepted < 80);
    assert_true(stats_of(fx).refused_full > 0);
    struct stored_article article;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(counts.map_size, 4 << 20);
    assert_int_equal(counts.articles, accepted);
    assert_int_equal(store_get_article(fx->reader, accepted, &article), 0);
    read_end(fx);
    assert_true(push_some(fx, accepted + 1, 60000) == -ENOSPC);
    fixture_close(fx);
    fx->map_limit = 16 << 20;
    fixture_open(fx);
    assert_int_equal(push_some(fx, accepted + 1, 60000), 0);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_map_does_not_move_under_a_reader(void **state)
{
    struct fixture *fx = *state;
    struct stored_article article;
    fx->map_size = 1 << 20;
    fixture_open(fx);
    assert_int_equal(push_some(fx, 1, 100000), 0);
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, 1, &article), 0);
    assert_int_equal(push_some(fx, 2, 2000000), -ENOSPC);
    assert_int_equal(article.record.ptr[article.record.len - 1], 'b');
    read_end(fx);
    assert_int_equal(push_some(fx, 2, 2000000), 0);
}

// One that does not fit fails alone; the others of its batch are carried out.
static void test_too_large_a_request_fails_alone(void **state)
{
    struct fixture *fx = *state;
    struct pushes small, large;
    fx->map_size = fx->map_limit = 2 << 20;
    fixture_open(fx);
    pushes_init(&small, 3, 0, 100);
    pushes_init(&large, 1, 10, 3 << 20);
    fault_hold_sync();
    writer_submit(fx->writer, &small.writes[0]);
    fault_wait_until_held();
    writer_submit(fx->writer, &small.writes[1]);
    writer_submit(fx->writer, &large.writes[0]);
    writer_submit(fx->writer, &small.writes[2]);
    fault_release_sync();
    writer_stop(fx->writer);
    assert_int_equal(small.writes[1].status, 0);
    assert_int_equal(large.writes[0].status, -ENOSPC);
    assert_int_equal(small.writes[2].status, 0);
    assert_int_equal(small.acks[2].offset, 3);
    writer_free(fx->writer);
    fx->writer = NULL;
    pushes_fini(&small);
    pushes_fini(&large);
}

static void wait_until_indexed(struct fixture *fx, uint64_t sequence)
{
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    struct store_counts counts = {0};
    for (; counts.indexed < sequence; sched_yield()) {
        read_begin(fx);
        assert_int_equal(store_count(fx->reader, &counts), 0);
        read_end(fx);
        assert_true(clock_mono_ms() < deadline);
    }
}

static void test_idle_writer_merges_the_indexes(void **state)
{
    struct fixture *fx = *state;
    struct test_entity entity = {"Q1", "person", "Name", "name"};
    fixture_open(fx);
    for (unsigned i = 1; i <= 40; i++) {
        push_numbered(fx, i);
        assert_int_equal(tag_article(fx, i, "pl", &entity, 1, NULL), 0);
    }
    wait_until_indexed(fx, 40);
    // Readers see the commit a moment before the writer has counted it.
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    while (stats_of(fx).index_commits == 0)
        assert_true(clock_mono_ms() < deadline);
    assert_int_equal(stats_of(fx).events, 40);
    assert_int_equal(verify_store(fx, true), 0);
}

// Articles and their results, as fast as they are taken: nobody is idle.
static void write_tagged(struct fixture *fx, size_t count, const struct result *result)
{
    struct pushes pushes;
    pushes_init(&pushes, count, 0, 20);
    fixture_write(fx, pushes.writes, count);
    struct write *results = calloc(count, sizeof *results);
    for (size_t i = 0; i < count; i++)
        results[i] = (struct write){.kind = WRITE_TAGGED, .offset = i + 1, .result = result};
    fault_hold_sync(); // so that all wait in the queue
    for (size_t i = 0; i < count; i++)
        writer_submit(fx->writer, &results[i]);
    fault_release_sync();
    writer_stop(fx->writer);
    free(results);
    pushes_fini(&pushes);
}

static void test_merges_at_the_latest_when_far_behind(void **state)
{
    struct fixture *fx = *state;
    enum { MANY = 2 * WRITER_INDEX_LAG + 2048 };
    struct test_result result;
    struct test_entity entity = {"Q1", "person", "Name", "name"};
    fixture_open(fx);
    test_result_init(&result, "pl", &entity, 1);
    write_tagged(fx, MANY, &result.result);
    assert_int_equal(stats_of(fx).events, MANY);
    assert_true(stats_of(fx).index_commits > 0);
#ifndef TELEX_SANITIZED // steps are bounded by time: a slowed program gets less far in each
    assert_true(fx->store->indexed >= WRITER_INDEX_LAG);
#endif
    writer_free(fx->writer);
    fx->writer = NULL;
    assert_int_equal(verify_store(fx, true), 0);
    test_result_fini(&result);
}

static bool none_cb(const struct stored_entity *entity, void *arg)
{
    (void)entity, (void)arg;
    return false;
}

static int find(struct fixture *fx, const char *name)
{
    struct stored_entity entity;
    read_begin(fx);
    int found = store_find_entities(fx->reader, slice_from_text(name), false, 1, none_cb, NULL);
    assert_int_equal(store_get_entity(fx->reader, slice_from_text(name), &entity), found);
    assert_true(found < 0 || entity.count == fx->store->tail.next_sequence - 1);
    read_end(fx);
    return found;
}

// Events of many names each: long before there are WRITER_INDEX_LAG of them, and in runs that are
// bounded by their keys. Questions are answered when what is left fits into memory.
static void test_merges_sooner_what_has_many_keys(void **state)
{
    enum { NAMES = 2000, EVENTS = 1000 };
    static char ids[NAMES][16];
    static struct test_entity entities[NAMES];
    struct fixture *fx = *state;
    struct test_result result;
    fx->map_size = fx->map_limit = (uint64_t)1 << 30;
    fixture_open(fx);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(ids[i], sizeof ids[i], "Q%u", i);
        entities[i] = (struct test_entity){ids[i], "person", "A name of twenty chars", ids[i]};
    }
    test_result_init(&result, "pl", entities, NAMES);
    write_tagged(fx, EVENTS, &result.result);
    assert_int_equal(stats_of(fx).events, EVENTS);
    assert_true(stats_of(fx).index_commits > 0 || fx->writer->run); // a run begins by collecting
    writer_free(fx->writer);
    fx->writer = NULL;
    assert_int_equal(find(fx, "Q7"), -EAGAIN);
    uint64_t merged = 0, most = KEYS_BYTES / result.result.keys.len + 1;
    while (fx->store->indexed < EVENTS) {
        assert_int_equal(index_merge(fx->store, INDEX_RUN, &merged), 0);
        assert_in_range(merged, 1, most);
        find(fx, "Q7");
    }
    assert_int_equal(find(fx, "Q7"), 0);
    test_result_fini(&result);
}

// While the writer works, every snapshot is whole: what it counts is there and can be found.
static void check_snapshot(struct fixture *fx, uint64_t *most)
{
    struct store_counts counts;
    struct stored_article article;
    uint64_t offset, pending;
    char uri[32];
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_true(counts.articles >= *most);
    *most = counts.articles;
    if (counts.articles) {
        assert_int_equal(store_get_article(fx->reader, counts.articles, &article), 0);
        snprintf(uri, sizeof uri, "urn:%llu", (unsigned long long)counts.articles - 1);
        assert_int_equal(store_find_uri(fx->reader, slice_from_text(uri), &offset), 0);
        assert_int_equal(offset, counts.articles);
        assert_int_equal(store_next_pending(fx->reader, counts.articles, &pending), 0);
    }
    assert_int_equal(store_get_article(fx->reader, counts.articles + 1, &article), -ENOENT);
    snprintf(uri, sizeof uri, "urn:%llu", (unsigned long long)counts.articles);
    assert_int_equal(store_find_uri(fx->reader, slice_from_text(uri), &offset), -ENOENT);
    read_end(fx);
}

static void test_readers_see_whole_states(void **state)
{
    struct fixture *fx = *state;
    struct pushes pushes;
    uint64_t most = 0;
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    fixture_open(fx);
    pushes_init(&pushes, 3000, 0, 50);
    for (size_t i = 0; i < pushes.count; i++) {
        writer_submit(fx->writer, &pushes.writes[i]);
        if (i % 20 == 0)
            check_snapshot(fx, &most);
    }
    while (most < pushes.count && clock_mono_ms() < deadline)
        check_snapshot(fx, &most);
    assert_int_equal(most, pushes.count);
    collect_in_order(fx, &pushes);
    pushes_fini(&pushes);
}

static void test_no_writer_for_reading_only(void **state)
{
    struct fixture *fx = *state;
    struct writer *writer;
    struct err err = {0};
    fixture_open(fx);
    fixture_close(fx);
    struct store_options options = fixture_options(fx);
    options.read_only = true;
    struct store *store;
    assert_int_equal(store_open(&store, &options, &err), 0);
    assert_int_equal(writer_start(store, NULL, NULL, &writer, &err), -EROFS);
    assert_null(writer);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_what_waits_shares_a_commit),
        CASE(test_nothing_is_acknowledged_before_the_sync),
        CASE(test_requests_are_not_split),
        CASE(test_stop_carries_out_what_is_queued),
        CASE(test_first_eio_ends_acknowledging),
        CASE(test_full_disk_is_refused_and_recovers),
        CASE(test_room_is_taken_before_it_is_needed),
        CASE(test_a_full_disk_is_lived_on),
        CASE(test_without_fallocate),
        CASE(test_map_grows_to_its_limit_and_refuses_then),
        CASE(test_map_does_not_move_under_a_reader),
        CASE(test_too_large_a_request_fails_alone),
        CASE(test_idle_writer_merges_the_indexes),
        CASE(test_merges_at_the_latest_when_far_behind),
        CASE(test_merges_sooner_what_has_many_keys),
        CASE(test_readers_see_whole_states),
        CASE(test_no_writer_for_reading_only),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
