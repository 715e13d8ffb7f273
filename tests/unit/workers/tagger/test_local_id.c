#include "workers/tagger/local_id.h"

#include "tests/unit/cmocka_all.h"

static void assert_id(enum tag_type type, const char *name, const char *id)
{
    char out[LOCAL_ID_BYTES];
    struct slice made = local_id_make(out, type, slice_from_text(name));
    if (!slice_is(made, id))
        fail_msg("%s is %.*s", name, (int)made.len, made.ptr);
}

static void assert_same(enum tag_type type, const char *a, const char *b)
{
    char first[LOCAL_ID_BYTES], second[LOCAL_ID_BYTES];
    struct slice x = local_id_make(first, type, slice_from_text(a));
    struct slice y = local_id_make(second, type, slice_from_text(b));
    if (!slice_equal(x, y))
        fail_msg("%s is %.*s, %s is %.*s", a, (int)x.len, x.ptr, b, (int)y.len, y.ptr);
}

static void test_letters_tell_the_type(void **state)
{
    (void)state;
    assert_id(TAG_PERSON, "Anna Reuß", "local:p-ana-reus");
    assert_id(TAG_PLACE, "Szechem", "local:l-sehem");
    assert_id(TAG_ORGANISATION, "Ruch Autonomii", "local:o-ruh-autonomi");
}

static void test_languages_meet(void **state)
{
    (void)state;
    assert_same(TAG_PERSON, "Константин Косачев", "Konstantin Kosaczow");
    assert_same(TAG_PERSON, "Konstantin Kossatschow", "Konstantin Kosachev");
    assert_same(TAG_PERSON, "Maria Zacharowa", "Мария Захарова");
    assert_same(TAG_PERSON, "Angela Merkelová", "Angela Merkel");
    assert_same(TAG_PERSON, "Aleksander Nowak", "Alexander Novak");
}

static void test_legal_forms_do_not_count(void **state)
{
    (void)state;
    assert_same(TAG_ORGANISATION, "Rheinstahl AG", "Rheinstahl");
    assert_same(TAG_ORGANISATION, "Polwax S.A.", "Polwax");
    assert_id(TAG_ORGANISATION, "AG", "local:o-ag");
}

static void test_acronyms_are_kept(void **state)
{
    (void)state;
    assert_id(TAG_ORGANISATION, "WPP", "local:o-wpp");
    assert_id(TAG_ORGANISATION, "ЦИК", "local:o-tsik");
    assert_id(TAG_ORGANISATION, "Wpp", "local:o-vp");
}

static void test_nothing_is_a_name_too(void **state)
{
    (void)state;
    assert_id(TAG_PERSON, "", "local:p-");
    assert_id(TAG_OTHER, "...", "local:x-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters_tell_the_type),    cmocka_unit_test(test_languages_meet),
        cmocka_unit_test(test_legal_forms_do_not_count), cmocka_unit_test(test_acronyms_are_kept),
        cmocka_unit_test(test_nothing_is_a_name_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
