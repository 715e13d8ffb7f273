#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/store/dead.h"
#include "daemon/store/events.h"
#include "daemon/store/filter.h"
#include "daemon/store/identity.h"
#include "daemon/store/index_keys.h"
#include "daemon/store/journal.h"
#include "daemon/store/table.h"
#include "daemon/store/tail.h"
#include "tests/fuzz/fuzz.h"

// The article and event every input is about.
enum { NUMBER = 1, LOOK = 100 };

static const enum store_db tables[] = {DB_META, DB_ARTICLES, DB_EVENTS,   DB_PENDING, DB_EVENT_OF,
                                       DB_DEAD, DB_CURSORS,  DB_ENTITIES, DB_NAMES,   DB_POSTINGS};

static struct store *store;
static char parent[] = "/dev/shm/telex-fuzz-store-XXXXXX";

static int remove_cb(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat, (void)type, (void)where;
    return remove(path);
}

static void close_store(void)
{
    store_close(store);
    nftw(parent, remove_cb, 8, FTW_DEPTH | FTW_PHYS);
}

static void open_store(void)
{
    char directory[64];
    struct err err = {0};
    check_must(mkdtemp(parent));
    snprintf(directory, sizeof directory, "%s/store", parent);
    struct store_options options = {
        .directory = directory, .map_size = 64 << 20, .map_limit = 64 << 20};
    check_must(store_open(&store, &options, &err) == 0);
    atexit(close_store);
}

static bool dead_cb(const struct stored_dead *dead, void *arg)
{
    *(size_t *)arg += dead->stage.len + dead->last_words.len;
    return true;
}

static bool entity_cb(const struct stored_entity *entity, void *arg)
{
    *(size_t *)arg += entity->id.len + entity->type.len + entity->name.len;
    return entity->count > 0;
}

static bool cursor_cb(struct slice name, uint64_t next, void *arg)
{
    *(size_t *)arg += name.len + (next != 0);
    return true;
}

static void read_article(struct store_reader *reader)
{
    struct stored_article article;
    struct identity identity;
    if (store_get_article(reader, NUMBER, &article) == 0)
        (void)journal_identify(article.record, &identity);
    (void)journal_get_identity(store, reader->txn, NUMBER, &identity);
    (void)journal_is_pending(store, reader->txn, NUMBER);
}

static void read_events(struct store_reader *reader)
{
    static const struct slice id = {.ptr = "Q1", .len = 2}, type = {.ptr = "person", .len = 6};
    struct store_filter filter = {
        .entities = &id, .entity_count = 1, .types = &type, .type_count = 1};
    struct stored_event event;
    uint32_t budget = LOOK;
    uint64_t next = 1, sequences[4];
    struct buf out;
    buf_init(&out, 1 << 24);
    if (store_get_event(reader, NUMBER, &event) == 0)
        (void)store_put_event_with_text(reader, &event, &out);
    buf_fini(&out);
    (void)store_next_event(reader, 1, &filter, &budget, &event, &next);
    check_must(next >= 1 && next <= reader->head + 1);
    (void)store_seek_time(reader, 0);
    (void)store_entity_newest(reader, id, UINT64_MAX, sequences, 4);
}

static void read_rest(struct store_reader *reader)
{
    struct stored_entity entity;
    struct store_counts counts;
    struct index_keys keys;
    uint64_t next;
    size_t bytes = 0;
    (void)store_each_dead(reader, 0, dead_cb, &bytes);
    (void)store_find_entities(reader, slice_from_text(""), true, 8, entity_cb, &bytes);
    (void)store_get_entity(reader, slice_from_text("Q1"), &entity);
    (void)store_get_cursor(reader, slice_from_text("Q1"), &next);
    (void)store_each_cursor(reader, cursor_cb, &bytes);
    check_must(store_count(reader, &counts) == 0);
    index_keys_init(&keys);
    uint64_t until = NUMBER + 1;
    (void)index_keys_collect(&keys, store, reader->txn, NUMBER, &until);
    index_keys_fini(&keys);
}

// Puts the value where a record of this table is looked for, with a right checksum or as it is.
static bool put(MDB_txn *txn, enum store_db db, bool sealed, struct slice value)
{
    uint64_t number = NUMBER;
    bool numbered = db != DB_META && db != DB_CURSORS && db != DB_ENTITIES && db != DB_NAMES &&
                    db != DB_POSTINGS;
    struct slice key = numbered            ? slice_of_number(&number)
                       : db == DB_META     ? slice_from_text("indexed")
                       : db == DB_POSTINGS ? slice_from_text("EQ1")
                                           : slice_from_text("Q1");
    if (sealed && db != DB_NAMES && db != DB_POSTINGS)
        return table_put(store, txn, db, key, value, 0) == 0;
    // LMDB itself takes nothing else there.
    if (db == DB_POSTINGS && value.len != sizeof number)
        return false;
    MDB_val k = val_from(key), v = val_from(value);
    return mdb_put(txn, store->dbs[db], &k, &v, 0) == 0;
}

// Two records, so that one may point to the other: of each the table and whether it is sealed in
// one byte, two bytes of length, and the value. Nothing of it is kept.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MDB_txn *txn;
    if (!store)
        open_store();
    check_must(mdb_txn_begin(store->env, NULL, 0, &txn) == 0);
    struct cursor cursor = cursor_from(slice_from(data, size));
    while (cursor_left(&cursor) > 3) {
        uint8_t kind = cursor_u8(&cursor);
        size_t len = cursor_u16(&cursor);
        len = len < cursor_left(&cursor) ? len : cursor_left(&cursor);
        (void)put(txn, tables[kind % 16u % (sizeof tables / sizeof *tables)], kind < 128,
                  cursor_bytes(&cursor, len));
    }
    struct store_reader reader = {.store = store, .txn = txn, .head = NUMBER};
    buf_init(&reader.text, 1 << 24);
    reader.indexed = size % 2;
    read_article(&reader);
    read_events(&reader);
    read_rest(&reader);
    filter_plan_free(reader.plan);
    tail_free(reader.tail);
    buf_fini(&reader.text);
    mdb_txn_abort(txn);
    return 0;
}
