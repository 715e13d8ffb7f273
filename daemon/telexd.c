#include "daemon/telexd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/commit.h"
#include "daemon/control.h"
#include "daemon/crew.h"
#include "daemon/guard.h"
#include "daemon/ingest.h"
#include "daemon/live.h"
#include "daemon/notify.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "daemon/zsock.h"
#include "proto/base/check.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

// --- closing: STOPPING
// ----------------------------------------------------------------------------

static void end_closed(struct telexd *telexd)
{
    if (--telexd->open_ends == 0)
        telexd->closed = true;
}

static void handle_closed_cb(uv_handle_t *handle)
{
    end_closed(handle->data);
}

static void control_closed_cb(void *arg)
{
    end_closed(arg);
}

// The workers have gone, so nothing new comes: what is with the writer is called back, and answered
// through sockets that are still open.
static void crew_closed_cb(void *arg)
{
    struct telexd *telexd = arg;
    if (telexd->commits)
        commits_stop(telexd->commits);
    ingest_close(telexd->ingest);
    if (telexd->stream)
        stream_close(telexd->stream);
    if (telexd->live)
        live_close(telexd->live);
    guard_close(telexd->guard);
    notify_close(telexd->notify);
    uv_close((uv_handle_t *)&telexd->drain_timer, handle_closed_cb);
    uv_close((uv_handle_t *)&telexd->drain_look, handle_closed_cb);
    control_close(telexd->control, control_closed_cb, telexd);
}

static void close_parts(struct telexd *telexd)
{
    if (telexd->closing)
        return;
    telexd->closing = true;
    if (telexd->crew)
        crew_close(telexd->crew, crew_closed_cb, telexd);
    else
        crew_closed_cb(telexd);
}

static void run_until_closed(struct telexd *telexd)
{
    while (!telexd->closed)
        uv_run(telexd->loop, UV_RUN_ONCE);
    // Close callbacks that were called for in the last turn.
    uv_run(telexd->loop, UV_RUN_NOWAIT);
}

static void free_parts(struct telexd *telexd)
{
    control_destroy(telexd->control);
    if (telexd->live)
        live_destroy(telexd->live);
    if (telexd->stream)
        stream_destroy(telexd->stream);
    ingest_destroy(telexd->ingest);
    if (telexd->crew)
        crew_destroy(telexd->crew);
    queue_destroy(telexd->queue);
    guard_destroy(telexd->guard);
    notify_destroy(telexd->notify);
    commits_destroy(telexd->commits);
    if (telexd->reader)
        store_reader_close(telexd->reader);
    store_close(telexd->store);
    zsock_context_close(telexd->zmq); // ends the ZAP handler's thread
    access_destroy(telexd->access);
    config_free(telexd->config);
    free(telexd);
}

// --- the lifecycle's actions --------------------------------------------------------------------

static void recover(void *owner)
{
    struct telexd *telexd = owner;
    crew_feed(telexd->crew);
}

static void run(void *owner)
{
    struct telexd *telexd = owner;
    notify_state(telexd->notify);
}

static void drain_late_cb(uv_timer_t *timer)
{
    struct telexd *telexd = timer->data;
    lifecycle_post(&telexd->lifecycle, LIFECYCLE_DRAINED, "daemon.drain_timeout is over");
}

// Before every sleep of the loop: whatever may have finished the last work has been seen by then.
static void drain_look_cb(uv_prepare_t *look)
{
    struct telexd *telexd = look->data;
    if (commits_pending(telexd->commits) == 0 && crew_is_idle(telexd->crew))
        lifecycle_post(&telexd->lifecycle, LIFECYCLE_DRAINED, "nothing is under way");
}

static void drain(void *owner)
{
    struct telexd *telexd = owner;
    notify_state(telexd->notify);
    control_cancel(telexd->control);
    crew_drain(telexd->crew);
    uint64_t patience = (uint64_t)telexd->config->daemon_drain_timeout * 1000;
    uv_timer_start(&telexd->drain_timer, drain_late_cb, patience, 0);
    uv_prepare_start(&telexd->drain_look, drain_look_cb);
}

static void stop(void *owner)
{
    struct telexd *telexd = owner;
    if (telexd->notify)
        notify_state(telexd->notify);
    uv_prepare_stop(&telexd->drain_look);
    uv_timer_stop(&telexd->drain_timer);
    close_parts(telexd);
}

static lifecycle_action *const actions[LIFECYCLE_STATES] = {
    [LIFECYCLE_RECOVERING] = recover,
    [LIFECYCLE_RUNNING] = run,
    [LIFECYCLE_DRAINING] = drain,
    [LIFECYCLE_STOPPING] = stop,
};

// --- building -----------------------------------------------------------------------------------

static int configure(struct telexd *telexd, struct err *err)
{
    int level = log_level_from_name(telexd->config->daemon_log_level);
    if (level >= 0)
        log_set_level((enum log_level)level);
    return config_resolve(telexd->config, err) == 0 ? 0 : -ENOMEM;
}

static int open_store(struct telexd *telexd, struct err *err)
{
    const struct config *config = telexd->config;
    struct store_options options = {.directory = config->store_directory,
                                    .map_size = (uint64_t)config->store_map_size << 30,
                                    .map_limit = (uint64_t)config->store_map_limit << 30,
                                    .event_source = config->stream_source};
    int result = store_open(&telexd->store, &options, err);
    if (result == 0)
        result = store_reader_open(telexd->store, &telexd->reader, err);
    if (result != 0)
        return result;
    struct store_counts counts = {0};
    result = store_read_begin(telexd->reader);
    if (result == 0) {
        result = store_count(telexd->reader, &counts);
        store_read_end(telexd->reader);
    }
    if (result != 0)
        return err_set_errno(err, -result, "the store in %s cannot be read",
                             config->store_directory);
    log_notice("store opened directory=%s articles=%llu events=%llu pending=%llu dead=%llu",
               config->store_directory, (unsigned long long)counts.articles,
               (unsigned long long)counts.events, (unsigned long long)counts.pending,
               (unsigned long long)counts.dead);
    return 0;
}

static void set_retention(struct telexd *telexd)
{
    const struct config *config = telexd->config;
    struct store_retention retention = {.age_ms = config->store_retain_age * 60 * 60 * 1000,
                                        .events = (uint64_t)config->store_retain_events,
                                        .bytes = (uint64_t)config->store_retain_bytes << 20};
    commits_set_retention(telexd->commits, &retention);
}

static int start_writer(struct telexd *telexd, struct err *err)
{
    int result = commits_create(&telexd->commits, telexd, err);
    if (result == 0)
        set_retention(telexd);
    return result;
}

static int make_queue(struct telexd *telexd, struct err *err)
{
    int result = queue_create(&telexd->queue, (uint32_t)telexd->config->crew_attempts);
    return result == 0 ? 0 : err_set_errno(err, -result, "queue");
}

static int make_crew(struct telexd *telexd, struct err *err)
{
    return crew_create(&telexd->crew, telexd, err);
}

static int start_watching(struct telexd *telexd, struct err *err)
{
    int result = notify_create(&telexd->notify, telexd, err);
    if (result == 0)
        result = guard_create(&telexd->guard, telexd, err);
    telexd->zmq = zsock_context_open();
    if (result == 0 && !telexd->zmq)
        result = err_set_errno(err, ENOMEM, "ZeroMQ");
    return result;
}

static int secure(struct telexd *telexd, struct err *err)
{
    return access_create(&telexd->access, telexd, err);
}

static int begin_recovery(struct telexd *telexd, struct err *err)
{
    (void)err;
    lifecycle_post(&telexd->lifecycle, LIFECYCLE_BUILT, "every part is there");
    return 0;
}

static int bind_sockets(struct telexd *telexd, struct err *err)
{
    int result = stream_create(&telexd->stream, telexd, err);
    if (result == 0 && strcmp(telexd->config->live_endpoint, "none") != 0)
        result = live_create(&telexd->live, telexd, err);
    if (result == 0)
        result = control_create(&telexd->control, telexd, err);
    if (result == 0)
        result = ingest_create(&telexd->ingest, telexd, err);
    return result;
}

static int (*const steps[])(struct telexd *telexd, struct err *err) = {
    configure,      open_store, start_writer,   make_queue,   make_crew,
    start_watching, secure,     begin_recovery, bind_sockets,
};

int telexd_create(struct telexd **out, uv_loop_t *loop, struct config *config, struct err *err)
{
    *out = NULL;
    struct telexd *telexd = calloc(1, sizeof *telexd);
    if (!telexd) {
        config_free(config);
        return err_set_errno(err, ENOMEM, "telexd");
    }
    telexd->loop = loop;
    telexd->config = config;
    telexd->started_ms = clock_wall_ms();
    lifecycle_init(&telexd->lifecycle, actions, telexd);
    uv_timer_init(loop, &telexd->drain_timer);
    uv_prepare_init(loop, &telexd->drain_look);
    telexd->drain_timer.data = telexd->drain_look.data = telexd;
    telexd->open_ends = 3; // the two handles and control
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof steps / sizeof *steps; i++)
        result = steps[i](telexd, err);
    if (result != 0) {
        telexd_destroy(telexd);
        return result;
    }
    lifecycle_post(&telexd->lifecycle, LIFECYCLE_RECOVERED, "every endpoint is bound");
    *out = telexd;
    return 0;
}

// --- running ------------------------------------------------------------------------------------

int telexd_run(struct telexd *telexd)
{
    run_until_closed(telexd);
    return telexd->lifecycle.exit_status;
}

void telexd_stop(struct telexd *telexd, const char *why)
{
    lifecycle_post(&telexd->lifecycle, LIFECYCLE_STOP, why);
}

// The new configuration, checked whole, or NULL with err.
static struct config *read_again(const struct config *old, struct err *err)
{
    struct config *next;
    if (config_reread(&next, old, err) != 0)
        return NULL;
    if (config_check(next, err) == 0 && config_resolve(next, err) == 0)
        return next;
    config_free(next);
    return NULL;
}

static int reload(struct telexd *telexd, struct err *err)
{
    struct config *next = read_again(telexd->config, err);
    if (!next)
        return -1;
    struct config *old = telexd->config;
    if (access_reload(telexd->access, next, err) != 0) {
        config_free(next);
        return -1;
    }
    config_keep_fixed(next, old);
    telexd->config = next;
    log_set_level((enum log_level)log_level_from_name(next->daemon_log_level));
    set_retention(telexd);
    crew_replace(telexd->crew);
    config_free(old);
    log_notice("configuration reloaded path=%s", next->path ? next->path : "none");
    return 0;
}

int telexd_reload(struct telexd *telexd, struct err *err)
{
    if (telexd->lifecycle.state != LIFECYCLE_RUNNING)
        return err_set(err, "the daemon is %s", lifecycle_state_name(telexd->lifecycle.state));
    notify_reloading(telexd->notify);
    int result = reload(telexd, err);
    notify_reloaded(telexd->notify);
    return result;
}

void telexd_destroy(struct telexd *telexd)
{
    if (!telexd)
        return;
    if (!telexd->closing)
        close_parts(telexd);
    if (!telexd->closed)
        run_until_closed(telexd);
    free_parts(telexd);
}
