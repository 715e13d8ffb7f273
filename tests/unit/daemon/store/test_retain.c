#include "daemon/store/retain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/env.h"
#include "daemon/store/index.h"
#include "proto/base/clock.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

enum { HOUR_MS = 60 * 60 * 1000, BUDGET_NS = 1000000000 };

static int64_t now_ms;

static int64_t wall_ms(void)
{
    return now_ms;
}

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fx.unsynced = true;
    fixture_open_plain(&fx);
    fx.store->wall_ms = wall_ms;
    now_ms = 1000000;
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static void reopen(struct fixture *fx)
{
    fixture_close(fx);
    fixture_open_plain(fx);
    fx->store->wall_ms = wall_ms;
}

static void merge_all(struct fixture *fx)
{
    uint64_t merged;
    do
        assert_int_equal(index_merge(fx->store, INDEX_RUN, &merged), 0);
    while (merged);
}

// Removes whatever has to go; how many events went.
static uint64_t retain_now(struct fixture *fx, struct store_retention limits)
{
    struct retain retain;
    struct removal removal = {0};
    retain_init(&retain, fx->store);
    retain.limits = limits;
    retain_look(&retain);
    while (retain_is_due(&retain))
        assert_int_equal(retain_step(&retain, BUDGET_NS, &removal), 0);
    return removal.events;
}

static uint64_t keep_events(struct fixture *fx, uint64_t events)
{
    return retain_now(fx, (struct store_retention){.events = events});
}

static const struct test_entity merkel = {"Q567", "person", "Angela Merkel", "angela merkel"};

// Offsets first ... first + count - 1, tagged in this order.
static void push_tagged(struct fixture *fx, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        char id[16], name[24];
        snprintf(id, sizeof id, "local:%u", i);
        snprintf(name, sizeof name, "somebody %u", i);
        struct test_entity entities[] = {merkel, {id, "person", name, name}};
        assert_int_equal(tag_article(fx, push_numbered(fx, i), "de", entities, 2, NULL), 0);
    }
}

static struct store_counts counts_of(struct fixture *fx)
{
    struct store_counts counts;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    read_end(fx);
    return counts;
}

static int get_article(struct fixture *fx, uint64_t offset)
{
    struct stored_article article;
    read_begin(fx);
    int status = store_get_article(fx->reader, offset, &article);
    read_end(fx);
    return status;
}

static int get_event(struct fixture *fx, uint64_t sequence)
{
    struct stored_event event;
    read_begin(fx);
    int status = store_get_event(fx->reader, sequence, &event);
    read_end(fx);
    return status;
}

static void test_the_oldest_go_by_count(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 100);
    merge_all(fx);
    assert_int_equal(keep_events(fx, 30), 70);
    struct store_counts counts = counts_of(fx);
    assert_int_equal(counts.first, 71);
    assert_int_equal(counts.events, 30);
    assert_int_equal(counts.articles, 30);
    assert_int_equal(counts.removed_articles, 70);
    for (uint64_t n = 1; n <= 100; n++) {
        assert_int_equal(get_article(fx, n), n <= 70 ? -ENOENT : 0);
        assert_int_equal(get_event(fx, n), n <= 70 ? -ENOENT : 0);
    }
    assert_int_equal(keep_events(fx, 30), 0);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_readers_begin_at_the_horizon(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 20);
    merge_all(fx);
    keep_events(fx, 5);
    struct stored_event event;
    uint64_t next;
    uint32_t budget = 100;
    read_begin(fx);
    assert_int_equal(store_first(fx->reader), 16);
    assert_int_equal(store_head(fx->reader), 20);
    assert_int_equal(store_next_event(fx->reader, 1, NULL, &budget, &event, &next), 0);
    assert_int_equal(event.sequence, 16);
    struct slice id = slice_from_text("Q567");
    struct store_filter filter = {.entities = &id, .entity_count = 1};
    assert_int_equal(store_next_event(fx->reader, 1, &filter, &budget, &event, &next), 0);
    assert_int_equal(event.sequence, 16);
    assert_int_equal(store_seek_time(fx->reader, 0), 16);
    read_end(fx);
}

static bool note_cb(const struct stored_entity *entity, void *arg)
{
    *(uint64_t *)arg += entity->count;
    return true;
}

static uint64_t find_count(struct fixture *fx, const char *name)
{
    uint64_t count = 0;
    read_begin(fx);
    assert_int_equal(
        store_find_entities(fx->reader, slice_from_text(name), false, 10, note_cb, &count), 0);
    read_end(fx);
    return count;
}

static void test_entities_go_with_their_last_event(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 50);
    merge_all(fx);
    assert_int_equal(counts_of(fx).entities, 51);
    keep_events(fx, 10);
    assert_int_equal(counts_of(fx).entities, 11);
    assert_int_equal(find_count(fx, "angela merkel"), 10);
    assert_int_equal(find_count(fx, "somebody 40"), 0);
    assert_int_equal(find_count(fx, "somebody 41"), 1);
    assert_int_equal(verify_store(fx, true), 0);
}

static uint64_t spellings_in(struct fixture *fx)
{
    MDB_txn *txn;
    MDB_stat stat;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, fx->store->dbs[DB_NAMES], &stat), 0);
    mdb_txn_abort(txn);
    return stat.ms_entries;
}

// Each entity is in two events, under another name each time: its last event has but one of them.
static void test_spellings_left_over_are_swept_up(void **state)
{
    struct fixture *fx = *state;
    for (unsigned i = 0; i < 400; i++) {
        char id[16], name[24];
        snprintf(id, sizeof id, "local:%u", i / 2);
        snprintf(name, sizeof name, "name %u", i);
        struct test_entity entity = {id, "person", name, name};
        assert_int_equal(tag_article(fx, push_numbered(fx, i), "de", &entity, 1, NULL), 0);
    }
    merge_all(fx);
    assert_int_equal(spellings_in(fx), 400);
    for (uint64_t keep = 380; keep >= 20; keep -= 20)
        keep_events(fx, keep);
    assert_in_range(spellings_in(fx), 20, 30);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_what_was_removed_is_new_again(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 10);
    keep_events(fx, 4);
    assert_int_equal(push_numbered(fx, 10), 10);
    assert_int_equal(push_numbered(fx, 3), 11);
    assert_int_equal(push_numbered(fx, 3), 11);
    reopen(fx);
    assert_int_equal(push_numbered(fx, 3), 11);
    assert_int_equal(push_numbered(fx, 4), 12);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_what_waits_is_kept(void **state)
{
    struct fixture *fx = *state;
    uint64_t waiting = push_numbered(fx, 1);
    push_tagged(fx, 2, 20);
    assert_int_equal(keep_events(fx, 1), 19);
    assert_int_equal(get_article(fx, waiting), 0);
    assert_int_equal(verify_store(fx, true), 0);
    uint64_t sequence;
    assert_int_equal(tag_article(fx, waiting, "de", &merkel, 1, &sequence), 0);
    assert_int_equal(sequence, 21);
    assert_int_equal(keep_events(fx, 1), 1);
    assert_int_equal(get_article(fx, waiting), 0);
    push_tagged(fx, 22, 1);
    keep_events(fx, 1);
    assert_int_equal(get_article(fx, waiting), -ENOENT);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_dead_letters_keep_their_articles(void **state)
{
    struct fixture *fx = *state;
    uint64_t dropped = push_numbered(fx, 1), retried = push_numbered(fx, 2);
    assert_int_equal(kill_article(fx, dropped, "segfault"), 0);
    assert_int_equal(kill_article(fx, retried, "segfault"), 0);
    push_tagged(fx, 3, 10);
    assert_int_equal(keep_events(fx, 3), 9);
    assert_int_equal(get_article(fx, dropped), 0);
    assert_int_equal(counts_of(fx).dead, 2);
    assert_int_equal(verify_store(fx, true), 0);
    assert_int_equal(write_offset(fx, WRITE_DROP, dropped), 0);
    assert_int_equal(get_article(fx, dropped), -ENOENT);
    assert_int_equal(verify_store(fx, true), 0);
    assert_int_equal(write_offset(fx, WRITE_RETRY, retried), 0);
    assert_int_equal(verify_store(fx, true), 0);
    assert_int_equal(tag_article(fx, retried, "de", &merkel, 1, NULL), 0);
    assert_int_equal(get_article(fx, retried), 0);
    push_tagged(fx, 20, 3);
    keep_events(fx, 3);
    assert_int_equal(get_article(fx, retried), -ENOENT);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_a_dropped_dead_letter_goes_with_its_event(void **state)
{
    struct fixture *fx = *state;
    uint64_t offset = push_numbered(fx, 1);
    assert_int_equal(kill_article(fx, offset, "segfault"), 0);
    assert_int_equal(write_offset(fx, WRITE_DROP, offset), 0);
    assert_int_equal(get_article(fx, offset), 0);
    push_tagged(fx, 2, 3);
    keep_events(fx, 3);
    assert_int_equal(get_article(fx, offset), -ENOENT);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_old_ones_go_and_numbers_go_on(void **state)
{
    struct fixture *fx = *state;
    struct store_retention day = {.age_ms = 24 * HOUR_MS};
    push_tagged(fx, 1, 10);
    now_ms += 20 * HOUR_MS;
    push_tagged(fx, 11, 10);
    merge_all(fx);
    assert_int_equal(retain_now(fx, day), 0);
    now_ms += 5 * HOUR_MS;
    assert_int_equal(retain_now(fx, day), 10);
    now_ms += 24 * HOUR_MS;
    assert_int_equal(retain_now(fx, day), 10);
    struct store_counts counts = counts_of(fx);
    assert_int_equal(counts.articles + counts.events + counts.entities, 0);
    assert_int_equal(counts.first, 21);
    reopen(fx);
    assert_int_equal(verify_store(fx, true), 0);
    read_begin(fx);
    assert_int_equal(store_head(fx->reader), 20);
    read_end(fx);
    now_ms = 5; // the clock was set back: the stream's time is not
    uint64_t sequence, offset = push_numbered(fx, 30);
    assert_int_equal(offset, 21);
    assert_int_equal(tag_article(fx, offset, "de", &merkel, 1, &sequence), 0);
    assert_int_equal(sequence, 21);
    struct stored_event event;
    read_begin(fx);
    assert_int_equal(store_get_event(fx->reader, 21, &event), 0);
    read_end(fx);
    assert_int_equal(event.time_ms, 1000000 + 20 * HOUR_MS);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_a_jump_of_the_clock_removes_nothing(void **state)
{
    (void)state;
    struct retain_clock clock = {0};
    int64_t wall = 1700000000000, mono = 5000, year = 365LL * 24 * HOUR_MS;
    assert_int_equal(retain_clock_now(&clock, wall, mono), wall);
    assert_int_equal(retain_clock_now(&clock, wall + 1000, mono + 1000), wall + 1000);
    assert_int_equal(retain_clock_now(&clock, wall + year, mono + 2000), wall + 2000);
    assert_int_equal(retain_clock_now(&clock, wall + year, mono + 23 * HOUR_MS),
                     wall + 23 * HOUR_MS);
    assert_int_equal(retain_clock_now(&clock, wall + 24 * HOUR_MS, mono + 24 * HOUR_MS),
                     wall + 24 * HOUR_MS); // it was set right again
    assert_int_equal(retain_clock_now(&clock, wall + year, mono + 25 * HOUR_MS),
                     wall + 25 * HOUR_MS);
    assert_int_equal(retain_clock_now(&clock, wall + year, mono + 50 * HOUR_MS), wall + year);
    assert_int_equal(retain_clock_now(&clock, wall, mono + 51 * HOUR_MS), wall);
}

static void test_events_that_are_not_indexed_go_too(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 20);
    uint64_t merged;
    assert_int_equal(index_merge(fx->store, 10, &merged), 0);
    assert_int_equal(keep_events(fx, 5), 15);
    assert_int_equal(counts_of(fx).indexed, 15);
    assert_int_equal(verify_store(fx, true), 0);
    merge_all(fx);
    assert_int_equal(counts_of(fx).indexed, 20);
    assert_int_equal(counts_of(fx).entities, 6);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_half_a_merge_is_cleared_away(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 600);
    struct index_run *run;
    assert_int_equal(index_run_start(fx->store, INDEX_RUN, &run), 0);
    for (int step = 0; step < 300; step++) // some entities and postings
        assert_int_equal(index_run_step(run, 1), 1);
    index_run_free(run);
    keep_events(fx, 100);
    merge_all(fx);
    assert_int_equal(counts_of(fx).entities, 101);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_damaged_events_go_with_their_articles(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 10);
    char needle[] = "Title number 3\"";
    assert_int_equal(mdb_env_sync(fx->store->env, 1), 0);
    assert_true(flip_all(fx, slice_from(needle, sizeof needle - 1), 0));
    assert_int_equal(get_event(fx, 3), -EBADMSG);
    assert_int_equal(keep_events(fx, 4), 6);
    assert_int_equal(get_article(fx, 3), -ENOENT);
    merge_all(fx);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_a_damaged_horizon_is_read_off_the_tables(void **state)
{
    struct fixture *fx = *state;
    push_tagged(fx, 1, 20);
    merge_all(fx);
    keep_events(fx, 5);
    MDB_txn *txn;
    MDB_val key = val_from(slice_from_text("horizon")), value = val_from(slice_from_text("junk"));
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, fx->store->dbs[DB_META], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    reopen(fx);
    assert_int_equal(counts_of(fx).first, 16);
    assert_int_equal(verify_store(fx, false), 1);
    push_tagged(fx, 21, 3);
    assert_int_equal(keep_events(fx, 5), 3);
    assert_int_equal(counts_of(fx).first, 19);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_bytes_are_kept_within_their_limit(void **state)
{
    struct fixture *fx = *state;
    struct store_retention limits = {.bytes = 2 << 20};
    uint64_t largest = 0;
    for (unsigned round = 0; round < 20; round++) {
        push_tagged(fx, 1 + round * 200, 200);
        merge_all(fx);
        retain_now(fx, limits);
        struct store_counts counts = counts_of(fx);
        assert_true(counts.events >= 200);
        assert_true(counts.used_bytes - counts.free_pages * counts.page_bytes <=
                    limits.bytes + (256 << 10));
        largest = counts.used_bytes > largest ? counts.used_bytes : largest;
    }
    assert_true(largest < 2 * limits.bytes);
    assert_true(counts_of(fx).first > 2000);
    assert_int_equal(verify_store(fx, true), 0);
}

// --- with the writer's thread

enum { DEADLINE_MS = 60000 };

static void open_with_writer(struct fixture *fx, uint64_t map_size, uint64_t map_limit)
{
    fixture_close(fx);
    fx->map_size = map_size;
    fx->map_limit = map_limit;
    fixture_open(fx);
    fx->store->wall_ms = wall_ms;
}

static int push_sized(struct fixture *fx, unsigned number, size_t bytes)
{
    char uri[32];
    char *body = malloc(bytes + 1);
    assert_non_null(body);
    memset(body, 'a' + (int)(number % 26), bytes);
    body[bytes] = '\0';
    snprintf(uri, sizeof uri, "urn:%u", number);
    struct buf record;
    encode_article(&record, &(struct test_article){.uri = uri, .title = "A title", .body = body});
    struct ack ack = {0};
    struct slice slice = buf_slice(&record);
    struct write write = {.kind = WRITE_ARTICLES, .records = &slice, .acks = &ack, .count = 1};
    fixture_write(fx, &write, 1);
    buf_fini(&record);
    free(body);
    if (write.status < 0)
        return write.status;
    char id[16], name[24];
    snprintf(id, sizeof id, "local:%u", number);
    snprintf(name, sizeof name, "somebody %u", number);
    struct test_entity entities[] = {merkel, {id, "person", name, name}};
    return tag_article(fx, ack.offset, "de", entities, 2, NULL);
}

// From a few bytes to some pages, as articles are.
static size_t size_of_number(unsigned number)
{
    unsigned mixed = number * 2654435761u >> 16;
    return mixed % 10 ? 200 + mixed % 9000 : 20000 + mixed % 60000;
}

static void test_the_file_stops_growing(void **state)
{
    struct fixture *fx = *state;
    struct store_retention limits = {.bytes = 4 << 20};
    uint64_t pushed = 0, early = 0, largest = 0;
    open_with_writer(fx, 64 << 20, 256 << 20);
    writer_set_retention(fx->writer, &limits);
    for (unsigned i = 0; pushed < 16 * limits.bytes; i++) {
        assert_int_equal(push_sized(fx, i, size_of_number(i)), 0);
        pushed += size_of_number(i);
        if (i % 256)
            continue;
        uint64_t used = counts_of(fx).used_bytes;
        largest = used > largest ? used : largest;
        early = pushed < 6 * limits.bytes ? largest : early;
    }
    struct store_counts counts = counts_of(fx);
    assert_true(counts.first > 1000);
    assert_in_range(largest, limits.bytes, 3 * limits.bytes);
    // What was reached after some fillings is all that is ever needed.
    assert_in_range(largest, early, early + limits.bytes / 2);
    assert_in_range(counts.file_bytes, largest, largest + (32 << 20));
    assert_int_equal(verify_store(fx, true), 0);
}

static void push_until(struct fixture *fx, unsigned *number, int status)
{
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    while (push_sized(fx, ++*number, 3000) != status)
        assert_true(clock_mono_ms() < deadline);
}

// What waits is served between two steps, however much there is to remove.
static void test_ingest_does_not_wait_for_removing(void **state)
{
    struct fixture *fx = *state;
    enum { EVENTS = 3000 };
    open_with_writer(fx, 64 << 20, 256 << 20);
    for (unsigned i = 0; i < EVENTS; i++)
        assert_int_equal(push_sized(fx, i, 300), 0);
    writer_set_retention(fx->writer, &(struct store_retention){.events = 10});
    uint64_t removed[4];
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(push_sized(fx, EVENTS + i, 300), 0);
        removed[i] = counts_of(fx).first - 1;
    }
    assert_in_range(removed[3], 0, EVENTS - 10);
    int64_t deadline = clock_mono_ms() + DEADLINE_MS;
    while (counts_of(fx).events > 10)
        assert_true(clock_mono_ms() < deadline);
    struct writer_stats stats;
    do { // they are counted once they are committed, which is seen before
        assert_true(clock_mono_ms() < deadline);
        writer_get_stats(fx->writer, &stats);
    } while (stats.removed_events < EVENTS + 4 - 10);
    assert_int_equal(stats.removed_events, EVENTS + 4 - 10);
    assert_true(stats.retention_commits >= EVENTS / REMOVE_MOST);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_a_full_map_is_left_by_removing(void **state)
{
    struct fixture *fx = *state;
    unsigned number = 0;
    open_with_writer(fx, 1 << 20, 4 << 20);
    push_until(fx, &number, -ENOSPC);
    assert_in_range(counts_of(fx).map_size, 4 << 20, 4 << 20); // it was grown first
    assert_true(number > 500);
    for (int i = 0; i < 10; i++)
        assert_int_equal(push_sized(fx, ++number, 3000), -ENOSPC);
    assert_int_equal(get_article(fx, 1), 0);
    writer_set_retention(fx->writer, &(struct store_retention){.events = 100});
    push_until(fx, &number, 0);
    for (int i = 0; i < 1000; i++)
        push_until(fx, &number, 0);
    assert_true(counts_of(fx).first > 1000);
    assert_int_equal(verify_store(fx, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_oldest_go_by_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_begin_at_the_horizon, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entities_go_with_their_last_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spellings_left_over_are_swept_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_removed_is_new_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_letters_keep_their_articles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_dropped_dead_letter_goes_with_its_event, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_old_ones_go_and_numbers_go_on, setup, teardown),
        cmocka_unit_test(test_a_jump_of_the_clock_removes_nothing),
        cmocka_unit_test_setup_teardown(test_events_that_are_not_indexed_go_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_a_merge_is_cleared_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_events_go_with_their_articles, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_horizon_is_read_off_the_tables, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_bytes_are_kept_within_their_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_file_stops_growing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ingest_does_not_wait_for_removing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_map_is_left_by_removing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
