#include "daemon/store/dead.h"

#include <errno.h>

#include "daemon/store/table.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

enum { ARTICLES = 5, HURT = 3 };

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fixture_open_plain(&fx);
    for (unsigned i = 1; i <= ARTICLES; i++)
        push_numbered(&fx, i);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static bool json_has(struct slice json, const char *text)
{
    return memmem(json.ptr, json.len, text, strlen(text)) != NULL;
}

static uint64_t pending_behind(struct fixture *fx, uint64_t from)
{
    uint64_t offset;
    read_begin(fx);
    int status = store_next_pending(fx->reader, from, &offset);
    read_end(fx);
    return status == 0 ? offset : 0;
}

// A daemon finds it when it starts: the article can be neither read nor tagged.
static void damage_record(struct fixture *fx)
{
    fixture_close(fx);
    assert_true(flip_all(fx, slice_from_text("Title number 3"), 0));
    fixture_open_plain(fx);
}

static void change_table(struct fixture *fx, enum store_db db, uint64_t offset, const char *value)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    MDB_val k = val_from(slice_of_number(&offset)),
            v = val_from(slice_from_text(value ? value : ""));
    if (value)
        assert_int_equal(mdb_put(txn, fx->store->dbs[db], &k, &v, 0), 0);
    else
        assert_int_equal(mdb_del(txn, fx->store->dbs[db], &k, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void assert_buried(struct fixture *fx, uint64_t sequence, const char *id)
{
    struct stored_event event;
    struct stored_dead dead;
    read_begin(fx);
    assert_int_equal(store_get_event(fx->reader, sequence, &event), 0);
    assert_int_equal(event.kind, EVENT_DEAD);
    assert_int_equal(event.offset, HURT);
    assert_true(json_has(event.json, "\"subject\":\"urn:telex:damaged:3\""));
    assert_true(json_has(event.json, "\"data\":{\"uri\":\"urn:telex:damaged:3\",\"offset\":3,"));
    assert_true(json_has(event.json, id));
    assert_int_equal(store_get_dead(fx->reader, HURT, &dead), 0);
    assert_int_equal(dead.sequence, sequence);
    assert_true(slice_is(dead.last_words, "damaged"));
    read_end(fx);
    assert_int_equal(pending_behind(fx, HURT), HURT + 1);
}

static void test_a_damaged_article_gets_one_event(void **state)
{
    struct fixture *fx = *state;
    struct stored_article article;
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, HURT, &article), 0);
    char id[HASH_HEX_BYTES + 16] = "\"id\":\"";
    hash128_format(article.hash, id + 6);
    read_end(fx);
    damage_record(fx);
    assert_int_equal(tag_article(fx, HURT, "pl", NULL, 0, NULL), -EBADMSG);
    assert_int_equal(kill_article(fx, HURT, "damaged"), 0);
    assert_buried(fx, 1, id); // its head has a checksum of its own
    assert_int_equal(kill_article(fx, HURT, "damaged"), -EALREADY);
    assert_int_equal(tag_article(fx, HURT, "pl", NULL, 0, NULL), -EALREADY);
    read_begin(fx);
    assert_int_equal(store_head(fx->reader), 1);
    read_end(fx);
}

static void test_it_can_be_retried_and_dropped(void **state)
{
    struct fixture *fx = *state;
    damage_record(fx);
    assert_int_equal(kill_article(fx, HURT, "damaged"), 0);
    assert_int_equal(write_offset(fx, WRITE_RETRY, HURT), 0);
    assert_int_equal(pending_behind(fx, HURT), HURT);
    assert_int_equal(kill_article(fx, HURT, "damaged"), 0);
    assert_buried(fx, 2, "\"sequence\":\"00000000000000000002\"");
    assert_int_equal(write_offset(fx, WRITE_DROP, HURT), 0);
    assert_int_equal(pending_behind(fx, HURT), HURT + 1);
}

static void test_so_does_one_of_which_nothing_is_left(void **state)
{
    static const char *const remains[] = {"x", NULL};
    struct fixture *fx = *state;
    for (size_t i = 0; i < 2; i++) {
        change_table(fx, DB_ARTICLES, HURT, remains[i]);
        assert_int_equal(tag_article(fx, HURT, "pl", NULL, 0, NULL), -EBADMSG);
        assert_int_equal(kill_article(fx, HURT, "damaged"), 0);
        assert_buried(fx, i + 1, "\"id\":\"00000000000000000000000000000000-dead-");
        assert_int_equal(write_offset(fx, WRITE_RETRY, HURT), 0);
    }
    assert_int_equal(kill_article(fx, ARTICLES + 1, "never was"), -ENOENT);
}

static void test_a_damaged_mark_marks_too(void **state)
{
    struct fixture *fx = *state;
    uint64_t sequence;
    change_table(fx, DB_PENDING, HURT, "not a sealed one");
    assert_int_equal(pending_behind(fx, HURT), HURT);
    assert_int_equal(tag_article(fx, HURT, "pl", NULL, 0, &sequence), 0);
    assert_int_equal(sequence, 1);
    assert_int_equal(pending_behind(fx, HURT), HURT + 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_a_damaged_article_gets_one_event),
        CASE(test_it_can_be_retried_and_dropped),
        CASE(test_so_does_one_of_which_nothing_is_left),
        CASE(test_a_damaged_mark_marks_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
