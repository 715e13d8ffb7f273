// Moments inside LMDB, by the names that telexd calls.
#include <dlfcn.h>
#include <lmdb.h>

#include "tests/crash/shim/control.h"

// A function's address out of dlsym, which gives a pointer to an object.
#define NEXT(name)                                                                                 \
    ({                                                                                             \
        union {                                                                                    \
            void *object;                                                                          \
            __typeof__(&name) function;                                                            \
        } found = {.object = dlsym(RTLD_NEXT, #name)};                                             \
        found.function;                                                                            \
    })

static _Thread_local bool inside_put; // mdb_put is mdb_cursor_put within LMDB
static _Thread_local bool merging;    // this transaction has put into an index

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    enum shim_action action = shim_before(SHIM_BEGIN);
    if (action == SHIM_FAIL)
        return errno;
    int code = NEXT(mdb_txn_begin)(env, parent, flags, txn);
    if (!(flags & MDB_RDONLY))
        merging = false;
    shim_after(action);
    return code;
}

int mdb_txn_commit(MDB_txn *txn)
{
    enum shim_action action = shim_before(merging ? SHIM_MERGE_COMMIT : SHIM_COMMIT);
    int code = NEXT(mdb_txn_commit)(txn);
    shim_after(action);
    return code;
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
    inside_put = true;
    int code = NEXT(mdb_put)(txn, dbi, key, value, flags);
    inside_put = false;
    return code;
}

int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags)
{
    merging = merging || !inside_put;
    enum shim_action action = inside_put ? SHIM_NOTHING : shim_before(SHIM_MERGE);
    int code = NEXT(mdb_cursor_put)(cursor, key, value, flags);
    shim_after(action);
    return code;
}

int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    enum shim_action action = shim_before(SHIM_DELETE);
    int code = NEXT(mdb_del)(txn, dbi, key, value);
    shim_after(action);
    return code;
}

int mdb_cursor_del(MDB_cursor *cursor, unsigned flags)
{
    enum shim_action action = shim_before(SHIM_DELETE);
    int code = NEXT(mdb_cursor_del)(cursor, flags);
    shim_after(action);
    return code;
}

int mdb_env_set_mapsize(MDB_env *env, size_t size)
{
    static bool started; // it is the writer alone that calls it later on
    if (!started && shim_page())
        size >>= shim_page()->map_shift;
    started = true;
    enum shim_action action = shim_before(SHIM_GROW);
    int code = NEXT(mdb_env_set_mapsize)(env, size);
    shim_after(action);
    return code;
}
