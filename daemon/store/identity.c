#include "daemon/store/identity.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/store/journal.h"
#include "daemon/store/table.h"
#include "proto/base/log.h"

static struct slice position_key(void)
{
    return slice_from_text("identities");
}

void identity_key(const struct identity *identity, char key[IDENTITY_KEY_BYTES])
{
    // Big-endian, so that the versions of one uri, and the keys of one range, lie side by side.
    uint64_t words[3] = {htobe64(identity->uri_hash), htobe64(identity->hash.high),
                         htobe64(identity->hash.low)};
    memcpy(key, words, IDENTITY_KEY_BYTES);
}

static unsigned range_of(uint64_t uri_hash)
{
    return (unsigned)(uri_hash >> 54);
}

_Static_assert(IDENTITY_RANGES == 1 << 10, "range_of takes the ten highest bits");

int identity_init(struct store *store)
{
    store->identities = calloc(1, sizeof *store->identities);
    if (!store->identities)
        return -ENOMEM;
    pthread_mutex_init(&store->identities->lock, NULL);
    buf_init(&store->identities->removing, SIZE_MAX);
    store->identities->overfull = IDENTITY_RANGES;
    return 0;
}

void identity_fini(struct store *store)
{
    struct identity_set *set = store->identities;
    if (!set)
        return;
    for (int i = 0; i < IDENTITY_RANGES; i++)
        free(set->ranges[i].at);
    buf_fini(&set->removing);
    pthread_mutex_destroy(&set->lock);
    free(set);
    store->identities = NULL;
}

// --- in memory

static bool range_reserve(struct identity_range *range)
{
    if (range->count < range->capacity)
        return true;
    size_t capacity = range->capacity ? range->capacity * 2 : 32;
    struct identity *grown = realloc(range->at, capacity * sizeof *grown);
    if (!grown)
        return false;
    range->at = grown;
    range->capacity = capacity;
    return true;
}

int identity_add(struct store *store, const struct identity *identity)
{
    struct identity_set *set = store->identities;
    unsigned at = range_of(identity->uri_hash);
    struct identity_range *range = &set->ranges[at];
    pthread_mutex_lock(&set->lock);
    bool room = range_reserve(range);
    if (room) {
        range->at[range->count++] = *identity;
        set->count++;
        if (range->count > IDENTITY_RANGE_MAX)
            set->overfull = at;
    }
    pthread_mutex_unlock(&set->lock);
    return room ? 0 : -ENOMEM;
}

static int find_recent(const struct identity_set *set, struct identity *identity)
{
    const struct identity_range *range = &set->ranges[range_of(identity->uri_hash)];
    for (size_t i = 0; i < range->count; i++) {
        const struct identity *known = &range->at[i];
        if (known->hash.low == identity->hash.low && known->hash.high == identity->hash.high &&
            known->uri_hash == identity->uri_hash) {
            identity->offset = known->offset;
            return 0;
        }
    }
    return -ENOENT;
}

static size_t removing_count(const struct identity_set *set)
{
    return set->removing.len / sizeof(struct identity);
}

static struct identity removing_at(const struct identity_set *set, size_t i)
{
    struct identity identity;
    memcpy(&identity, set->removing.ptr + i * sizeof identity, sizeof identity);
    return identity;
}

static void drop_one(struct identity_set *set, const struct identity *identity)
{
    struct identity_range *range = &set->ranges[range_of(identity->uri_hash)];
    for (size_t i = 0; i < range->count; i++) {
        if (range->at[i].offset == identity->offset) {
            range->count--;
            set->count--;
            memmove(&range->at[i], &range->at[i + 1], (range->count - i) * sizeof *identity);
            return;
        }
    }
}

// Under lock.
static void drop_removed(struct identity_set *set)
{
    for (size_t i = 0; i < removing_count(set); i++) {
        struct identity identity = removing_at(set, i);
        drop_one(set, &identity);
    }
    buf_reset(&set->removing);
}

void identity_removed(struct store *store, bool committed)
{
    struct identity_set *set = store->identities;
    pthread_mutex_lock(&set->lock);
    if (committed)
        drop_removed(set);
    buf_reset(&set->removing);
    pthread_mutex_unlock(&set->lock);
}

// With its memory: how far each has grown is luck, and what all had at their fullest would be more
// and more, for days, than what they have at a time.
static void empty_range(struct identity_set *set, struct identity_range *range)
{
    set->count -= range->count;
    free(range->at);
    *range = (struct identity_range){0};
}

void identity_committed(struct store *store)
{
    struct identity_set *set = store->identities;
    pthread_mutex_lock(&set->lock);
    drop_removed(set);
    for (unsigned i = 0; i < set->moving_count; i++) {
        empty_range(set, &set->ranges[set->moving[i]]);
        if (set->moving[i] == set->overfull)
            set->overfull = IDENTITY_RANGES;
    }
    set->moving_count = 0;
    set->turn = set->next_turn;
    set->cycle_offset = set->next_cycle_offset;
    pthread_mutex_unlock(&set->lock);
}

void identity_aborted(struct store *store, uint64_t next_offset)
{
    struct identity_set *set = store->identities;
    pthread_mutex_lock(&set->lock);
    set->moving_count = 0;
    buf_reset(&set->removing);
    for (int i = 0; i < IDENTITY_RANGES; i++) {
        struct identity_range *range = &set->ranges[i];
        for (; range->count && range->at[range->count - 1].offset >= next_offset; range->count--)
            set->count--;
    }
    pthread_mutex_unlock(&set->lock);
}

// --- in the table

static int find_stored(const struct store *store, MDB_txn *txn, struct identity *identity)
{
    char key[IDENTITY_KEY_BYTES];
    identity_key(identity, key);
    return table_get_number(store, txn, DB_IDENTITY, slice_from(key, sizeof key),
                            &identity->offset);
}

int identity_find(const struct store *store, MDB_txn *txn, struct identity *identity)
{
    int status = find_recent(store->identities, identity);
    return status == -ENOENT ? find_stored(store, txn, identity) : status;
}

int identity_remove(struct store *store, MDB_txn *txn, const struct identity *identity)
{
    char key[IDENTITY_KEY_BYTES];
    uint64_t offset;
    identity_key(identity, key);
    struct slice bytes = slice_from(key, sizeof key);
    int status = table_get_number(store, txn, DB_IDENTITY, bytes, &offset);
    // A damaged one leads nowhere, and would keep the article from being accepted again.
    if (status == -EBADMSG || (status == 0 && offset == identity->offset))
        status = table_delete(store, txn, DB_IDENTITY, bytes);
    if (status < 0 && status != -ENOENT)
        return status;
    buf_put(&store->identities->removing, identity, sizeof *identity);
    return store->identities->removing.failed ? -ENOMEM : 0;
}

static bool is_removing(const struct identity_set *set, uint64_t offset)
{
    for (size_t i = 0; i < removing_count(set); i++)
        if (removing_at(set, i).offset == offset)
            return true;
    return false;
}

static int compare_cb(const void *left, const void *right)
{
    const struct identity *a = left, *b = right;
    if (a->uri_hash != b->uri_hash)
        return a->uri_hash < b->uri_hash ? -1 : 1;
    if (a->hash.high != b->hash.high)
        return a->hash.high < b->hash.high ? -1 : 1;
    return (a->hash.low > b->hash.low) - (a->hash.low < b->hash.low);
}

int identity_put(const struct store *store, MDB_txn *txn, const struct identity *identity)
{
    char key[IDENTITY_KEY_BYTES];
    identity_key(identity, key);
    return table_put_number(store, txn, DB_IDENTITY, slice_from(key, sizeof key), identity->offset,
                            0);
}

int identity_put_held(const struct store *store, MDB_txn *txn, uint64_t offset)
{
    return table_put_number(store, txn, DB_META, position_key(), offset, 0);
}

// In the order of their keys, each page of the table is visited once. The range itself stays in the
// order of offsets, which identity_aborted needs.
static int move_range(const struct store *store, MDB_txn *txn, const struct identity_range *range)
{
    if (!range->count)
        return 0;
    struct identity *sorted = malloc(range->count * sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, range->at, range->count * sizeof *sorted);
    qsort(sorted, range->count, sizeof *sorted, compare_cb);
    int status = 0;
    for (size_t i = 0; i < range->count && status == 0; i++) {
        char key[IDENTITY_KEY_BYTES];
        if (is_removing(store->identities, sorted[i].offset))
            continue;
        identity_key(&sorted[i], key);
        status = table_put_number(store, txn, DB_IDENTITY, slice_from(key, sizeof key),
                                  sorted[i].offset, 0);
    }
    free(sorted);
    return status;
}

// The turns have gone round once: the table holds everything that was there at their start.
static int end_cycle(const struct store *store, MDB_txn *txn)
{
    struct identity_set *set = store->identities;
    uint64_t held = set->next_cycle_offset - 1;
    set->next_turn = 0;
    return identity_put_held(store, txn, held);
}

static int move_one(const struct store *store, MDB_txn *txn, unsigned at, size_t *left)
{
    struct identity_set *set = store->identities;
    for (unsigned i = 0; i < set->moving_count; i++)
        if (set->moving[i] == at)
            return 0;
    set->moving[set->moving_count++] = at;
    *left -= set->ranges[at].count;
    return move_range(store, txn, &set->ranges[at]);
}

int identity_move(struct store *store, MDB_txn *txn, uint64_t next_offset)
{
    struct identity_set *set = store->identities;
    size_t left = set->count;
    int status = 0;
    set->next_turn = set->turn;
    set->next_cycle_offset = set->cycle_offset;
    if (set->overfull < IDENTITY_RANGES)
        status = move_one(store, txn, set->overfull, &left);
    while (status == 0 && left > IDENTITY_RECENT && set->moving_count < IDENTITY_MOVES) {
        if (set->next_turn == 0)
            set->next_cycle_offset = next_offset;
        status = move_one(store, txn, set->next_turn, &left);
        if (status == 0 && ++set->next_turn == IDENTITY_RANGES)
            status = end_cycle(store, txn);
    }
    return status;
}

// --- for readers

// A range leaves memory after the commit that put it into the table. So whoever does not find it in
// memory finds it in a snapshot taken after that look, and not for certain in an older one.
static int begin_fresh(struct store_reader *reader, MDB_txn **txn)
{
    return table_error(mdb_txn_begin(reader->store->env, NULL, MDB_RDONLY, txn));
}

int identity_look_up(struct store_reader *reader, struct identity *identity)
{
    struct identity_set *set = reader->store->identities;
    pthread_mutex_lock(&set->lock);
    int status = find_recent(set, identity);
    pthread_mutex_unlock(&set->lock);
    if (status != -ENOENT)
        return status;
    MDB_txn *fresh;
    status = begin_fresh(reader, &fresh);
    if (status < 0)
        return status;
    status = find_stored(reader->store, fresh, identity);
    mdb_txn_abort(fresh);
    return status;
}

static void recent_offsets(struct identity_set *set, uint64_t uri_hash, struct buf *offsets)
{
    pthread_mutex_lock(&set->lock);
    const struct identity_range *range = &set->ranges[range_of(uri_hash)];
    for (size_t i = 0; i < range->count; i++)
        if (range->at[i].uri_hash == uri_hash)
            buf_put(offsets, &range->at[i].offset, sizeof range->at[i].offset);
    pthread_mutex_unlock(&set->lock);
}

static int stored_offsets(const struct store *store, MDB_txn *txn, uint64_t uri_hash,
                          struct buf *offsets)
{
    uint64_t prefix = htobe64(uri_hash);
    MDB_val key = {.mv_size = sizeof prefix, .mv_data = &prefix}, value;
    MDB_cursor *cursor;
    char last[IDENTITY_KEY_BYTES] = {0};
    int damaged = 0;
    int status = table_error(mdb_cursor_open(txn, store->dbs[DB_IDENTITY], &cursor));
    if (status < 0)
        return status;
    status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (status == 0 && key.mv_size == IDENTITY_KEY_BYTES &&
           memcmp(key.mv_data, &prefix, sizeof prefix) == 0) {
        uint64_t offset;
        if (memcmp(key.mv_data, last, sizeof last) <= 0) { // a damaged tree that leads back
            damaged = -EBADMSG;
            break;
        }
        memcpy(last, key.mv_data, sizeof last);
        int opened = number_open(DB_IDENTITY, slice_from_val(key), slice_from_val(value), &offset);
        if (opened == 0)
            buf_put(offsets, &offset, sizeof offset);
        damaged = opened < 0 ? opened : damaged;
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    return status == -ENOENT || status == 0 ? damaged : status;
}

int identity_offsets(struct store_reader *reader, uint64_t uri_hash, struct buf *offsets)
{
    MDB_txn *fresh;
    recent_offsets(reader->store->identities, uri_hash, offsets);
    int status = begin_fresh(reader, &fresh);
    if (status < 0)
        return status;
    status = stored_offsets(reader->store, fresh, uri_hash, offsets);
    mdb_txn_abort(fresh);
    return status == 0 && offsets->failed ? -ENOMEM : status;
}

// --- at the start

int identity_check_position(const struct store *store, MDB_txn *txn)
{
    uint64_t held;
    int status = table_get_number(store, txn, DB_META, position_key(), &held);
    return status == -ENOENT ? 0 : status;
}

int identity_recover(struct store *store, MDB_txn *txn)
{
    uint64_t held, offset;
    int status = table_get_number(store, txn, DB_META, position_key(), &held);
    if (status < 0) // none yet, or damaged: then everything is read again
        held = 0;
    status = 0;
    while (status == 0 && (status = table_seek(store, txn, DB_ARTICLES, held + 1, &offset)) == 0) {
        struct identity identity;
        status = journal_get_identity(store, txn, offset, &identity);
        if (status == 0)
            status = identity_add(store, &identity);
        else if (status == -EBADMSG) {
            log_error("article_damaged offset=%llu", (unsigned long long)offset);
            status = 0;
        }
        held = offset;
    }
    return status == -ENOENT ? 0 : status;
}
