#include "daemon/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/base/check.h"

// Every known job has a slot. A hash by offset finds it; a heap by offset says which waiting one is
// next, one heap for those that nobody died over and one for suspects. The table is twice the
// window, so that probing stays short.
enum { TABLE_SIZE = 2 * QUEUE_WINDOW, TABLE_MASK = TABLE_SIZE - 1, NO_SLOT = UINT16_MAX };

struct slot {
    struct queue_job job;
    bool under_way;
};

struct heap {
    uint16_t slots[QUEUE_WINDOW]; // the smallest offset first
    size_t count;
};

struct queue {
    uint32_t max_attempts;
    uint64_t from; // the store is to be asked from here
    size_t known;
    struct slot slots[QUEUE_WINDOW];
    uint16_t free[QUEUE_WINDOW]; // slots nobody uses: the first QUEUE_WINDOW - known
    struct heap fresh, suspects; // what waits
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

static uint64_t heap_key(const struct queue *queue, const struct heap *heap, size_t at)
{
    return queue->slots[heap->slots[at]].job.offset;
}

static void heap_swap(struct heap *heap, size_t a, size_t b)
{
    uint16_t kept = heap->slots[a];
    heap->slots[a] = heap->slots[b];
    heap->slots[b] = kept;
}

static void heap_push(const struct queue *queue, struct heap *heap, uint16_t slot)
{
    size_t at = heap->count++;
    heap->slots[at] = slot;
    for (size_t parent = (at - 1) / 2;
         at && heap_key(queue, heap, at) < heap_key(queue, heap, parent);
         at = parent, parent = (at - 1) / 2)
        heap_swap(heap, at, parent);
}

static uint16_t heap_pop(const struct queue *queue, struct heap *heap)
{
    uint16_t first = heap->slots[0];
    heap->slots[0] = heap->slots[--heap->count];
    size_t at = 0;
    for (;;) {
        size_t least = at, child = 2 * at + 1;
        for (size_t i = child; i < child + 2 && i < heap->count; i++)
            if (heap_key(queue, heap, i) < heap_key(queue, heap, least))
                least = i;
        if (least == at)
            return first;
        heap_swap(heap, at, least);
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
        heap_push(queue, &queue->fresh, slot);
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

static struct heap *pick_heap(struct queue *queue, bool tried)
{
    if (!queue->suspects.count)
        return &queue->fresh;
    if (!queue->fresh.count)
        return &queue->suspects;
    return tried && heap_key(queue, &queue->suspects, 0) < heap_key(queue, &queue->fresh, 0)
               ? &queue->suspects
               : &queue->fresh;
}

bool queue_take(struct queue *queue, bool tried, struct queue_job *job)
{
    struct heap *heap = pick_heap(queue, tried);
    if (!heap->count)
        return false;
    struct slot *slot = &queue->slots[heap_pop(queue, heap)];
    slot->under_way = true;
    *job = slot->job;
    return true;
}

bool queue_failed(struct queue *queue, uint64_t offset, enum queue_blame blame,
                  struct queue_job *job)
{
    uint16_t index = queue->table[table_find(queue, offset)];
    *job = (struct queue_job){.offset = offset};
    if (!check_should(index != NO_SLOT && queue->slots[index].under_way))
        return true;
    struct slot *slot = &queue->slots[index];
    slot->job.attempts += blame != QUEUE_INNOCENT;
    slot->job.proven |= blame == QUEUE_PROVEN;
    *job = slot->job;
    if (slot->job.attempts >= queue->max_attempts)
        return false;
    slot->under_way = false;
    heap_push(queue, slot->job.attempts ? &queue->suspects : &queue->fresh, index);
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
    return queue->fresh.count + queue->suspects.count;
}

size_t queue_under_way(const struct queue *queue)
{
    return queue->known - queue_waiting(queue);
}
