// Filters, entities and spellings against a plain look at every event, on events made at random
// from fixed seeds, with the indexes at every kind of position.
#include "daemon/store/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/index.h"
#include "daemon/store/posting.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

enum { EVENTS = 600, IDS = 12, ROUNDS = 60 };

static const char *const TYPES[] = {"person", "place", "organisation", "event"};
static const char *const LANGUAGES[] = {"pl", "de", "en"};
static const char *const SOURCES[] = {"reuters", "pap", "dpa", ""};

static uint64_t seed;

static unsigned draw(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fx.unsynced = true;
    fixture_open_plain(&fx);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static char ids[IDS][8], spellings[IDS][16];

static void random_event(struct fixture *fx, unsigned number)
{
    char uri[32];
    struct test_entity entities[6];
    snprintf(uri, sizeof uri, "urn:%u", number);
    struct test_article article = {.uri = uri, .source = SOURCES[draw(4)], .body = "Body text."};
    uint64_t offset = push_article(fx, &article).offset;
    if (draw(10) == 0) {
        assert_int_equal(kill_article(fx, offset, "gone"), 0);
        return;
    }
    size_t count = draw(6);
    for (size_t i = 0; i < count; i++) {
        unsigned id = draw(IDS) * draw(2); // some are much more frequent than others
        snprintf(ids[id], sizeof ids[id], "Q%u", id);
        snprintf(spellings[id], sizeof spellings[id], "name %u", id);
        entities[i] = (struct test_entity){ids[id], TYPES[id % 4], "Name", spellings[id]};
    }
    assert_int_equal(
        tag_article(fx, offset, draw(5) ? LANGUAGES[draw(3)] : NULL, entities, count, NULL), 0);
}

// Leaves a run unfinished: the indexes are ahead of their position, in some tables and keys.
static void merge_halfway(struct fixture *fx)
{
    struct index_run *run;
    int status = index_run_start(fx->store, 1 + draw(150), &run);
    assert_true(status == 0 || status == -ENOENT);
    for (unsigned steps = 1 + draw(250); status >= 0 && steps; steps--)
        if (run && (status = index_run_step(run, 0)) == 0) // one entry a step
            break;
    index_run_free(run);
}

// Fills the store; the indexes end up anywhere.
static void random_store(struct fixture *fx, uint64_t with_seed)
{
    seed = with_seed;
    for (unsigned i = 0; i < EVENTS; i++) {
        uint64_t merged;
        random_event(fx, i);
        if (draw(40) == 0)
            assert_int_equal(index_merge(fx->store, draw(200), &merged), 0);
    }
    merge_halfway(fx);
}

struct random_filter {
    struct store_filter filter;
    struct slice entities[4], types[4], languages[4], sources[4];
    char id_texts[4][8];
};

static void random_filter(struct random_filter *out)
{
    *out = (struct random_filter){0};
    out->filter = (struct store_filter){.entities = out->entities,
                                        .types = out->types,
                                        .languages = out->languages,
                                        .sources = out->sources,
                                        .entity_count = draw(2) * draw(5),
                                        .type_count = draw(2) * draw(4),
                                        .language_count = draw(2) * draw(3),
                                        .source_count = draw(2) * draw(3)};
    for (size_t i = 0; i < 4; i++) {
        snprintf(out->id_texts[i], sizeof out->id_texts[i], "Q%u", draw(IDS + 2));
        out->entities[i] = slice_from_text(out->id_texts[i]);
        out->types[i] = slice_from_text(TYPES[draw(4)]);
        out->languages[i] = slice_from_text(LANGUAGES[draw(3)]);
        out->sources[i] = slice_from_text(SOURCES[draw(4)]);
    }
}

static bool in(const struct slice *values, size_t count, struct slice value)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(values[i], value))
            return true;
    return count == 0;
}

// The filter's meaning, written a second time.
static bool should_pass(const struct store_filter *f, const struct stored_event *event)
{
    bool entity = !f->entity_count, type = !f->type_count, language = !f->language_count;
    struct cursor keys = cursor_from(event->keys);
    struct result_key key;
    while (result_key_decode(&keys, &key) == 1) {
        struct slice id, kind, name;
        if (key.kind == KEY_ENTITY && posting_split_entity(key.value, &id, &kind, &name)) {
            entity |= in(f->entities, f->entity_count, id);
            type |= in(f->types, f->type_count, kind);
        }
        if (key.kind == KEY_LANGUAGE)
            language |= in(f->languages, f->language_count, key.value);
    }
    return entity && type && language && in(f->sources, f->source_count, event->source);
}

// store_next_event from `from` to the end, with budgets that run out all the time.
static size_t replay(struct fixture *fx, uint64_t from, const struct store_filter *filter,
                     uint64_t *sequences)
{
    struct stored_event event;
    size_t count = 0;
    uint64_t next = from;
    for (;;) {
        uint64_t before = next;
        uint32_t budget = draw(3) ? 1 + draw(8) : 100000;
        int status = store_next_event(fx->reader, before, filter, &budget, &event, &next);
        if (status == -ENOENT) {
            assert_int_equal(next, store_head(fx->reader) + 1);
            return count;
        }
        assert_true(next > before || budget == 0);
        if (status == -EAGAIN)
            continue;
        assert_int_equal(status, 0);
        assert_int_equal(next, event.sequence + 1);
        sequences[count++] = event.sequence;
        if (draw(30) == 0) { // another snapshot of the same state
            read_end(fx);
            read_begin(fx);
        }
    }
}

static void compare_with_scan(struct fixture *fx, const struct store_filter *filter, uint64_t from)
{
    static uint64_t found[EVENTS + 1];
    size_t count = replay(fx, from, filter, found), at = 0;
    for (uint64_t sequence = from ? from : 1; sequence <= store_head(fx->reader); sequence++) {
        struct stored_event event;
        assert_int_equal(store_get_event(fx->reader, sequence, &event), 0);
        if (!should_pass(filter, &event))
            continue;
        assert_true(at < count);
        assert_int_equal(found[at++], sequence);
    }
    assert_int_equal(at, count);
}

static void test_filters_equal_a_scan(void **state)
{
    struct fixture *fx = *state;
    random_store(fx, 20261122);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct random_filter random;
        random_filter(&random);
        read_begin(fx);
        compare_with_scan(fx, &random.filter, draw(3) ? draw(EVENTS) : 0);
        read_end(fx);
        uint64_t merged;
        if (i % 10 == 9)
            assert_int_equal(index_merge(fx->store, 70, &merged), 0);
        if (i % 10 == 4)
            merge_halfway(fx);
    }
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_filters_take_turns_on_one_reader(void **state)
{
    struct fixture *fx = *state;
    uint64_t merged;
    random_store(fx, 7);
    assert_int_equal(index_merge(fx->store, EVENTS, &merged), 0);
    struct random_filter random[3];
    uint64_t next[3] = {1, 1, 1};
    for (int i = 0; i < 3; i++)
        random_filter(&random[i]);
    read_begin(fx);
    for (unsigned step = 0; step < 3 * EVENTS; step++) {
        unsigned i = step % 3;
        struct stored_event event, scanned;
        uint32_t budget = UINT32_MAX;
        uint64_t at = next[i];
        int status = store_next_event(fx->reader, at, &random[i].filter, &budget, &event, &next[i]);
        for (; at <= store_head(fx->reader); at++) {
            assert_int_equal(store_get_event(fx->reader, at, &scanned), 0);
            if (should_pass(&random[i].filter, &scanned))
                break;
        }
        assert_int_equal(status, at <= store_head(fx->reader) ? 0 : -ENOENT);
        if (status == 0)
            assert_int_equal(event.sequence, at);
    }
    read_end(fx);
}

static void test_dead_letters_pass_only_what_asks_nothing_of_the_text(void **state)
{
    struct fixture *fx = *state;
    push_numbered(fx, 1);
    assert_int_equal(kill_article(fx, 1, "gone"), 0);
    struct slice source = slice_from_text("reuters"), language = slice_from_text("pl");
    struct store_filter by_source = {.sources = &source, .source_count = 1};
    struct store_filter by_language = {.languages = &language, .language_count = 1};
    for (int merge = 0; merge < 2; merge++) {
        struct stored_event event;
        uint64_t next, merged;
        uint32_t budget = 100;
        read_begin(fx);
        assert_int_equal(store_next_event(fx->reader, 1, &by_source, &budget, &event, &next), 0);
        assert_int_equal(event.kind, EVENT_DEAD);
        assert_int_equal(store_next_event(fx->reader, 1, &by_language, &budget, &event, &next),
                         -ENOENT);
        assert_int_equal(store_next_event(fx->reader, 1, NULL, &budget, &event, &next), 0);
        read_end(fx);
        assert_int_equal(index_merge(fx->store, 10, &merged), 0);
    }
}

struct counted {
    uint64_t count, newest;
    const char *id;
    bool seen;
};

// Number of an entity "Q<number>"; the id is a slice, no NUL ends it.
static unsigned long entity_number(struct slice id)
{
    unsigned long number = 0;
    for (size_t i = 1; i < id.len && id.ptr[i] >= '0' && id.ptr[i] <= '9'; i++)
        number = number * 10 + (unsigned long)(id.ptr[i] - '0');
    return number;
}

static void count_by_scan(struct fixture *fx, struct counted counts[IDS])
{
    for (uint64_t sequence = 1; sequence <= store_head(fx->reader); sequence++) {
        struct stored_event event;
        assert_int_equal(store_get_event(fx->reader, sequence, &event), 0);
        struct event_keys keys = event_keys_of(&event);
        struct event_key key;
        while (event_keys_next(&keys, &key)) {
            if (key.kind != KEY_ENTITY)
                continue;
            struct counted *entity = &counts[entity_number(key.id)];
            entity->count += entity->newest != sequence;
            entity->newest = sequence;
        }
    }
}

static bool found_cb(const struct stored_entity *entity, void *arg)
{
    struct counted *counts = arg;
    struct counted *known = &counts[entity_number(entity->id)];
    assert_false(known->seen);
    known->seen = true;
    assert_int_equal(entity->count, known->count);
    assert_int_equal(entity->newest, known->newest);
    assert_true(slice_is(entity->name, "Name"));
    return true;
}

static void check_entity(struct fixture *fx, unsigned number, const struct counted *expected)
{
    char text[8];
    snprintf(text, sizeof text, "Q%u", number);
    struct slice id = slice_from_text(text), type = slice_from_text(TYPES[number % 4]);
    struct stored_entity entity;
    int status = store_get_entity(fx->reader, id, &entity);
    assert_int_equal(status, expected->count ? 0 : -ENOENT);
    if (status == 0) {
        assert_int_equal(entity.count, expected->count);
        assert_int_equal(entity.newest, expected->newest);
        assert_true(slice_equal(entity.type, type));
    }
    uint64_t before = UINT64_MAX, seen = 0, sequences[7];
    int got;
    while ((got = store_entity_newest(fx->reader, id, before, sequences, 7)) > 0) {
        for (int i = 0; i < got; i++, seen++) {
            assert_true(sequences[i] < before);
            before = sequences[i];
            assert_true(seen || before == expected->newest);
        }
    }
    assert_int_equal(seen, expected->count);
}

static void check_entities(struct fixture *fx)
{
    struct counted counts[IDS] = {0};
    read_begin(fx);
    count_by_scan(fx, counts);
    for (unsigned i = 0; i < IDS; i++)
        check_entity(fx, i, &counts[i]);
    assert_int_equal(
        store_find_entities(fx->reader, slice_from_text("name"), true, IDS, found_cb, counts), 0);
    for (unsigned i = 0; i < IDS; i++) {
        assert_int_equal(counts[i].seen, counts[i].count > 0);
        counts[i].seen = false;
    }
    // "name 1" is itself, and the beginning of "name 10" and "name 11".
    assert_int_equal(
        store_find_entities(fx->reader, slice_from_text("name 1"), false, IDS, found_cb, counts),
        0);
    assert_true(counts[1].seen && !counts[10].seen && !counts[11].seen);
    read_end(fx);
}

static void test_entities_equal_a_scan(void **state)
{
    struct fixture *fx = *state;
    random_store(fx, 99);
    for (int round = 0; round < 6; round++) {
        check_entities(fx);
        uint64_t merged;
        assert_int_equal(index_merge(fx->store, round < 4 ? 60 : EVENTS, &merged), 0);
        merge_halfway(fx);
    }
}

// One reader asks all along: its tail goes on from where it was, or begins anew.
static void test_entities_equal_a_scan_while_events_come(void **state)
{
    struct fixture *fx = *state;
    seed = 7;
    for (unsigned round = 0, number = 0; round < 60; round++) {
        for (unsigned more = draw(3) * draw(20); more; more--)
            random_event(fx, number++);
        if (number > 100)
            check_entities(fx);
        uint64_t merged;
        if (draw(5) == 0)
            assert_int_equal(index_merge(fx->store, draw(200), &merged), 0);
        if (draw(5) == 0)
            merge_halfway(fx);
    }
}

struct order {
    uint64_t last, seen;
};

static bool order_cb(const struct stored_entity *entity, void *arg)
{
    struct order *order = arg;
    assert_true(entity->count <= order->last);
    order->last = entity->count;
    return ++order->seen < 100;
}

static void test_most_events_first_and_limited(void **state)
{
    struct fixture *fx = *state;
    struct order order = {.last = UINT64_MAX};
    random_store(fx, 3);
    read_begin(fx);
    assert_int_equal(
        store_find_entities(fx->reader, slice_from_text(""), true, 5, order_cb, &order), 0);
    assert_int_equal(order.seen, 5);
    order = (struct order){.last = UINT64_MAX, .seen = 98};
    assert_int_equal(
        store_find_entities(fx->reader, slice_from_text("name"), true, 50, order_cb, &order), 0);
    assert_int_equal(order.seen, 100);
    read_end(fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_filters_equal_a_scan),
        CASE(test_filters_take_turns_on_one_reader),
        CASE(test_dead_letters_pass_only_what_asks_nothing_of_the_text),
        CASE(test_entities_equal_a_scan),
        CASE(test_entities_equal_a_scan_while_events_come),
        CASE(test_most_events_first_and_limited),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
