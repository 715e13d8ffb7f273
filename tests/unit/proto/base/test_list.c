#include "proto/base/list.h"

#include "tests/unit/cmocka_all.h"

struct item {
    int number;
    struct list link;
};

static void assert_order(struct list *head, const char *expected)
{
    char seen[16] = "";
    size_t len = 0;
    list_for_each (link, head)
        seen[len++] = (char)('0' + list_entry(link, struct item, link)->number);
    seen[len] = '\0';
    assert_string_equal(seen, expected);
}

static void test_all(void **state)
{
    (void)state;
    struct list head, other;
    struct item items[6];
    list_init(&head);
    list_init(&other);
    assert_true(list_is_empty(&head));
    for (int i = 0; i < 6; i++) {
        items[i].number = i;
        list_append(i < 4 ? &head : &other, &items[i].link);
    }
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_order(&head, "023");
    list_prepend(&head, &items[1].link);
    assert_order(&head, "1023");
    list_splice(&head, &other);
    assert_order(&head, "102345");
    assert_true(list_is_empty(&other));
    list_for_each_safe (link, &head)
        if (list_entry(link, struct item, link)->number % 2)
            list_remove(link);
    assert_order(&head, "024");
    assert_ptr_equal(list_pop(&head), &items[0].link);
    assert_order(&head, "24");
    assert_null(list_pop(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
