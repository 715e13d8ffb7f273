#include "daemon/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/crew.h"
#include "daemon/telexd.h"
#include "daemon/zsock.h"
#include "proto/base/log.h"

enum {
    TICK_MS = 250,
    GRACE_TICKS = 8, // ZeroMQ frees what was dropped in its own thread; so long it may take
    STATUS_BYTES = 4096,
};

struct guard {
    struct telexd *telexd;
    uv_timer_t timer;
    int status_fd; // /proc/self/status, kept open: it must be readable when descriptors run out
    uint64_t memory;
    unsigned long recycles;
    unsigned grace;
    uint64_t floor; // what was left above the limit when nobody was connected; else 0
};

// Bytes of anonymous memory; 0 when they cannot be told.
static uint64_t read_memory(int fd)
{
    char status[STATUS_BYTES];
    ssize_t len = pread(fd, status, sizeof status - 1, 0);
    if (len <= 0)
        return 0;
    status[len] = '\0';
    const char *line = strstr(status, "\nRssAnon:");
    return line ? strtoull(line + sizeof "\nRssAnon:" - 1, NULL, 10) * 1024 : 0;
}

static void recycle(struct guard *guard, uint64_t limit)
{
    guard->recycles++;
    guard->grace = GRACE_TICKS;
    log_error("memory limit reached, dropping every connection memory=%llu limit=%llu",
              (unsigned long long)guard->memory, (unsigned long long)limit);
    zsock_context_recycle(guard->telexd->zmq);
}

// What dropping connections does not free is not theirs: doing it again helps only when more has
// come.
static uint64_t threshold(const struct guard *guard, uint64_t limit)
{
    return guard->floor ? guard->floor + limit / 4 : limit;
}

static void tick_cb(uv_timer_t *timer)
{
    struct guard *guard = timer->data;
    if (guard->telexd->lifecycle.state == LIFECYCLE_RUNNING)
        crew_feed_again(guard->telexd->crew);
    uint64_t limit = (uint64_t)guard->telexd->config->daemon_memory_limit << 20;
    guard->memory = read_memory(guard->status_fd);
    if (guard->grace > 0) {
        malloc_trim(0);
        if (--guard->grace == 0)
            guard->floor = guard->memory > limit ? guard->memory : 0;
    } else if (guard->memory > threshold(guard, limit)) {
        recycle(guard, limit);
    }
}

int guard_create(struct guard **out, struct telexd *telexd, struct err *err)
{
    struct guard *guard = *out = calloc(1, sizeof *guard);
    if (!guard)
        return err_set_errno(err, ENOMEM, "guard");
    guard->telexd = telexd;
    guard->status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    uv_timer_init(telexd->loop, &guard->timer);
    guard->timer.data = guard;
    if (guard->status_fd < 0)
        return err_set_errno(err, errno, "/proc/self/status");
    uv_timer_start(&guard->timer, tick_cb, TICK_MS, TICK_MS);
    return 0;
}

void guard_close(struct guard *guard)
{
    if (!guard)
        return;
    uv_close((uv_handle_t *)&guard->timer, NULL);
    if (guard->status_fd >= 0)
        close(guard->status_fd);
}

void guard_destroy(struct guard *guard)
{
    free(guard);
}

uint64_t guard_memory(const struct guard *guard)
{
    return guard->memory ? guard->memory : read_memory(guard->status_fd);
}

unsigned long guard_recycles(const struct guard *guard)
{
    return guard->recycles;
}
