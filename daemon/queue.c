#include "daemon/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/check.h"

// Every known job has a slot. A hash by offset finds it; a heap by offset says which waiting one is
// next. The table is twice the window, so that probing stays short.
enum { TABLE_SIZE = 2 * QUEUE_WINDOW, TABLE_MASK = TABLE_SIZE - 1, NO_SLOT = UINT16_MAX };

struct slot {
    struct queue_job job;
    bool under_way;
};

struct queue {
    uint32_t max_attempts;
    uint64_t from; // the store is to be asked from here
    size_t known, waiting;
    struct slot slots[QUEUE_WINDOW];
    uint16_t free[QUEUE_WINDOW]; // slots nobody uses: the first QUEUE_WINDOW - known
    uint16_t heap[QUEUE_WINDOW]; // slots that wait, the smallest offset first
    uint16_t table[TABLE_SIZE];  // offset to slot, linear probing
};

int queue_create(struct queue **out, uint32_t max_attempts)
{
    struct queue *queue = calloc(1, sizeof *queue);
    *out = queue;
    if (!queue)
        return -ENOMEM;
    queue->max_attempts = max_attempts;
    queue->from = 1;
    for (size_t i = 0; i < QUEUE_WINDOW; i++)
        queue->free[i] = (uint16_t)(QUEUE_WINDOW - 1 - i);
    for (size_t i = 0; i < TABLE_SIZE; i++)
        queue->table[i] = NO_SLOT;
    return 0;
}

void queue_destroy(struct queue *queue)
{
    free(queue);
}

static size_t table_home(uint64_t offset)
{
    return (size_t)((offset * 0x9e3779b97f4a7c15u) >> 40) & TABLE_MASK;
}

// Where the offset is, or the empty place where it would be.
static size_t table_find(const struct queue *queue, uint64_t offset)
{
    size_t at = table_home(offset);
    while (queue->table[at] != NO_SLOT && queue->slots[queue->table[at]].job.offset != offset)
        at = (at + 1) & TABLE_MASK;
    return at;
}

// Empties a place and moves back what probing had pushed behind it.
static void table_remove(struct queue *queue, size_t hole)
{
    for (size_t at = (hole + 1) & TABLE_MASK; queue->table[at] != NO_SLOT;
         at = (at + 1) & TABLE_MASK) {
        size_t home = table_home(queue->slots[queue->table[at]].job.offset);
        if (((at - home) & TABLE_MASK) < ((at - hole) & TABLE_MASK))
            continue;
        queue->table[hole] = queue->table[at];
        hole = at;
    }
    queue->table[hole] = NO_SLOT;
}

static uint64_t heap_key(const struct queue *queue, size_t at)
{
    return queue->slots[queue->heap[at]].job.offset;
}

static void heap_swap(struct queue *queue, size_t a, size_t b)
{
    uint16_t kept = queue->heap[a];
    queue->heap[a] = queue->heap[b];
    queue->heap[b] = kept;
}

static void heap_push(struct queue *queue, uint16_t slot)
{
    size_t at = queue->waiting++;
    queue->heap[at] = slot;
    for (size_t parent = (at - 1) / 2; at && heap_key(queue, at) < heap_key(queue, parent);
         at = parent, parent = (at - 1) / 2)
        heap_swap(queue, at, parent);
}

static uint16_t heap_pop(struct queue *queue)
{
    uint16_t first = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->waiting];
    size_t at = 0;
    for (;;) {
        size_t least = at, child = 2 * at + 1;
        for (size_t i = child; i < child + 2 && i < queue->waiting; i++)
            if (heap_key(queue, i) < heap_key(queue, least))
                least = i;
        if (least == at)
            return first;
        heap_swap(queue, at, least);
        at = least;
    }
}

size_t queue_wanted(const struct queue *queue, uint64_t *from)
{
    *from = queue->from;
    return QUEUE_WINDOW - queue->known;
}

int queue_add(struct queue *queue, uint64_t offset)
{
    size_t at = table_find(queue, offset);
    if (queue->table[at] == NO_SLOT) {
        if (queue->known == QUEUE_WINDOW)
            return -ENOSPC;
        uint16_t slot = queue->free[QUEUE_WINDOW - ++queue->known];
        queue->slots[slot] = (struct slot){.job = {.offset = offset}};
        queue->table[at] = slot;
        heap_push(queue, slot);
    }
    if (offset >= queue->from)
        queue->from = offset + 1;
    return 0;
}

void queue_rewind(struct queue *queue, uint64_t offset)
{
    if (offset < queue->from)
        queue->from = offset;
}

bool queue_take(struct queue *queue, struct queue_job *job)
{
    if (!queue->waiting)
        return false;
    struct slot *slot = &queue->slots[heap_pop(queue)];
    slot->under_way = true;
    *job = slot->job;
    return true;
}

bool queue_failed(struct queue *queue, uint64_t offset, bool blamed, uint32_t *attempts)
{
    uint16_t index = queue->table[table_find(queue, offset)];
    *attempts = 0;
    if (!check_should(index != NO_SLOT && queue->slots[index].under_way))
        return true;
    struct slot *slot = &queue->slots[index];
    slot->job.attempts += blamed;
    *attempts = slot->job.attempts;
    if (slot->job.attempts >= queue->max_attempts)
        return false;
    slot->under_way = false;
    heap_push(queue, index);
    return true;
}

void queue_done(struct queue *queue, uint64_t offset)
{
    size_t at = table_find(queue, offset);
    uint16_t index = queue->table[at];
    if (!check_should(index != NO_SLOT && queue->slots[index].under_way))
        return;
    table_remove(queue, at);
    queue->free[QUEUE_WINDOW - queue->known--] = index;
}

size_t queue_waiting(const struct queue *queue)
{
    return queue->waiting;
}

size_t queue_under_way(const struct queue *queue)
{
    return queue->known - queue->waiting;
}
