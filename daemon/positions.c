#include "daemon/positions.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/commit.h"
#include "daemon/telexd.h"
#include "proto/base/check.h"
#include "proto/base/hash.h"
#include "proto/wire/limits.h"

enum {
    BUCKETS = 1024,
    SAVES_MAX = 4096, // that wait on one cursor; a client that sends more does not read replies
};

struct position {
    struct commit commit;
    struct list link; // in its bucket
    struct positions *positions;
    char name[WIRE_CURSOR_NAME_MAX + 1];
    struct subscription *owner; // NULL: nobody
    bool known;
    uint64_t next;       // the newest value wanted; only when known
    bool writing;        // the commit is with the writer
    struct list written; // saves that the commit under way carries out
    struct list waiting; // saves for the next
    size_t saves;        // in both
};

struct positions {
    struct telexd *telexd;
    positions_saved_cb *saved_cb; // NULL once closed
    void *arg;
    struct list buckets[BUCKETS];
};

int positions_create(struct positions **out, struct telexd *telexd, positions_saved_cb *saved_cb,
                     void *arg)
{
    struct positions *positions = *out = calloc(1, sizeof *positions);
    if (!positions)
        return -ENOMEM;
    positions->telexd = telexd;
    positions->saved_cb = saved_cb;
    positions->arg = arg;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&positions->buckets[i]);
    return 0;
}

// --- saving

static void position_free_if_idle(struct position *position)
{
    if (position->owner || position->writing)
        return;
    list_remove(&position->link);
    free(position);
}

static void position_write(struct position *position)
{
    position->writing = true;
    list_splice(&position->written, &position->waiting);
    struct write *write = &position->commit.write;
    *write = (struct write){
        .kind = WRITE_CURSOR, .cursor = slice_from_text(position->name), .next = position->next};
    commits_submit(position->positions->telexd->commits, &position->commit);
}

static void done_cb(struct commit *commit)
{
    struct position *position = list_entry(commit, struct position, commit);
    struct positions *positions = position->positions;
    int status = commit->write.status;
    struct list answered;
    list_init(&answered);
    list_splice(&answered, &position->written);
    for (struct list *link; (link = list_pop(&answered));) {
        struct save *save = list_entry(link, struct save, link);
        position->saves--;
        if (positions->saved_cb)
            positions->saved_cb(save, status, positions->arg);
        free(save);
    }
    position->writing = false;
    if (!list_is_empty(&position->waiting))
        position_write(position);
    else
        position_free_if_idle(position);
}

int position_save(struct position *position, uint64_t next, const struct zsock_reply_to *to,
                  const struct frame *request)
{
    if (position->saves >= SAVES_MAX)
        return -ENOBUFS;
    struct save *save = malloc(sizeof *save);
    if (!save)
        return -ENOMEM;
    *save = (struct save){.to = *to, .request = *request, .next = next};
    list_append(&position->waiting, &save->link);
    position->saves++;
    position->known = true;
    position->next = next;
    if (!position->writing)
        position_write(position);
    return 0;
}

// --- holding

static struct list *bucket_of(struct positions *positions, struct slice name)
{
    return &positions->buckets[hash64(name, 0) % BUCKETS];
}

static struct position *position_find(struct positions *positions, struct slice name)
{
    list_for_each (link, bucket_of(positions, name)) {
        struct position *position = list_entry(link, struct position, link);
        if (slice_is(name, position->name))
            return position;
    }
    return NULL;
}

static struct position *position_new(struct positions *positions, struct slice name)
{
    struct position *position = calloc(1, sizeof *position);
    if (!position || !check_should(name.len <= WIRE_CURSOR_NAME_MAX)) {
        free(position);
        return NULL;
    }
    position->commit.done_cb = done_cb;
    position->positions = positions;
    memcpy(position->name, name.ptr, name.len);
    list_init(&position->written);
    list_init(&position->waiting);
    list_append(bucket_of(positions, name), &position->link);
    return position;
}

struct position *position_hold(struct positions *positions, struct slice name,
                               struct subscription *owner, struct subscription **displaced)
{
    *displaced = NULL;
    struct position *position = position_find(positions, name);
    if (!position)
        position = position_new(positions, name);
    if (!position)
        return NULL;
    *displaced = position->owner;
    position->owner = owner;
    return position;
}

void position_release(struct position *position, const struct subscription *owner)
{
    if (!position || position->owner != owner)
        return;
    position->owner = NULL;
    position_free_if_idle(position);
}

bool position_get(const struct position *position, uint64_t *next)
{
    if (position->known)
        *next = position->next;
    return position->known;
}

void positions_forget(struct positions *positions, struct slice name)
{
    struct position *position = position_find(positions, name);
    if (position && !position->writing)
        position->known = false;
}

// --- the end

void positions_close(struct positions *positions)
{
    if (positions)
        positions->saved_cb = NULL;
}

void positions_destroy(struct positions *positions)
{
    if (!positions)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        list_for_each_safe (link, &positions->buckets[i]) {
            struct position *position = list_entry(link, struct position, link);
            position->owner = NULL;
            check_should(!position->writing);
            position_free_if_idle(position);
        }
    free(positions);
}
