#include "daemon/store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/page.h"
#include "daemon/store/table.h"
#include "daemon/store/trap.h"
#include "proto/base/clock.h"

enum {
    MAX_READERS = 254,
    RESERVE_STEP_MIN = 16 << 20, // bytes; each step costs one change of the file's metadata
    RESERVE_STEP_MAX = 64 << 20,
    SPARE_UNIT = 1 << 20, // bytes; a small map spares less
    SPARE_SHARE = 64,
    GATE_WAIT_MS = 200,
};

// The first record of table meta. Its place and form stay the same in every schema to come, so that
// any telex can name the schema it does not know.
struct store_mark {
    char magic[8];
    uint32_t schema;
    uint32_t zero;
    uint8_t uuid[16];
    int64_t created_ms;
};

static const char MAGIC[8] = "telexdb";

static struct slice mark_key(void)
{
    return slice_from_text("telex");
}

static const struct {
    const char *name;
    unsigned flags;
} TABLES[DB_COUNT] = {
    [DB_META] = {"meta", 0},
    [DB_ARTICLES] = {"articles", MDB_INTEGERKEY},
    [DB_EVENTS] = {"events", MDB_INTEGERKEY},
    [DB_PENDING] = {"pending", MDB_INTEGERKEY},
    [DB_EVENT_OF] = {"event_of", MDB_INTEGERKEY},
    [DB_IDENTITY] = {"identity", 0},
    [DB_DEAD] = {"dead", MDB_INTEGERKEY},
    [DB_CURSORS] = {"cursors", 0},
    [DB_ENTITIES] = {"entities", 0},
    [DB_NAMES] = {"names", MDB_DUPSORT},
    [DB_POSTINGS] = {"postings", MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP},
};

const char *env_table_name(enum store_db db)
{
    return TABLES[db].name;
}

static int refuse_foreign(const char *path, struct err *err)
{
    err_set(
        err,
        "%s is not a telex store, or is too damaged to be known for one, and is left alone; choose "
        "another directory, or salvage what this one holds (telex repair %s)",
        path, path);
    return -EINVAL;
}

// A tree that cannot be followed is damage; a file without our tables is somebody else's.
static int refuse_table(int code, const char *path, struct err *err)
{
    if (table_error(code) != -EBADMSG)
        return refuse_foreign(path, err);
    return err_set(err, "the store %s is damaged; \"telex repair %s\" salvages what is intact",
                   path, path),
           -EBADMSG;
}

// The identity in an open environment: 0, -ENOENT when there is none, or a refusal.
static int mark_check(const struct store *store, MDB_txn *txn, const char *path, struct err *err)
{
    struct slice payload;
    struct store_mark mark;
    int status = table_get(store, txn, DB_META, mark_key(), &payload);
    if (status == -ENOENT)
        return status;
    if (status == -EBADMSG)
        return refuse_table(MDB_CORRUPTED, path, err);
    if (status < 0)
        return err_set_errno(err, -status, "cannot read the store %s", path);
    if (payload.len < sizeof mark)
        return refuse_foreign(path, err);
    memcpy(&mark, payload.ptr, sizeof mark);
    if (memcmp(mark.magic, MAGIC, sizeof MAGIC) != 0)
        return refuse_foreign(path, err);
    if (mark.schema == STORE_SCHEMA)
        return 0;
    err_set(err, "the store %s has schema %" PRIu32 ", this program works with schema %d", path,
            mark.schema, STORE_SCHEMA);
    return -EINVAL;
}

static int peek_tables(struct store *probe, MDB_txn *txn, const char *path, enum env_peek *found,
                       struct err *err)
{
    MDB_dbi names;
    MDB_stat stat;
    if (mdb_dbi_open(txn, NULL, 0, &names) || mdb_stat(txn, names, &stat))
        return refuse_foreign(path, err);
    if (stat.ms_entries == 0) {
        *found = ENV_EMPTY;
        return 0;
    }
    int code = mdb_dbi_open(txn, TABLES[DB_META].name, 0, &probe->dbs[DB_META]);
    if (code)
        return refuse_table(code, path, err);
    int status = mark_check(probe, txn, path, err);
    if (status == -ENOENT)
        return refuse_foreign(path, err);
    *found = ENV_OURS;
    return status;
}

static int peek_open(struct store *probe, const char *path, struct err *err)
{
    int code = mdb_env_create(&probe->env);
    if (!code)
        code = mdb_env_set_maxdbs(probe->env, DB_COUNT);
    if (!code)
        code = mdb_env_open(probe->env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0600);
    if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH)
        return refuse_foreign(path, err);
    trap_watch(probe->env, path);
    return code ? err_set_errno(err, -table_error(code), "cannot open the store %s", path) : 0;
}

int env_peek(const char *path, enum env_peek *found, struct err *err)
{
    char name[PATH_MAX];
    struct stat file;
    *found = ENV_NONE;
    if ((size_t)snprintf(name, sizeof name, "%s/data.mdb", path) >= sizeof name)
        return err_set_errno(err, ENAMETOOLONG, "%s", path);
    if (stat(name, &file) < 0)
        return errno == ENOENT ? 0 : err_set_errno(err, errno, "cannot look at %s", name);
    if (!S_ISREG(file.st_mode))
        return refuse_foreign(path, err);
    *found = ENV_EMPTY; // LMDB would take it for a new environment
    if (file.st_size == 0)
        return 0;
    struct store probe = {0};
    MDB_txn *txn = NULL;
    int status = peek_open(&probe, path, err);
    if (status == 0 && mdb_txn_begin(probe.env, NULL, MDB_RDONLY, &txn) != MDB_SUCCESS)
        status = refuse_foreign(path, err);
    if (status == 0)
        status = peek_tables(&probe, txn, path, found, err);
    mdb_txn_abort(txn);
    trap_forget(probe.env);
    mdb_env_close(probe.env);
    return status;
}

static int mark_write(const struct store *store, MDB_txn *txn)
{
    struct store_mark mark = {.schema = STORE_SCHEMA, .created_ms = clock_wall_ms()};
    memcpy(mark.magic, MAGIC, sizeof MAGIC);
    if (getrandom(mark.uuid, sizeof mark.uuid, 0) != sizeof mark.uuid)
        return -EIO;
    return table_put(store, txn, DB_META, mark_key(), slice_from(&mark, sizeof mark), 0);
}

// For people and clients: 8-4-4-4-12 hexadecimal digits.
static int read_uuid(struct store *store, MDB_txn *txn)
{
    struct slice payload;
    struct store_mark mark;
    int status = table_get(store, txn, DB_META, mark_key(), &payload);
    if (status < 0)
        return status;
    memcpy(&mark, payload.ptr, sizeof mark);
    char *out = store->uuid;
    for (size_t i = 0; i < sizeof mark.uuid; i++)
        out += snprintf(out, 4, "%s%02x", i >= 4 && i <= 10 && i % 2 == 0 ? "-" : "", mark.uuid[i]);
    return 0;
}

static int open_tables(struct store *store, MDB_txn *txn, struct err *err)
{
    unsigned create = store->read_only ? 0 : MDB_CREATE;
    for (int db = 0; db < DB_COUNT; db++) {
        int code = mdb_dbi_open(txn, TABLES[db].name, TABLES[db].flags | create, &store->dbs[db]);
        if (code)
            return err_set_errno(err, -table_error(code), "cannot open table %s of the store %s",
                                 TABLES[db].name, store->directory);
    }
    int status = mark_check(store, txn, store->directory, err);
    if (status == -ENOENT && !store->read_only)
        status = mark_write(store, txn);
    if (status == -ENOENT)
        return refuse_foreign(store->directory, err);
    return status < 0 ? status : read_uuid(store, txn);
}

static int open_lmdb(struct store *store, uint64_t map_size)
{
    long page = sysconf(_SC_PAGESIZE);
    uint64_t pages = (map_size + (uint64_t)page - 1) / (uint64_t)page;
    unsigned flags = store->read_only ? MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK : MDB_NOTLS;
    int code = mdb_env_create(&store->env);
    if (!code)
        code = mdb_env_set_maxdbs(store->env, DB_COUNT);
    if (!code)
        code = mdb_env_set_maxreaders(store->env, MAX_READERS);
    if (!code && pages)
        code = mdb_env_set_mapsize(store->env, pages * (uint64_t)page);
    if (!code)
        code = mdb_env_open(store->env, store->directory, flags, 0600);
    return table_error(code);
}

// LMDB leaves the data file open across exec: a worker could write the store through it.
static int close_on_exec(MDB_env *env)
{
    int fd, dead;
    if (mdb_env_get_fd(env, &fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -EIO;
    return table_error(mdb_reader_check(env, &dead));
}

static void read_map_size(struct store *store)
{
    MDB_envinfo info;
    if (mdb_env_info(store->env, &info) == MDB_SUCCESS)
        store->map_size = info.me_mapsize;
}

// What an earlier run took of the disk is still there, unless the file has holes.
static void read_file_size(struct store *store)
{
    struct stat file;
    int fd;
    if (mdb_env_get_fd(store->env, &fd) == 0 && fstat(fd, &file) == 0 &&
        (uint64_t)file.st_blocks * 512 >= (uint64_t)file.st_size)
        store->file_size = (uint64_t)file.st_size - (uint64_t)file.st_size % env_page_bytes(store);
}

int env_open(struct store *store, const struct store_options *options, struct err *err)
{
    int status = open_lmdb(store, options->map_size);
    trap_watch(store->env, store->directory);
    if (status == 0)
        status = close_on_exec(store->env);
    if (status < 0)
        return err_set_errno(err, -status, "cannot open the store %s", store->directory);
    read_map_size(store);
    read_file_size(store);
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);
    if (code)
        return err_set_errno(err, -table_error(code), "cannot open the store %s", store->directory);
    status = open_tables(store, txn, err);
    if (status < 0) {
        mdb_txn_abort(txn);
        return status;
    }
    code = mdb_txn_commit(txn);
    return code ? err_set_errno(err, -table_error(code), "cannot write the store %s",
                                store->directory)
                : 0;
}

void env_close(struct store *store)
{
    trap_forget(store->env);
    if (store->env)
        mdb_env_close(store->env);
    store->env = NULL;
}

uint64_t env_page_bytes(const struct store *store)
{
    MDB_stat stat;
    bool known = mdb_env_stat(store->env, &stat) == MDB_SUCCESS && stat.ms_psize;
    return known ? stat.ms_psize : PAGE_BYTES; // others divide by it
}

uint64_t env_used_bytes(const struct store *store)
{
    MDB_envinfo info;
    if (mdb_env_info(store->env, &info))
        return 0;
    return ((uint64_t)info.me_last_pgno + 1) * env_page_bytes(store);
}

uint64_t env_file_bytes(const struct store *store)
{
    struct stat file;
    int fd;
    if (mdb_env_get_fd(store->env, &fd) || fstat(fd, &file) < 0)
        return 0;
    return (uint64_t)file.st_size;
}

// Each record of the list of free pages begins with their number. Database 0 is that list; LMDB
// lets it be read.
static uint64_t sum_free_pages(MDB_cursor *cursor)
{
    MDB_val key, value;
    uint64_t pages = 0;
    size_t count;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        if (value.mv_size < sizeof count)
            continue;
        memcpy(&count, value.mv_data, sizeof count);
        pages += count;
    }
    return pages;
}

uint64_t env_free_bytes(const struct store *store)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    uint64_t pages = 0;
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn))
        return 0;
    if (mdb_cursor_open(txn, 0, &cursor) == MDB_SUCCESS) {
        pages = sum_free_pages(cursor);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return pages * env_page_bytes(store);
}

// --- room

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static int allocate_file(struct store *store, uint64_t from, uint64_t until)
{
    int fd, failed;
    if (mdb_env_get_fd(store->env, &fd))
        return -EIO;
    do
        failed = fallocate(fd, 0, (off_t)from, (off_t)(until - from)) < 0 ? errno : 0;
    while (failed == EINTR);
    if (failed == EOPNOTSUPP || failed == ENOSYS)
        store->reserve_unsupported = true;
    else if (failed)
        return -ENOSPC;
    store->file_size = until;
    return 0;
}

// On disk, up to `wanted`; some more, so that the next need not ask.
static int allocate(struct store *store, uint64_t used, uint64_t wanted)
{
    if (store->reserve_unsupported || wanted <= store->file_size)
        return 0;
    uint64_t step = smaller(larger_of(used / 8, RESERVE_STEP_MIN), RESERVE_STEP_MAX);
    uint64_t from = larger_of(used, store->file_size);
    if (from >= wanted || allocate_file(store, from, smaller(wanted + step, store->map_limit)) == 0)
        return 0;
    return allocate_file(store, from, wanted);
}

static int set_map_size(struct store *store, uint64_t bytes)
{
    if (!gate_close(&store->gate, GATE_WAIT_MS))
        return -ENOSPC;
    int status = table_error(mdb_env_set_mapsize(store->env, bytes));
    gate_open(&store->gate);
    read_map_size(store);
    return status;
}

// With the map ending where the disk does, LMDB uses free pages and never writes behind them.
static int confine(struct store *store, uint64_t used)
{
    uint64_t until = larger_of(store->file_size, used);
    until -= until % env_page_bytes(store);
    if (store->map_size <= until)
        return 0;
    uint64_t before = store->unconfined_size ? store->unconfined_size : store->map_size;
    int status = set_map_size(store, until);
    if (status == 0)
        store->unconfined_size = before;
    return status;
}

static int release(struct store *store)
{
    int status = set_map_size(store, store->unconfined_size);
    if (status == 0)
        store->unconfined_size = 0;
    return status;
}

static uint64_t spare_for(const struct store *store, enum env_user user)
{
    uint64_t unit = smaller(SPARE_UNIT, store->map_limit / SPARE_SHARE);
    return unit * (uint64_t)(ENV_RETENTION - user);
}

// The disk or the map ends: whether free pages suffice. Where it is the disk, the map must end with
// it, or LMDB would go on behind.
static int reserve_among_free(struct store *store, uint64_t used, uint64_t need, uint64_t limit,
                              enum env_user user)
{
    uint64_t room = limit > used ? limit - used : 0;
    if (limit < store->map_limit && confine(store, used) < 0)
        return -ENOSPC;
    return user == ENV_RETENTION || room + env_free_bytes(store) >= need ? 0 : -ENOSPC;
}

int env_reserve(struct store *store, uint64_t need, enum env_user user)
{
    uint64_t used = env_used_bytes(store), page = env_page_bytes(store);
    need += spare_for(store, user);
    need += (page - need % page) % page;
    uint64_t wanted = used + need;
    if (wanted > store->map_limit)
        return reserve_among_free(store, used, need, store->map_limit, user);
    if (allocate(store, used, wanted) < 0)
        return reserve_among_free(store, used, need, store->file_size, user);
    bool disk_gave = store->unconfined_size && store->file_size > store->map_size;
    return disk_gave ? release(store) : 0;
}

// LMDB unmaps first and is left without a map when the larger one cannot be had.
static bool address_space_has(uint64_t bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *probe = mmap(NULL, bytes, PROT_NONE, flags, -1, 0);
    if (probe == MAP_FAILED)
        return false;
    munmap(probe, bytes);
    return true;
}

// Readers are inside the gate for one batch each, a backup for minutes: the writer does not wait
// that long, it refuses and tries again with the next request.
int env_grow(struct store *store)
{
    uint64_t larger =
        store->map_size > store->map_limit / 2 ? store->map_limit : store->map_size * 2;
    if (store->unconfined_size || larger <= store->map_size || !address_space_has(larger))
        return -ENOSPC;
    return set_map_size(store, larger);
}
