#include "daemon/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/commit.h"
#include "daemon/ingest.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "daemon/telexd.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum { STATUS_MS = 5000 };

struct notify {
    struct telexd *telexd;
    uv_timer_t timer;
    uint64_t last_finished; // commits, at the last tick
    bool was_pending;
    bool watched;     // the service manager waits for WATCHDOG=1
    bool stopping;    // it was told
    char status[128]; // that was sent last
};

// The writer is stuck when it had work at the last tick, has work now, and finished none between.
static bool writer_gets_on(struct notify *notify)
{
    const struct commits *commits = notify->telexd->commits;
    uint64_t finished = commits_finished(commits);
    bool pending = commits_pending(commits) > 0;
    bool stuck = pending && notify->was_pending && finished == notify->last_finished;
    notify->was_pending = pending;
    notify->last_finished = finished;
    return !stuck;
}

// Only what is new: a service manager that does not read must not fill its socket with repetitions.
static void send_status(struct notify *notify)
{
    const struct telexd *telexd = notify->telexd;
    char status[sizeof notify->status];
    struct stream_stats stream = {0};
    if (telexd->stream)
        stream_get_stats(telexd->stream, &stream);
    uint64_t accepted = telexd->ingest ? ingest_get_stats(telexd->ingest)->accepted : 0;
    size_t waiting =
        telexd->queue ? queue_waiting(telexd->queue) + queue_under_way(telexd->queue) : 0;
    snprintf(status, sizeof status,
             "STATUS=%s: %llu articles accepted, %zu with the workers, %u subscriptions",
             lifecycle_state_name(telexd->lifecycle.state), (unsigned long long)accepted, waiting,
             stream.subscriptions);
    if (strcmp(status, notify->status) == 0)
        return;
    memcpy(notify->status, status, sizeof status);
    sd_notify(0, status);
}

static void tick_cb(uv_timer_t *timer)
{
    struct notify *notify = timer->data;
    if (!writer_gets_on(notify))
        log_error("the store's writer does not get on pending=%zu",
                  commits_pending(notify->telexd->commits));
    else if (notify->watched)
        sd_notify(0, "WATCHDOG=1");
    send_status(notify);
}

int notify_create(struct notify **out, struct telexd *telexd, struct err *err)
{
    struct notify *notify = *out = calloc(1, sizeof *notify);
    if (!notify)
        return err_set_errno(err, ENOMEM, "notify");
    notify->telexd = telexd;
    uint64_t microseconds = 0;
    notify->watched = sd_watchdog_enabled(0, &microseconds) > 0;
    uint64_t tick = notify->watched ? microseconds / 1000 / 2 : STATUS_MS;
    uv_timer_init(telexd->loop, &notify->timer);
    notify->timer.data = notify;
    uv_timer_start(&notify->timer, tick_cb, tick, tick);
    return 0;
}

void notify_state(struct notify *notify)
{
    enum lifecycle_state state = notify->telexd->lifecycle.state;
    if (state == LIFECYCLE_RUNNING)
        sd_notify(0, "READY=1");
    else if (state >= LIFECYCLE_DRAINING && !notify->stopping)
        sd_notify(0, "STOPPING=1");
    notify->stopping = state >= LIFECYCLE_DRAINING;
    send_status(notify);
}

void notify_reloading(struct notify *notify)
{
    (void)notify;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_mono_ns() / 1000));
}

void notify_reloaded(struct notify *notify)
{
    sd_notify(0, "READY=1");
    send_status(notify);
}

void notify_close(struct notify *notify)
{
    if (notify)
        uv_close((uv_handle_t *)&notify->timer, NULL);
}

void notify_destroy(struct notify *notify)
{
    free(notify);
}
