#include "daemon/slabs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

struct slabs {
    uv_mutex_t lock;
    size_t bytes, keep;
    size_t unused, lent; // buffers here; buffers elsewhere
    bool released;
    char *buffers[]; // the first `unused` of `keep`
};

struct slabs *slabs_create(size_t bytes, size_t keep)
{
    struct slabs *slabs = calloc(1, sizeof *slabs + keep * sizeof *slabs->buffers);
    if (!slabs || uv_mutex_init(&slabs->lock)) {
        free(slabs);
        return NULL;
    }
    slabs->bytes = bytes;
    slabs->keep = keep;
    return slabs;
}

static void slabs_free(struct slabs *slabs)
{
    for (size_t i = 0; i < slabs->unused; i++)
        free(slabs->buffers[i]);
    uv_mutex_destroy(&slabs->lock);
    free(slabs);
}

char *slabs_take(struct slabs *slabs)
{
    uv_mutex_lock(&slabs->lock);
    char *buffer = slabs->unused ? slabs->buffers[--slabs->unused] : malloc(slabs->bytes);
    slabs->lent += buffer != NULL;
    uv_mutex_unlock(&slabs->lock);
    return buffer;
}

void slabs_give_cb(void *buffer, void *arg)
{
    struct slabs *slabs = arg;
    uv_mutex_lock(&slabs->lock);
    slabs->lent--;
    if (slabs->unused < slabs->keep && !slabs->released) {
        slabs->buffers[slabs->unused++] = buffer;
        buffer = NULL;
    }
    bool last = slabs->released && !slabs->lent;
    uv_mutex_unlock(&slabs->lock);
    free(buffer);
    if (last)
        slabs_free(slabs);
}

void slabs_lost(struct slabs *slabs)
{
    uv_mutex_lock(&slabs->lock);
    slabs->lent--;
    uv_mutex_unlock(&slabs->lock);
}

void slabs_release(struct slabs *slabs)
{
    if (!slabs)
        return;
    uv_mutex_lock(&slabs->lock);
    slabs->released = true;
    bool last = !slabs->lent;
    uv_mutex_unlock(&slabs->lock);
    if (last)
        slabs_free(slabs);
}
