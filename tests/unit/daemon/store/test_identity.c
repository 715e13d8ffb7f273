#include "daemon/store/identity.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/store/journal.h"
#include "daemon/store/table.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

// Articles are pushed in requests of 256; ranges begin to move once more than IDENTITY_RECENT are
// in memory, so the tests with that many keep them tiny.
enum { REQUEST = 256, MANY = IDENTITY_RECENT + 40 * REQUEST };

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fx.unsynced = true;
    fx.map_size = fx.map_limit = 512 << 20;
    fixture_open_plain(&fx);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

// Pushes articles first ... first + REQUEST - 1; all must be duplicates, or none.
static void push_request(struct fixture *fx, unsigned first, bool duplicates)
{
    static struct slice records[REQUEST];
    static struct ack acks[REQUEST];
    struct buf bytes[REQUEST];
    for (unsigned i = 0; i < REQUEST; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:%u", first + i);
        encode_article(&bytes[i], &(struct test_article){.uri = uri, .body = "x"});
        records[i] = buf_slice(&bytes[i]);
    }
    struct write write = {
        .kind = WRITE_ARTICLES, .records = records, .acks = acks, .count = REQUEST};
    fixture_write(fx, &write, 1);
    assert_int_equal(write.status, 0);
    for (unsigned i = 0; i < REQUEST; i++) {
        assert_int_equal(acks[i].code, WIRE_OK);
        assert_int_equal(acks[i].duplicate, duplicates);
        assert_int_equal(acks[i].offset, first + i + 1);
        buf_fini(&bytes[i]);
    }
}

static void test_moves_ranges_and_forgets_nobody(void **state)
{
    struct fixture *fx = *state;
    struct store_counts counts;
    for (unsigned at = 0; at < MANY; at += REQUEST)
        push_request(fx, at, false);
    assert_true(fx->store->identities->count <= IDENTITY_RECENT);
    for (unsigned at = 0; at < MANY; at += 37 * REQUEST)
        push_request(fx, at, true);
    fixture_close(fx);
    fixture_open_plain(fx);
    for (unsigned at = 0; at < MANY; at += 31 * REQUEST)
        push_request(fx, at, true);
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(counts.articles, MANY);
    uint64_t offset;
    for (unsigned at = 0; at < MANY; at += 977) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:%u", at);
        assert_int_equal(store_find_uri(fx->reader, slice_from_text(uri), &offset), 0);
        assert_int_equal(offset, at + 1);
    }
    read_end(fx);
    assert_int_equal(verify_store(fx, true), 0);
}

static size_t room_held(const struct identity_set *set)
{
    size_t held = 0;
    for (int i = 0; i < IDENTITY_RANGES; i++)
        held += set->ranges[i].capacity;
    return held;
}

static void test_rounds_shorten_the_next_start(void **state)
{
    struct fixture *fx = *state;
    // Two whole rounds of turns, and some.
    unsigned many = 3 * IDENTITY_RECENT + 8 * REQUEST;
    for (unsigned at = 0; at < many; at += REQUEST)
        push_request(fx, at, false);
    // Memory for what there is, not for what each range has had at its fullest.
    const struct identity_set *set = fx->store->identities;
    assert_in_range(room_held(set), set->count, 2 * set->count + 32 * IDENTITY_RANGES);
    fixture_close(fx);
    fixture_open_plain(fx);
    assert_true(fx->store->identities->count < 2 * IDENTITY_RECENT + 8 * REQUEST);
    assert_true(fx->store->identities->count >= IDENTITY_RECENT);
    for (unsigned at = 0; at < many; at += 29 * REQUEST)
        push_request(fx, at, true);
}

static void test_aborted_transaction_leaves_no_trace(void **state)
{
    struct fixture *fx = *state;
    struct identity kept = {.uri_hash = 1, .hash = {2, 3}, .offset = 1};
    struct identity lost = {.uri_hash = 1, .hash = {2, 4}, .offset = 2};
    assert_int_equal(identity_add(fx->store, &kept), 0);
    assert_int_equal(identity_add(fx->store, &lost), 0);
    identity_aborted(fx->store, 2);
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(identity_find(fx->store, txn, &kept), 0);
    assert_int_equal(identity_find(fx->store, txn, &lost), -ENOENT);
    mdb_txn_abort(txn);
    assert_int_equal(fx->store->identities->count, 1);
}

static void test_aborted_move_is_done_again(void **state)
{
    struct fixture *fx = *state;
    for (unsigned at = 0; at < IDENTITY_RECENT; at += REQUEST)
        push_request(fx, at, false);
    struct identity one = {.uri_hash = 5, .hash = {6, 7}, .offset = IDENTITY_RECENT + 1};
    MDB_txn *txn;
    assert_int_equal(identity_add(fx->store, &one), 0);
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    unsigned turn = fx->store->identities->turn;
    assert_int_equal(identity_move(fx->store, txn, IDENTITY_RECENT + 2), 0);
    assert_true(fx->store->identities->moving_count > 0);
    mdb_txn_abort(txn);
    identity_aborted(fx->store, IDENTITY_RECENT + 1);
    assert_int_equal(fx->store->identities->turn, turn);
    assert_int_equal(fx->store->identities->count, IDENTITY_RECENT);
    push_request(fx, 0, true);
}

static void test_many_versions_of_one_uri(void **state)
{
    struct fixture *fx = *state;
    for (unsigned i = 0; i < IDENTITY_RANGE_MAX + 300; i++) {
        char body[32];
        snprintf(body, sizeof body, "version %u", i);
        struct ack ack = push_article(fx, &(struct test_article){.uri = "urn:same", .body = body});
        assert_int_equal(ack.offset, i + 1);
    }
    assert_true(fx->store->identities->count < IDENTITY_RANGE_MAX);
    uint64_t offset;
    read_begin(fx);
    assert_int_equal(store_find_uri(fx->reader, slice_from_text("urn:same"), &offset), 0);
    assert_int_equal(offset, IDENTITY_RANGE_MAX + 300);
    read_end(fx);
    assert_true(
        push_article(fx, &(struct test_article){.uri = "urn:same", .body = "version 5"}).duplicate);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_another_article_under_the_same_hashes_is_not_acknowledged(void **state)
{
    struct fixture *fx = *state;
    struct test_article other = {.uri = "urn:other", .body = "Other."};
    push_numbered(fx, 1);
    struct buf record;
    struct identity planted;
    encode_article(&record, &other);
    assert_int_equal(journal_identify(buf_slice(&record), &planted), 0);
    planted.offset = 1; // which is not that article
    assert_int_equal(identity_add(fx->store, &planted), 0);
    struct ack ack = push_article(fx, &other);
    assert_int_equal(ack.code, WIRE_STORE_FAILED);
    assert_int_equal(ack.offset, 0);
    assert_true(ack.message.len > 0);
    buf_fini(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_moves_ranges_and_forgets_nobody),
        CASE(test_rounds_shorten_the_next_start),
        CASE(test_aborted_transaction_leaves_no_trace),
        CASE(test_aborted_move_is_done_again),
        CASE(test_many_versions_of_one_uri),
        CASE(test_another_article_under_the_same_hashes_is_not_acknowledged),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
