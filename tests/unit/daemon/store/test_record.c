#include "daemon/store/record.h"

#include <errno.h>

#include "daemon/store/posting.h"
#include "daemon/store/sorted.h"
#include "tests/unit/cmocka_all.h"

static const struct slice KEY = {.ptr = "key", .len = 3};

static void seal(char value[64], const char *text)
{
    memcpy(value + RECORD_HEAD_BYTES, text, strlen(text));
    record_seal(DB_EVENTS, KEY, value, strlen(text));
}

static void test_opens_what_it_sealed(void **state)
{
    (void)state;
    char value[64];
    struct slice payload;
    seal(value, "payload");
    assert_int_equal(
        record_open(DB_EVENTS, KEY, slice_from(value, RECORD_HEAD_BYTES + 7), &payload), 0);
    assert_true(slice_is(payload, "payload"));
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    char value[64];
    struct slice payload;
    size_t len = RECORD_HEAD_BYTES + 7;
    seal(value, "payload");
    for (size_t bit = 0; bit < len * 8; bit++) {
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(record_open(DB_EVENTS, KEY, slice_from(value, len), &payload), -EBADMSG);
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
    }
}

static void test_wrong_place_and_length_are_found(void **state)
{
    (void)state;
    char value[64];
    struct slice payload;
    size_t len = RECORD_HEAD_BYTES + 7;
    seal(value, "payload");
    assert_int_equal(
        record_open(DB_EVENTS, slice_from_text("yek"), slice_from(value, len), &payload), -EBADMSG);
    assert_int_equal(record_open(DB_DEAD, KEY, slice_from(value, len), &payload), -EBADMSG);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(record_open(DB_EVENTS, KEY, slice_from(value, cut), &payload), -EBADMSG);
}

static void test_numbers(void **state)
{
    (void)state;
    char value[NUMBER_BYTES];
    uint64_t number;
    number_seal(DB_PENDING, KEY, 77, value);
    assert_int_equal(number_open(DB_PENDING, KEY, slice_from(value, NUMBER_BYTES), &number), 0);
    assert_int_equal(number, 77);
    assert_int_equal(number_open(DB_PENDING, KEY, slice_from(value, 8), &number), -EBADMSG);
    assert_int_equal(number_open(DB_EVENT_OF, KEY, slice_from(value, NUMBER_BYTES), &number),
                     -EBADMSG);
    for (size_t bit = 0; bit < NUMBER_BYTES * 8; bit++) {
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(number_open(DB_PENDING, KEY, slice_from(value, NUMBER_BYTES), &number),
                         -EBADMSG);
        value[bit / 8] = (char)(value[bit / 8] ^ 1 << bit % 8);
    }
}

static void test_posting_keys_fit_lmdb_and_stay_apart(void **state)
{
    (void)state;
    char a[POSTING_KEY_MAX], b[POSTING_KEY_MAX], value[1000];
    assert_true(slice_is(slice_from(a, posting_key(POSTING_ENTITY, slice_from_text("Q7747"), a)),
                         "EQ7747"));
    memset(value, 'x', sizeof value);
    size_t first = posting_key(POSTING_SOURCE, slice_from(value, 999), a);
    value[998] = 'y';
    size_t second = posting_key(POSTING_SOURCE, slice_from(value, 999), b);
    assert_true(first <= 511 && second <= 511);
    assert_false(slice_equal(slice_from(a, first), slice_from(b, second)));
    assert_int_equal(posting_key(POSTING_SOURCE, slice_from(NULL, 0), a), 1);
}

static void test_entity_values_are_split(void **state)
{
    (void)state;
    struct slice id, type, name;
    assert_true(posting_split_entity(slice_from_text("Q1\tperson\tA B"), &id, &type, &name));
    assert_true(slice_is(id, "Q1") && slice_is(type, "person") && slice_is(name, "A B"));
    assert_false(posting_split_entity(slice_from_text("Q1\tperson"), &id, &type, &name));
    assert_false(posting_split_entity(slice_from_text("\tperson\tx"), &id, &type, &name));
    assert_false(posting_split_entity(slice_from_text(""), &id, &type, &name));
}

static void test_runs_sort_as_lmdb_does(void **state)
{
    (void)state;
    struct sorted run;
    sorted_init(&run);
    static const char *const keys[] = {"ab", "a", "abcdefghi", "abcdefgh", "b", "a", "\xff"};
    for (size_t i = 0; i < 7; i++)
        sorted_add(&run, slice_from_text(keys[i]), 10 - i, slice_from(NULL, 0));
    sorted_sort(&run);
    static const char *const expected[] = {"a", "a", "ab", "abcdefgh", "abcdefghi", "b", "\xff"};
    for (size_t i = 0; i < 7; i++)
        assert_true(slice_is(sorted_key(&run, sorted_at(&run, i)), expected[i]));
    assert_int_equal(sorted_at(&run, 0)->number, 5);
    assert_int_equal(sorted_at(&run, 1)->number, 9);
    sorted_fini(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_what_it_sealed),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_wrong_place_and_length_are_found),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_posting_keys_fit_lmdb_and_stay_apart),
        cmocka_unit_test(test_entity_values_are_split),
        cmocka_unit_test(test_runs_sort_as_lmdb_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
