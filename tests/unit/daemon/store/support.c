#include "tests/unit/daemon/store/support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/store/apply.h"
#include "daemon/store/env.h"
#include "daemon/store/identity.h"
#include "proto/base/check.h"
#include "proto/base/json.h"
#include "proto/wire/edit.h"
#include "proto/wire/result.h"

enum { DEADLINE_S = 30 };

void fixture_init_locks(struct fixture *fx)
{
    pthread_mutex_init(&fx->lock, NULL);
    pthread_cond_init(&fx->woken, NULL);
}

void fixture_init(struct fixture *fx)
{
    *fx = (struct fixture){.map_size = 64 << 20, .map_limit = 256 << 20};
    snprintf(fx->parent, sizeof fx->parent, "/tmp/telex-store-XXXXXX");
    check_must(mkdtemp(fx->parent));
    snprintf(fx->directory, sizeof fx->directory, "%s/store", fx->parent);
    fixture_init_locks(fx);
}

static int remove_cb(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat, (void)type, (void)where;
    return remove(path);
}

void fixture_fini(struct fixture *fx)
{
    fixture_close(fx);
    nftw(fx->parent, remove_cb, 8, FTW_DEPTH | FTW_PHYS);
    pthread_cond_destroy(&fx->woken);
    pthread_mutex_destroy(&fx->lock);
}

struct store_options fixture_options(const struct fixture *fx)
{
    return (struct store_options){.directory = fx->directory,
                                  .map_size = fx->map_size,
                                  .map_limit = fx->map_limit,
                                  .event_source = "/telex"};
}

void fixture_open_plain(struct fixture *fx)
{
    struct err err = {0};
    struct store_options options = fixture_options(fx);
    if (store_open(&fx->store, &options, &err) < 0 ||
        store_reader_open(fx->store, &fx->reader, &err) < 0) {
        fprintf(stderr, "%s\n", err_text(&err));
        abort();
    }
    if (fx->unsynced)
        check_must(mdb_env_set_flags(fx->store->env, MDB_NOSYNC, 1) == 0);
}

static void wake_cb(void *arg)
{
    struct fixture *fx = arg;
    pthread_mutex_lock(&fx->lock);
    fx->wakes++;
    pthread_cond_signal(&fx->woken);
    pthread_mutex_unlock(&fx->lock);
}

int fixture_start_writer(struct fixture *fx, struct err *err)
{
    return writer_start(fx->store, wake_cb, fx, &fx->writer, err);
}

void fixture_open(struct fixture *fx)
{
    struct err err = {0};
    fixture_open_plain(fx);
    check_must(fixture_start_writer(fx, &err) == 0);
}

void fixture_close(struct fixture *fx)
{
    if (fx->writer)
        writer_stop(fx->writer);
    writer_free(fx->writer);
    store_reader_close(fx->reader);
    store_close(fx->store);
    fx->writer = NULL;
    fx->reader = NULL;
    fx->store = NULL;
}

// Without a writer's thread: one transaction.
static void write_here(struct fixture *fx, struct write *write)
{
    struct buf scratch, words;
    buf_init(&scratch, SIZE_MAX);
    buf_init(&words, SIZE_MAX);
    struct apply apply = {
        .store = fx->store, .tail = fx->store->tail, .scratch = &scratch, .words = &words};
    check_must(mdb_txn_begin(fx->store->env, NULL, 0, &apply.txn) == 0);
    check_must(apply_write(&apply, write) == 0);
    check_must(identity_move(fx->store, apply.txn, apply.tail.next_offset) == 0);
    check_must(mdb_txn_commit(apply.txn) == 0);
    identity_committed(fx->store);
    fx->store->tail = apply.tail;
    buf_fini(&scratch);
    buf_fini(&words);
}

static void wait_for_wake(struct fixture *fx, uint64_t seen)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_S;
    pthread_mutex_lock(&fx->lock);
    while (fx->wakes == seen)
        check_must(pthread_cond_timedwait(&fx->woken, &fx->lock, &deadline) == 0);
    pthread_mutex_unlock(&fx->lock);
}

static uint64_t wakes_seen(struct fixture *fx)
{
    pthread_mutex_lock(&fx->lock);
    uint64_t seen = fx->wakes;
    pthread_mutex_unlock(&fx->lock);
    return seen;
}

void fixture_write(struct fixture *fx, struct write *writes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fx->writer)
            writer_submit(fx->writer, &writes[i]);
        else
            write_here(fx, &writes[i]);
    }
    for (size_t finished = 0; fx->writer && finished < count;) {
        struct list done;
        list_init(&done);
        uint64_t seen = wakes_seen(fx);
        writer_collect(fx->writer, &done);
        bool any = false;
        while (list_pop(&done)) {
            finished++;
            any = true;
        }
        if (!any)
            wait_for_wake(fx, seen);
    }
}

void encode_article(struct buf *out, const struct test_article *a)
{
    struct article article = {.uri = slice_from_text(a->uri),
                              .title = slice_from_text(a->title),
                              .source = slice_from_text(a->source),
                              .published = slice_from_text(a->published),
                              .body = slice_from_text(a->body)};
    buf_init(out, SIZE_MAX);
    article_encode(out, &article);
    check_must(!out->failed);
}

struct ack push_article(struct fixture *fx, const struct test_article *article)
{
    struct buf record;
    struct ack ack = {0};
    encode_article(&record, article);
    struct slice slice = buf_slice(&record);
    struct write write = {.kind = WRITE_ARTICLES, .records = &slice, .acks = &ack, .count = 1};
    fixture_write(fx, &write, 1);
    check_must(write.status == 0);
    buf_fini(&record);
    return ack;
}

uint64_t push_numbered(struct fixture *fx, unsigned number)
{
    char uri[32], title[48];
    snprintf(uri, sizeof uri, "urn:%u", number);
    snprintf(title, sizeof title, "Title number %u", number);
    struct test_article article = {
        .uri = uri, .title = title, .source = "reuters", .body = "Some body."};
    return push_article(fx, &article).offset;
}

static void put_entity(struct test_result *out, const struct test_entity *entity)
{
    char value[300];
    int len = snprintf(value, sizeof value, "%s\t%s\t%s", entity->id, entity->type, entity->name);
    result_key_encode(&out->keys, KEY_ENTITY, slice_from(value, (size_t)len));
    if (entity->spelling)
        result_key_encode(&out->keys, KEY_SPELLING, slice_from_text(entity->spelling));
    out->result.key_count += entity->spelling ? 2 : 1;
}

void test_result_init(struct test_result *out, const char *language,
                      const struct test_entity *entities, size_t count)
{
    *out = (struct test_result){0};
    buf_init(&out->keys, SIZE_MAX);
    buf_init(&out->edits, SIZE_MAX);
    buf_init(&out->data, SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        put_entity(out, &entities[i]);
    if (language) {
        result_key_encode(&out->keys, KEY_LANGUAGE, slice_from_text(language));
        out->result.key_count++;
    }
    struct edit edit = {.from = 0, .copy = 4, .insert = slice_from_text("!")};
    edit_encode(&out->edits, &edit);
    buf_put_text(&out->data, "{\"entities\":[],\"tagger\":{\"version\":\"1\"}}");
    out->result.keys = buf_slice(&out->keys);
    out->result.edits = buf_slice(&out->edits);
    out->result.data = buf_slice(&out->data);
}

void test_result_fini(struct test_result *result)
{
    buf_fini(&result->keys);
    buf_fini(&result->edits);
    buf_fini(&result->data);
}

int tag_article(struct fixture *fx, uint64_t offset, const char *language,
                const struct test_entity *entities, size_t count, uint64_t *sequence)
{
    struct test_result result;
    test_result_init(&result, language, entities, count);
    struct write write = {.kind = WRITE_TAGGED, .offset = offset, .result = &result.result};
    fixture_write(fx, &write, 1);
    test_result_fini(&result);
    if (sequence)
        *sequence = write.sequence;
    return write.status;
}

int kill_article(struct fixture *fx, uint64_t offset, const char *words)
{
    struct write write = {.kind = WRITE_DEAD,
                          .offset = offset,
                          .attempts = 3,
                          .stage = slice_from_text("tagger"),
                          .last_words = slice_from_text(words)};
    fixture_write(fx, &write, 1);
    return write.status;
}

int write_offset(struct fixture *fx, enum write_kind kind, uint64_t offset)
{
    struct write write = {.kind = kind, .offset = offset};
    fixture_write(fx, &write, 1);
    return write.status;
}

int set_cursor(struct fixture *fx, const char *name, uint64_t next)
{
    struct write write = {.kind = WRITE_CURSOR, .cursor = slice_from_text(name), .next = next};
    fixture_write(fx, &write, 1);
    return write.status;
}

static void problem_cb(const char *problem, void *arg)
{
    if (*(const bool *)arg)
        fprintf(stderr, "verify: %s\n", problem);
}

uint64_t verify_store(struct fixture *fx, bool loud)
{
    struct store_verdict verdict;
    struct err err = {0};
    volatile bool stop = false;
    check_must(store_verify(fx->store, &verdict, problem_cb, &loud, &stop, &err) == 0);
    return verdict.damaged;
}

void read_begin(struct fixture *fx)
{
    int status = store_read_begin(fx->reader);
    if (status < 0)
        fprintf(stderr, "store_read_begin: %s\n", strerror(-status));
    check_must(status == 0);
}

void read_end(struct fixture *fx)
{
    store_read_end(fx->reader);
}

struct file_bytes {
    int fd;
    char *bytes;
    size_t len;
};

static void file_read(const struct fixture *fx, struct file_bytes *file)
{
    char path[96];
    snprintf(path, sizeof path, "%s/data.mdb", fx->directory);
    file->fd = open(path, O_RDWR | O_CLOEXEC);
    check_must(file->fd >= 0);
    file->len = (size_t)lseek(file->fd, 0, SEEK_END);
    file->bytes = malloc(file->len);
    check_must(file->bytes && pread(file->fd, file->bytes, file->len, 0) == (ssize_t)file->len);
}

// First copy at or behind `from`; -1 when there is none.
static long find_from(const struct file_bytes *file, long from, struct slice needle)
{
    const char *hit = memmem(file->bytes + from, file->len - (size_t)from, needle.ptr, needle.len);
    return hit ? hit - file->bytes : -1;
}

bool find_in_file(const struct fixture *fx, struct slice needle, struct file_place *place)
{
    struct file_bytes file;
    file_read(fx, &file);
    *place = (struct file_place){.fd = file.fd, .at = -1};
    for (long at = 0; (at = find_from(&file, at, needle)) >= 0; at++)
        place->at = at;
    free(file.bytes);
    if (place->at < 0)
        close_file(place);
    return place->at >= 0;
}

void flip_at(const struct file_place *place, long at, int bit)
{
    char byte;
    check_must(pread(place->fd, &byte, 1, place->at + at) == 1);
    byte = (char)(byte ^ 1 << bit);
    check_must(pwrite(place->fd, &byte, 1, place->at + at) == 1);
}

void close_file(struct file_place *place)
{
    close(place->fd);
}

bool flip_all(const struct fixture *fx, struct slice needle, long offset)
{
    struct file_bytes file;
    bool any = false;
    file_read(fx, &file);
    struct file_place place = {.fd = file.fd};
    for (long at = 0; (at = find_from(&file, at, needle)) >= 0; at++) {
        place.at = at;
        flip_at(&place, offset, 4);
        any = true;
    }
    free(file.bytes);
    close_file(&place);
    return any;
}
