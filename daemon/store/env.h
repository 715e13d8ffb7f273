// The LMDB environment of a store: opening, telling ours from others', room on disk and in the map.
#pragma once

#include "daemon/store/internal.h"

// The name of a table within the environment.
const char *env_table_name(enum store_db db);

enum env_peek { ENV_NONE, ENV_EMPTY, ENV_OURS };

// Looks at PATH/data.mdb without leaving a trace. 0 with what it is, or -EINVAL (not ours, another
// schema) or -EBADMSG with err.
int env_peek(const char *path, enum env_peek *found, struct err *err);

// Opens the environment and its tables; makes them, and the store's identity, when they are not
// there yet. The directory must be locked. 0 or negative errno with err; env_close in both cases.
int env_open(struct store *store, const struct store_options *options, struct err *err);
void env_close(struct store *store);

// Bytes from the file's start to the end of the last page in use.
uint64_t env_used_bytes(const struct store *store);

uint64_t env_page_bytes(const struct store *store);
uint64_t env_file_bytes(const struct store *store);

// Of those in use, bytes of pages that are free to be used again. Walks the list of them.
uint64_t env_free_bytes(const struct store *store);

// Who writes: what each leaves to those behind it, so that a full store can still finish what it
// took on, and can always be made smaller.
enum env_user { ENV_ARTICLES, ENV_EVENTS, ENV_INDEXES, ENV_RETENTION };

// Makes sure that disk and map have room for `need` bytes. LMDB answers EIO when a write is cut
// short by a full disk, which cannot be told from a dying one: so room is taken beforehand, and
// where the disk has no more the map is made to end with the room there is. 0 or -ENOSPC; for
// ENV_RETENTION 0 as long as LMDB itself can tell. Writer's thread.
int env_reserve(struct store *store, uint64_t need, enum env_user user);

// Doubles the map up to its limit. No write transaction may be open. 0; -ENOSPC at the limit, on a
// full disk, or while a reader (a backup, say) does not end. Writer's thread.
int env_grow(struct store *store);
