#include "workers/tagger/translit.h"

#include "proto/base/buf.h"
#include "proto/base/fold.h"
#include "tests/unit/cmocka_all.h"

static struct slice key(char out[TRANSLIT_KEY_MAX], const char *name)
{
    struct buf folded;
    buf_init(&folded, 1024);
    fold_name(&folded, slice_from_text(name));
    size_t len = translit_key(out, buf_slice(&folded));
    buf_fini(&folded);
    return slice_from(out, len);
}

static void assert_same(const char *a, const char *b)
{
    char first[TRANSLIT_KEY_MAX], second[TRANSLIT_KEY_MAX];
    struct slice x = key(first, a), y = key(second, b);
    if (!slice_equal(x, y))
        fail_msg("%s is %.*s, %s is %.*s", a, (int)x.len, x.ptr, b, (int)y.len, y.ptr);
}

static void assert_different(const char *a, const char *b)
{
    char first[TRANSLIT_KEY_MAX], second[TRANSLIT_KEY_MAX];
    assert_false(slice_equal(key(first, a), key(second, b)));
}

static void test_transliterations_meet(void **state)
{
    (void)state;
    assert_same("Siergiej Ławrow", "Sergej Lawrow");
    assert_same("Sergey Lavrov", "Sergej Lawrow");
    assert_same("Сергей Лавров", "Sergei Lavrov");
    assert_same("Zełenski", "Selenskyj");
    assert_same("Zelensky", "Zelenskyy");
    assert_same("Szojgu", "Schoigu");
    assert_same("Gorbaczow", "Gorbatschow");
    assert_same("Müller", "Mueller");
    assert_same("Kossatschow", "Kosaczow");
    assert_same("Kosachev", "Kosaczow");
    assert_same("Медведев", "Miedwiediew");
    assert_same("Джонсон", "Johnson");
    assert_same("Александр", "Aleksander");
    assert_same("Моравецкий", "Morawiecki");
    assert_same("Morawiecký", "Morawiecki");
    assert_same("Sarah", "Sara");
}

static void test_other_names_stay_apart(void **state)
{
    (void)state;
    assert_different("Merkel", "Merz");
    assert_different("Lech Kaczyński", "Jarosław Kaczyński");
    assert_different("Iran", "Irak");
    assert_different("Austria", "Australia");
}

static void test_long_names_are_cut(void **state)
{
    (void)state;
    char long_name[4096], out[TRANSLIT_KEY_MAX];
    memset(long_name, 'x', sizeof long_name);
    assert_true(translit_key(out, slice_from(long_name, sizeof long_name)) < TRANSLIT_KEY_MAX);
    assert_int_equal(translit_key(out, slice_from("", 0)), 0);
}

static void test_other_scripts_stay_whole(void **state)
{
    (void)state;
    char out[TRANSLIT_KEY_MAX], long_name[300];
    for (size_t i = 0; i < sizeof long_name; i += 3)
        memcpy(long_name + i, "\u4e2d", 3);
    size_t len = translit_key(out, slice_from(long_name, sizeof long_name));
    assert_int_equal(len % 3, 0);
    assert_memory_equal(out, long_name, len);
    assert_true(slice_is(key(out, "\u05d9\u05d9"), "\u05d9\u05d9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transliterations_meet),
        cmocka_unit_test(test_other_names_stay_apart),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_other_scripts_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
