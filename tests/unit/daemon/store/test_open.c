#include "daemon/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/table.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static int try_open(struct fixture *fx, bool read_only, struct err *err)
{
    struct store_options options = fixture_options(fx);
    options.read_only = read_only;
    struct store *store;
    int status = store_open(&store, &options, err);
    if (status < 0)
        assert_null(store);
    store_close(store);
    return status;
}

static void write_file(const struct fixture *fx, const char *name, const char *bytes, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fx->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static size_t count_files(const struct fixture *fx)
{
    size_t count = 0;
    DIR *directory = opendir(fx->directory);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void test_makes_a_private_directory_and_opens_it_again(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    struct stat stat_of;
    assert_int_equal(try_open(fx, false, &err), 0);
    assert_int_equal(stat(fx->directory, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0700);
    assert_int_equal(try_open(fx, false, &err), 0);
    assert_int_equal(try_open(fx, true, &err), 0);
}

static void test_second_daemon_is_refused_with_the_pid(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    char pid[32];
    fixture_open_plain(fx);
    assert_int_equal(try_open(fx, false, &err), -EBUSY);
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    assert_int_equal(try_open(fx, true, &err), -EBUSY);
}

static void test_others_directories_are_left_alone(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    assert_int_equal(mkdir(fx->directory, 0700), 0);
    write_file(fx, "holiday.jpg", "x", 1);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not empty"));
    assert_int_equal(count_files(fx), 1);
}

static void test_random_file_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    char bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31);
    assert_int_equal(mkdir(fx->directory, 0700), 0);
    write_file(fx, "data.mdb", bytes, sizeof bytes);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not a telex store"));
    write_file(fx, "data.mdb", bytes, 0);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_int_equal(count_files(fx), 1);
}

static void make_foreign_lmdb(const struct fixture *fx, const char *table)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mkdir(fx->directory, 0700), 0);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, fx->directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, table ? MDB_CREATE : 0, &dbi), 0);
    MDB_val key = val_from(slice_from_text("meta"));
    assert_int_equal(mdb_put(txn, dbi, &key, &key, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void test_another_applications_lmdb_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    make_foreign_lmdb(fx, "meta");
    size_t files = count_files(fx);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not a telex store"));
    assert_int_equal(count_files(fx), files);
}

static void test_an_lmdb_without_tables_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    make_foreign_lmdb(fx, NULL);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not a telex store"));
}

static void put_schema(struct fixture *fx, uint32_t schema)
{
    MDB_txn *txn;
    struct slice present, key = slice_from_text("telex");
    char identity[256];
    fixture_open_plain(fx);
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(table_get(fx->store, txn, DB_META, key, &present), 0);
    memcpy(identity, present.ptr, present.len);
    memcpy(identity + 8, &schema, sizeof schema);
    assert_int_equal(table_put(fx->store, txn, DB_META, key, slice_from(identity, present.len), 0),
                     0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    fixture_close(fx);
}

static void test_unknown_schema_is_refused_with_both_numbers(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    put_schema(fx, 77);
    assert_int_equal(try_open(fx, false, &err), -EINVAL);
    assert_non_null(strstr(err.text, "schema 77"));
    assert_non_null(strstr(err.text, "schema 1"));
}

static void test_damaged_first_record_is_damage(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    assert_int_equal(try_open(fx, false, &err), 0);
    assert_true(flip_all(fx, slice_from_text("telexdb"), 9));
    assert_int_equal(try_open(fx, false, &err), -EBADMSG);
}

static void put_garbage(struct fixture *fx, enum store_db db, uint64_t key)
{
    char garbage[64] = "of another table";
    MDB_txn *txn;
    MDB_val k = {.mv_size = sizeof key, .mv_data = &key};
    MDB_val v = {.mv_size = sizeof garbage, .mv_data = garbage};
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, fx->store->dbs[db], &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

// A store of three articles and events, and then records that are none.
static void spoil(struct fixture *fx, enum store_db db, uint64_t from, uint64_t to)
{
    fixture_open_plain(fx);
    for (unsigned number = 1; number <= 3; number++) {
        push_numbered(fx, number);
        assert_int_equal(tag_article(fx, number, "pl", NULL, 0, NULL), 0);
    }
    for (; from <= to; from++)
        put_garbage(fx, db, from);
    read_begin(fx);
    assert_true(store_head(fx->reader) <= 3);
    read_end(fx);
    fixture_close(fx);
}

// What a page of another table puts at the end would be gone on from, number by number.
static void check_no_number(struct fixture *fx, enum store_db db)
{
    struct err err = {0};
    spoil(fx, db, 8315736636003251769, 8315736636003251770);
    assert_int_equal(try_open(fx, false, &err), -EBADMSG);
    assert_non_null(strstr(err_text(&err), "telex repair"));
}

static void test_an_offset_that_cannot_be_is_damage(void **state)
{
    check_no_number(*state, DB_ARTICLES);
}

static void test_a_sequence_that_cannot_be_is_damage(void **state)
{
    check_no_number(*state, DB_EVENTS);
}

static void test_damaged_last_records_keep_their_numbers(void **state)
{
    struct fixture *fx = *state;
    spoil(fx, DB_EVENTS, 1, 3); // all there are
    fixture_open_plain(fx);
    assert_int_equal(fx->store->tail.next_sequence, 4);
    put_garbage(fx, DB_ARTICLES, 3);
    fixture_close(fx);
    fixture_open_plain(fx);
    assert_int_equal(fx->store->tail.next_offset, 4);
}

static void test_interrupted_making_is_taken_up(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    assert_int_equal(mkdir(fx->directory, 0700), 0);
    write_file(fx, "telexd.lock", "1\n", 2);
    assert_int_equal(try_open(fx, false, &err), 0);
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", fx->directory);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(try_open(fx, false, &err), 0);
}

static void test_reading_only_wants_a_store(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    assert_int_equal(try_open(fx, true, &err), -EINVAL);
    assert_int_equal(access(fx->directory, F_OK), -1);
    assert_int_equal(mkdir(fx->directory, 0700), 0);
    assert_int_equal(try_open(fx, true, &err), -EINVAL);
    assert_int_equal(count_files(fx), 0);
}

// Whoever is exec'd by the daemon must not hold the store.
static void test_no_file_outlives_exec(void **state)
{
    struct fixture *fx = *state;
    size_t ours = 0;
    fixture_open(fx);
    for (int fd = 0; fd < 256; fd++) {
        char link[64], target[256] = "";
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) < 0 ||
            strncmp(target, fx->directory, strlen(fx->directory)) != 0)
            continue;
        ours++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_true(ours >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_makes_a_private_directory_and_opens_it_again),
        CASE(test_second_daemon_is_refused_with_the_pid),
        CASE(test_others_directories_are_left_alone),
        CASE(test_random_file_is_refused),
        CASE(test_another_applications_lmdb_is_refused),
        CASE(test_an_lmdb_without_tables_is_refused),
        CASE(test_unknown_schema_is_refused_with_both_numbers),
        CASE(test_damaged_first_record_is_damage),
        CASE(test_an_offset_that_cannot_be_is_damage),
        CASE(test_a_sequence_that_cannot_be_is_damage),
        CASE(test_damaged_last_records_keep_their_numbers),
        CASE(test_interrupted_making_is_taken_up),
        CASE(test_reading_only_wants_a_store),
        CASE(test_no_file_outlives_exec),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
