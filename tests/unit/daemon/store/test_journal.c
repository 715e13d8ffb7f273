#include "daemon/store/journal.h"

#include <errno.h>

#include "daemon/store/index.h"
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

static const struct test_article FIRST = {.uri = "https://example.org/1",
                                          .title = "Ławrow w Berlinie",
                                          .source = "pap",
                                          .published = "2026-11-22",
                                          .body = "Treść."};

static void test_accepts_and_reads_back(void **state)
{
    struct fixture *fx = *state;
    struct ack ack = push_article(fx, &FIRST);
    assert_int_equal(ack.code, WIRE_OK);
    assert_false(ack.duplicate);
    assert_int_equal(ack.offset, 1);

    struct buf record;
    encode_article(&record, &FIRST);
    read_begin(fx);
    struct stored_article stored;
    assert_int_equal(store_get_article(fx->reader, 1, &stored), 0);
    assert_true(slice_equal(stored.record, buf_slice(&record)));
    assert_int_equal(stored.sequence, 0);
    assert_true(stored.hash.high == ack.hash.high && stored.hash.low == ack.hash.low);
    assert_true(stored.received_ms > 1500000000000);
    assert_int_equal(store_get_article(fx->reader, 2, &stored), -ENOENT);
    assert_int_equal(store_get_article(fx->reader, 0, &stored), -ENOENT);
    read_end(fx);
    buf_fini(&record);
}

static void test_same_article_again_is_a_duplicate(void **state)
{
    struct fixture *fx = *state;
    struct ack first = push_article(fx, &FIRST);
    push_numbered(fx, 7);
    struct ack again = push_article(fx, &FIRST);
    assert_true(again.duplicate);
    assert_int_equal(again.offset, first.offset);
    assert_true(again.hash.high == first.hash.high && again.hash.low == first.hash.low);
    read_begin(fx);
    struct store_counts counts;
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(counts.articles, 2);
    assert_int_equal(counts.pending, 2);
    read_end(fx);
}

static void test_duplicate_within_one_request(void **state)
{
    struct fixture *fx = *state;
    struct buf a, b;
    struct test_article other = FIRST;
    other.uri = "https://example.org/2";
    encode_article(&a, &FIRST);
    encode_article(&b, &other);
    struct slice records[] = {buf_slice(&a), buf_slice(&b), buf_slice(&a)};
    struct ack acks[3];
    struct write write = {.kind = WRITE_ARTICLES, .records = records, .acks = acks, .count = 3};
    fixture_write(fx, &write, 1);
    assert_int_equal(write.status, 0);
    assert_int_equal(acks[0].offset, 1);
    assert_int_equal(acks[1].offset, 2);
    assert_int_equal(acks[2].offset, 1);
    assert_false(acks[0].duplicate || acks[1].duplicate);
    assert_true(acks[2].duplicate);
    buf_fini(&a);
    buf_fini(&b);
}

static void test_who_pushed_it(void **state)
{
    struct fixture *fx = *state;
    struct buf record;
    struct stored_article stored;
    encode_article(&record, &FIRST);
    struct slice records[] = {buf_slice(&record)};
    struct ack ack;
    struct write write = {.kind = WRITE_ARTICLES, .records = records, .acks = &ack, .count = 1};
    write.sender = slice_from_text("key:feeds:{O11Hs[/1U]#1X5FDy&<N]YB6C^gm2U[6&Qno}]");
    fixture_write(fx, &write, 1);
    // The same again by somebody else: it stays whose it was.
    write.sender = slice_from_text("uid:1000");
    fixture_write(fx, &write, 1);
    assert_true(ack.duplicate);
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, 1, &stored), 0);
    assert_true(slice_equal(stored.record, records[0]));
    assert_true(slice_is(stored.sender, "key:feeds:{O11Hs[/1U]#1X5FDy&<N]YB6C^gm2U[6&Qno}]"));
    read_end(fx);
    buf_fini(&record);
}

static void test_versions_and_sources(void **state)
{
    struct fixture *fx = *state;
    struct test_article version = FIRST, source = FIRST;
    version.body = "Treść poprawiona.";
    source.uri = "https://other.example/1";
    assert_int_equal(push_article(fx, &FIRST).offset, 1);
    assert_int_equal(push_article(fx, &version).offset, 2);
    assert_int_equal(push_article(fx, &source).offset, 3);
    uint64_t offset;
    read_begin(fx);
    assert_int_equal(store_find_uri(fx->reader, slice_from_text(FIRST.uri), &offset), 0);
    assert_int_equal(offset, 2);
    assert_int_equal(store_find_uri(fx->reader, slice_from_text(source.uri), &offset), 0);
    assert_int_equal(offset, 3);
    assert_int_equal(store_find_uri(fx->reader, slice_from_text("urn:none"), &offset), -ENOENT);
    read_end(fx);
    // The first version again: still its own offset, and the newest stays the newest.
    struct ack again = push_article(fx, &FIRST);
    assert_true(again.duplicate);
    assert_int_equal(again.offset, 1);
}

static void test_malformed_record_is_refused_alone(void **state)
{
    struct fixture *fx = *state;
    struct buf good;
    encode_article(&good, &FIRST);
    struct slice records[] = {slice_from_text("short"), buf_slice(&good)};
    struct ack acks[2];
    struct write write = {.kind = WRITE_ARTICLES, .records = records, .acks = acks, .count = 2};
    fixture_write(fx, &write, 1);
    assert_int_equal(write.status, 0);
    assert_int_equal(acks[0].code, WIRE_BAD_ARTICLE);
    assert_int_equal(acks[1].code, WIRE_OK);
    assert_int_equal(acks[1].offset, 1);
    buf_fini(&good);
}

static void test_pending_survives_a_restart_in_order(void **state)
{
    struct fixture *fx = *state;
    for (unsigned i = 1; i <= 10; i++)
        assert_int_equal(push_numbered(fx, i), i);
    static const uint64_t finished[] = {2, 3, 7, 10};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(tag_article(fx, finished[i], "pl", NULL, 0, NULL), 0);
    fixture_close(fx);
    fixture_open(fx);
    static const uint64_t left[] = {1, 4, 5, 6, 8, 9};
    uint64_t offset = 0;
    read_begin(fx);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(store_next_pending(fx->reader, offset + 1, &offset), 0);
        assert_int_equal(offset, left[i]);
    }
    assert_int_equal(store_next_pending(fx->reader, offset + 1, &offset), -ENOENT);
    read_end(fx);
    assert_int_equal(push_numbered(fx, 11), 11);
    assert_int_equal(push_numbered(fx, 3), 3);
    assert_int_equal(verify_store(fx, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_accepts_and_reads_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_article_again_is_a_duplicate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_duplicate_within_one_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_versions_and_sources, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_pushed_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_record_is_refused_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pending_survives_a_restart_in_order, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
