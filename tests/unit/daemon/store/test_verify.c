#include "daemon/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/store/identity.h"
#include "daemon/store/index.h"
#include "daemon/store/table.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

static const struct test_entity ENTITIES[] = {{"Q1", "person", "Name One", "name one"},
                                              {"Q2", "place", "Name Two", "name two"}};

static int setup(void **state)
{
    static struct fixture fx;
    uint64_t merged;
    fixture_init(&fx);
    fixture_open_plain(&fx);
    for (unsigned i = 1; i <= 20; i++)
        push_numbered(&fx, i);
    for (unsigned i = 1; i <= 12; i++)
        if (tag_article(&fx, i, "pl", ENTITIES, 2, NULL) < 0)
            return -1;
    if (kill_article(&fx, 13, "gone") < 0 || kill_article(&fx, 14, "gone") < 0 ||
        set_cursor(&fx, "desk", 5) < 0 || index_merge(fx.store, 10, &merged) < 0)
        return -1;
    *state = &fx;
    return 0;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static void test_whole_store_is_clean(void **state)
{
    struct fixture *fx = *state;
    struct store_verdict verdict;
    assert_int_equal(store_verify(fx->store, &verdict, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(verdict.damaged, 0);
    assert_int_equal(verdict.articles, 20);
    assert_int_equal(verdict.events, 14);
    assert_true(verdict.index_entries > 10);
    fixture_close(fx);
    struct store_options options = fixture_options(fx);
    options.read_only = true;
    struct store *store;
    assert_int_equal(store_open(&store, &options, NULL), 0);
    assert_int_equal(store_verify(store, &verdict, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(verdict.damaged, 0);
    store_close(store);
}

static void test_stop_ends_it_early(void **state)
{
    struct fixture *fx = *state;
    struct store_verdict verdict;
    volatile bool stop = true;
    assert_int_equal(store_verify(fx->store, &verdict, NULL, NULL, &stop, NULL), 0);
    assert_int_equal(verdict.articles, 0);
}

// --- bits flipped in the file

static void test_flipped_article_is_never_served(void **state)
{
    struct fixture *fx = *state;
    struct stored_article article;
    fixture_close(fx);
    assert_true(
        flip_all(fx, slice_from_text("Title number 17"), 0)); // pending: it is in the journal only
    fixture_open_plain(fx);
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, 17, &article), -EBADMSG);
    assert_int_equal(store_get_article(fx->reader, 16, &article), 0);
    read_end(fx);
    assert_true(verify_store(fx, false) > 0);
    // Its sender learns of it, the writer goes on.
    struct test_article again = {
        .uri = "urn:17", .title = "Title number 17", .source = "reuters", .body = "Some body."};
    assert_int_equal(push_article(fx, &again).code, WIRE_STORE_FAILED);
    assert_int_equal(tag_article(fx, 17, "pl", NULL, 0, NULL), -EBADMSG);
    assert_int_equal(tag_article(fx, 18, "pl", NULL, 0, NULL), 0);
}

static void test_flipped_event_is_never_served(void **state)
{
    struct fixture *fx = *state;
    struct stored_event event;
    fixture_close(fx);
    assert_true(flip_all(fx, slice_from_text("\"sequence\":\"00000000000000000004\""), 0));
    fixture_open_plain(fx);
    uint64_t next = 4;
    uint32_t budget = 100;
    struct slice id = slice_from_text("Q1");
    struct store_filter filter = {.entities = &id, .entity_count = 1};
    read_begin(fx);
    assert_int_equal(store_get_event(fx->reader, 4, &event), -EBADMSG);
    assert_int_equal(store_next_event(fx->reader, 4, NULL, &budget, &event, &next), -EBADMSG);
    assert_int_equal(next, 5);
    assert_int_equal(store_next_event(fx->reader, 4, &filter, &budget, &event, &next), -EBADMSG);
    assert_int_equal(next, 5);
    assert_int_equal(store_next_event(fx->reader, 5, &filter, &budget, &event, &next), 0);
    assert_int_equal(event.sequence, 5);
    assert_true(store_seek_time(fx->reader, 0) == 1);
    read_end(fx);
    assert_true(verify_store(fx, false) > 0);
}

// Every bit of one record, in the map of an open store: it is read from the file each time.
static void test_every_bit_of_a_record(void **state)
{
    struct fixture *fx = *state;
    struct file_place place;
    struct stored_article article;
    // Large enough for pages of its own, which are written once.
    static char body[4000];
    memset(body, 'b', sizeof body - 1);
    struct test_article large = {.uri = "urn:large", .title = "Large", .body = body};
    uint64_t offset = push_article(fx, &large).offset;
    struct slice needle = slice_from_text("urn:largeLarge");
    assert_true(find_in_file(fx, needle, &place));
    // From the checksum, over length, time and hashes, to the text.
    for (long at = -72; at < (long)needle.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            flip_at(&place, at, bit);
            read_begin(fx);
            assert_int_equal(store_get_article(fx->reader, offset, &article), -EBADMSG);
            read_end(fx);
            flip_at(&place, at, bit);
        }
    }
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, offset, &article), 0);
    read_end(fx);
    close_file(&place);
}

// --- damage planted in the tables

static void plant(struct fixture *fx, enum store_db db, uint64_t key, uint64_t number)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(table_put_number(fx->store, txn, db, slice_of_number(&key), number, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void unplant(struct fixture *fx, enum store_db db, struct slice key)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(table_delete(fx->store, txn, db, key), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void remove_number(struct fixture *fx, enum store_db db, uint64_t number)
{
    unplant(fx, db, slice_of_number(&number));
}

static void plant_posting(struct fixture *fx, const char *text, uint64_t sequence)
{
    MDB_txn *txn;
    MDB_val key = val_from(slice_from_text(text)), value = val_from(slice_of_number(&sequence));
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, fx->store->dbs[DB_POSTINGS], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void test_missing_article(void **state)
{
    remove_number(*state, DB_ARTICLES, 3);
    assert_true(verify_store(*state, false) > 0);
}

static void test_missing_event(void **state)
{
    struct fixture *fx = *state;
    struct stored_event event;
    uint64_t next;
    uint32_t budget = 100;
    remove_number(fx, DB_EVENTS, 3);
    read_begin(fx);
    assert_int_equal(store_next_event(fx->reader, 3, NULL, &budget, &event, &next), -EBADMSG);
    assert_int_equal(next, 4);
    read_end(fx);
    assert_true(verify_store(fx, false) > 0);
}

static void test_lost_pending_mark(void **state)
{
    remove_number(*state, DB_PENDING, 20);
    assert_int_equal(verify_store(*state, false), 1);
}

static void test_pending_with_an_event(void **state)
{
    plant(*state, DB_PENDING, 2, 2);
    assert_true(verify_store(*state, false) > 0);
}

static void test_event_of_another(void **state)
{
    plant(*state, DB_EVENT_OF, 2, 3);
    assert_true(verify_store(*state, false) > 0);
}

static void test_dead_letter_of_a_living_article(void **state)
{
    plant(*state, DB_DEAD, 2, 2);
    assert_true(verify_store(*state, false) > 0);
}

static void test_identity_of_another(void **state)
{
    struct fixture *fx = *state;
    char key[IDENTITY_KEY_BYTES];
    struct identity identity = {.uri_hash = 1, .hash = {2, 3}, .offset = 4};
    MDB_txn *txn;
    identity_key(&identity, key);
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(
        table_put_number(fx->store, txn, DB_IDENTITY, slice_from(key, sizeof key), 4, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_int_equal(verify_store(fx, false), 1);
}

static void test_missing_posting(void **state)
{
    unplant(*state, DB_POSTINGS, slice_from_text("EQ1"));
    assert_int_equal(verify_store(*state, false), 10);
}

static void test_posting_too_many(void **state)
{
    plant_posting(*state, "EQ77", 2);
    assert_int_equal(verify_store(*state, false), 1);
    plant_posting(*state, "EQ1", 12); // not indexed yet, but true: a run that is being merged
    assert_int_equal(verify_store(*state, false), 1);
    plant_posting(*state, "EQ1", 99); // no such event
    assert_int_equal(verify_store(*state, false), 2);
}

static void test_missing_entity(void **state)
{
    unplant(*state, DB_ENTITIES, slice_from_text("Q2"));
    assert_true(verify_store(*state, false) > 0);
}

static void plant_name(struct fixture *fx, const char *spelling, const char *id)
{
    MDB_txn *txn;
    MDB_val key = val_from(slice_from_text(spelling)), value = val_from(slice_from_text(id));
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, fx->store->dbs[DB_NAMES], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void test_spelling_too_many(void **state)
{
    plant_name(*state, "nobody", "Q1");
    assert_int_equal(verify_store(*state, false), 1);
    plant_name(*state, "name one", "Q9");
    assert_int_equal(verify_store(*state, false), 2);
}

static void test_entity_under_a_wrong_name(void **state)
{
    struct fixture *fx = *state;
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(table_put(fx->store, txn, DB_ENTITIES, slice_from_text("Q1"),
                               slice_from_text("person\tName Two"), 0),
                     0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_int_equal(verify_store(fx, false), 1);
}

static void test_damaged_index_position_makes_the_indexes_anew(void **state)
{
    struct fixture *fx = *state;
    struct store_counts counts;
    uint64_t merged;
    MDB_txn *txn;
    MDB_val key = val_from(slice_from_text("indexed")), value = {.mv_size = 16};
    char garbage[16] = "garbage";
    value.mv_data = garbage;
    assert_int_equal(mdb_txn_begin(fx->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, fx->store->dbs[DB_META], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_true(verify_store(fx, false) > 0);
    fixture_close(fx);
    fixture_open_plain(fx);
    assert_int_equal(verify_store(fx, true), 0);
    assert_int_equal(index_merge(fx->store, 100, &merged), 0);
    assert_int_equal(merged, 14);
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(counts.indexed, 14);
    assert_int_equal(counts.entities, 2);
    read_end(fx);
    assert_int_equal(verify_store(fx, true), 0);
}

// --- backup

static void open_backup(const char *directory, struct store **store, struct store_counts *counts)
{
    struct store_options options = {
        .directory = directory, .map_size = 64 << 20, .map_limit = 64 << 20};
    struct store_reader *reader;
    struct err err = {0};
    assert_int_equal(store_open(store, &options, &err), 0);
    assert_int_equal(store_reader_open(*store, &reader, &err), 0);
    assert_int_equal(store_read_begin(reader), 0);
    assert_int_equal(store_count(reader, counts), 0);
    store_read_end(reader);
    store_reader_close(reader);
}

static void test_backup_while_the_writer_works(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    char directory[96];
    fixture_close(fx);
    fixture_open(fx);
    snprintf(directory, sizeof directory, "%s/backup", fx->parent);
    static struct write writes[300];
    static struct ack acks[300];
    static struct buf records[300];
    static struct slice slices[300];
    for (unsigned i = 0; i < 300; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "urn:more:%u", i);
        encode_article(&records[i], &(struct test_article){.uri = uri, .body = "More."});
        slices[i] = buf_slice(&records[i]);
        writes[i] = (struct write){
            .kind = WRITE_ARTICLES, .records = &slices[i], .acks = &acks[i], .count = 1};
        if (i < 150)
            writer_submit(fx->writer, &writes[i]);
    }
    assert_int_equal(store_backup(fx->store, directory, &err), 0);
    writer_stop(fx->writer);
    writer_free(fx->writer);
    fx->writer = NULL;
    struct stat file;
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", directory);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 077, 0);
    struct store *copy;
    struct store_counts counts;
    struct store_verdict verdict;
    open_backup(directory, &copy, &counts);
    assert_true(counts.articles >= 20 && counts.articles <= 170);
    assert_int_equal(counts.events, 14);
    assert_int_equal(store_verify(copy, &verdict, NULL, NULL, NULL, &err), 0);
    assert_int_equal(verdict.damaged, 0);
    store_close(copy);
    for (unsigned i = 0; i < 300; i++)
        buf_fini(&records[i]);
}

static void test_backup_wants_an_empty_directory(void **state)
{
    struct fixture *fx = *state;
    struct err err = {0};
    assert_int_equal(store_backup(fx->store, fx->directory, &err), -ENOTEMPTY);
    assert_non_null(strstr(err.text, "not empty"));
    assert_int_equal(store_backup(fx->store, "/proc/none/backup", &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(test_whole_store_is_clean),
        CASE(test_stop_ends_it_early),
        CASE(test_flipped_article_is_never_served),
        CASE(test_flipped_event_is_never_served),
        CASE(test_every_bit_of_a_record),
        CASE(test_missing_article),
        CASE(test_missing_event),
        CASE(test_lost_pending_mark),
        CASE(test_pending_with_an_event),
        CASE(test_event_of_another),
        CASE(test_dead_letter_of_a_living_article),
        CASE(test_identity_of_another),
        CASE(test_missing_posting),
        CASE(test_posting_too_many),
        CASE(test_missing_entity),
        CASE(test_spelling_too_many),
        CASE(test_entity_under_a_wrong_name),
        CASE(test_damaged_index_position_makes_the_indexes_anew),
        CASE(test_backup_while_the_writer_works),
        CASE(test_backup_wants_an_empty_directory),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
