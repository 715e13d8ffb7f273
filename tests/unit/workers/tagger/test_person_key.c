#include "workers/tagger/person_key.h"

#include "tests/unit/cmocka_all.h"

static bool share_a_hash(const char *a, const char *b)
{
    struct person_key first, second;
    uint64_t x[PERSON_KEY_VARIANTS + 1], y[PERSON_KEY_VARIANTS + 1];
    assert_true(person_key_make(&first, slice_from_text(a)));
    assert_true(person_key_make(&second, slice_from_text(b)));
    size_t x_count = person_key_variants(&first, x), y_count = person_key_variants(&second, y);
    x[x_count++] = person_key_hash(&first);
    y[y_count++] = person_key_hash(&second);
    for (size_t i = 0; i < x_count; i++)
        for (size_t j = 0; j < y_count; j++)
            if (x[i] == y[j])
                return true;
    return false;
}

static void test_one_error_apart(void **state)
{
    (void)state;
    assert_true(share_a_hash("Jens Stoltenberg", "Jens Stoltenburg"));
    assert_true(share_a_hash("Jens Stoltenberg", "Jens Stoltenbreg"));
    assert_true(share_a_hash("Jens Stoltenberg", "Jens Stolenberg"));
    assert_true(share_a_hash("Vladimir Putin", "Vladmir Putin"));
    assert_true(share_a_hash("Sergey Lavrov", "Siergiej Ławrow"));
}

static void test_short_names_bear_no_errors(void **state)
{
    (void)state;
    assert_false(share_a_hash("Anna Nowak", "Anna Nowik"));
    assert_false(share_a_hash("Jens Stoltenberg", "Lars Stoltenburg"));
    assert_false(share_a_hash("Lech Kaczyński", "Leon Kaczyński"));
}

static void test_no_key(void **state)
{
    (void)state;
    struct person_key key;
    char long_name[150];
    memset(long_name, 'a', sizeof long_name);
    for (size_t i = 1; i < sizeof long_name; i += 2)
        long_name[i] = 'b';
    long_name[5] = ' ';
    assert_false(person_key_make(&key, slice_from_text("Madonna")));
    assert_false(person_key_make(&key, slice_from_text("A B")));
    assert_false(person_key_make(&key, slice_from_text("")));
    assert_false(person_key_make(&key, slice_from(long_name, sizeof long_name)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_error_apart),
        cmocka_unit_test(test_short_names_bear_no_errors),
        cmocka_unit_test(test_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
