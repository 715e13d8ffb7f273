// A store in a temporary directory with its writer, and short ways to put things into it.
#pragma once

#include <pthread.h>

#include "daemon/store/internal.h"
#include "daemon/store/writer.h"

struct fixture {
    char directory[64]; // the store's; in a temporary directory that goes with the fixture
    char parent[48];
    uint64_t map_size, map_limit; // may be changed before fixture_open
    bool unsynced;                // likewise: commits do not sync, for tests of thousands of them
    struct store *store;
    struct writer *writer;
    struct store_reader *reader;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    uint64_t wakes;
};

// Makes the temporary directory, not the store. Aborts the test on failure.
void fixture_init(struct fixture *fx);
void fixture_fini(struct fixture *fx);

// Opens store, writer and reader. fixture_open_plain leaves the writer out: nothing is merged then
// but what a test merges.
void fixture_open(struct fixture *fx);
void fixture_open_plain(struct fixture *fx);
void fixture_close(struct fixture *fx);

// For a store that was opened in another way: the fixture's own parts, and its writer.
void fixture_init_locks(struct fixture *fx);
int fixture_start_writer(struct fixture *fx, struct err *err);

struct store_options fixture_options(const struct fixture *fx);

// Hands the requests to the writer at once and waits until all are done; fails after 30 s. Without
// a writer it carries them out itself, each in a transaction of its own.
void fixture_write(struct fixture *fx, struct write *writes, size_t count);

struct test_article {
    const char *uri, *title, *source, *published, *body;
};

// The record, in a buffer the caller frees with buf_fini.
void encode_article(struct buf *out, const struct test_article *article);

// Accepts one article.
struct ack push_article(struct fixture *fx, const struct test_article *article);

// Accepts an article "urn:N" with some text; returns its offset.
uint64_t push_numbered(struct fixture *fx, unsigned number);

struct test_entity {
    const char *id, *type, *name, *spelling;
};

// Its result; fini with buf_fini on all three buffers.
struct test_result {
    struct buf keys, edits, data;
    struct result result;
};
void test_result_init(struct test_result *out, const char *language,
                      const struct test_entity *entities, size_t count);
void test_result_fini(struct test_result *result);

// Stores a result; returns the write's status, and its sequence unless it is NULL.
int tag_article(struct fixture *fx, uint64_t offset, const char *language,
                const struct test_entity *entities, size_t count, uint64_t *sequence);
int kill_article(struct fixture *fx, uint64_t offset, const char *words);
int write_offset(struct fixture *fx, enum write_kind kind, uint64_t offset);
int set_cursor(struct fixture *fx, const char *name, uint64_t next);

// Runs store_verify and returns the number of problems; they are printed when `loud`.
uint64_t verify_store(struct fixture *fx, bool loud);

// Reads as one consistent state; the fixture's reader.
void read_begin(struct fixture *fx);
void read_end(struct fixture *fx);

// A place in the store's file, found by what stands there. LMDB maps the file, so an open store
// sees at once what is done to it.
struct file_place {
    int fd;
    long at;
};

// The last copy of `needle`. False when it is not there.
bool find_in_file(const struct fixture *fx, struct slice needle, struct file_place *place);
void flip_at(const struct file_place *place, long at, int bit);
void close_file(struct file_place *place);

// Flips one bit, `at` bytes behind the start of every copy of `needle`. False when there is none.
bool flip_all(const struct fixture *fx, struct slice needle, long at);
