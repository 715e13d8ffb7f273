#include "daemon/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/telexd.h"
#include "daemon/zsock.h"
#include "proto/base/log.h"

enum {
    MAX_MESSAGE = 384, // what a SUB sends is a topic: ZeroMQ keeps 40 bytes for each of its bytes
    RECEIVE_HWM = 256,
    SEND_HWM = 4096, // events a slow subscriber may be behind before it loses some
    BATCH = 64,
    PUBLISH_BATCH = 256, // events before other handles get their turn
    TOPIC_BYTES = RESULT_KEY_BYTES_MAX + 64,
};

struct live {
    struct telexd *telexd;
    struct zsock *zsock; // NULL: switched off, or closed
    uv_idle_t idle;      // active: there may be events to publish
    uint64_t next;       // to be published
    unsigned long published;
};

// --- topics

static struct slice primary_tag(struct slice tag)
{
    const char *dash = memchr(tag.ptr, '-', tag.len);
    return dash ? slice_from(tag.ptr, (size_t)(dash - tag.ptr)) : tag;
}

// The id of a KEY_ENTITY value: id TAB type TAB name.
static struct slice entity_id(struct slice value)
{
    const char *tab = memchr(value.ptr, '\t', value.len);
    return tab ? slice_from(value.ptr, (size_t)(tab - value.ptr)) : value;
}

static void publish(struct live *live, const char *kind, struct slice name,
                    const struct stored_event *event)
{
    char topic[TOPIC_BYTES];
    int len = snprintf(topic, sizeof topic, "%s/%.*s/%llu", kind, (int)name.len, name.ptr,
                       (unsigned long long)event->sequence);
    zsock_publish(live->zsock, slice_from(topic, (size_t)len), event->json);
}

static struct slice event_language(const struct stored_event *event)
{
    if (event->kind == EVENT_DEAD)
        return slice_from_text("dead");
    struct cursor keys = cursor_from(event->keys);
    struct result_key key;
    while (result_key_decode(&keys, &key) == 1)
        if (key.kind == KEY_LANGUAGE)
            return primary_tag(key.value);
    return slice_from_text("und");
}

static void publish_event(struct live *live, const struct stored_event *event)
{
    publish(live, "event", event_language(event), event);
    struct cursor keys = cursor_from(event->keys);
    struct result_key key;
    while (result_key_decode(&keys, &key) == 1)
        if (key.kind == KEY_ENTITY)
            publish(live, "entity", entity_id(key.value), event);
    live->published++;
}

// --- turns

// One event, or the step over a damaged one. False at the newest.
static bool publish_next(struct live *live)
{
    struct stored_event event;
    uint32_t budget = 2;
    int failed =
        store_next_event(live->telexd->reader, live->next, NULL, &budget, &event, &live->next);
    if (!failed)
        publish_event(live, &event);
    return !failed || failed == -EBADMSG;
}

static void idle_cb(uv_idle_t *idle)
{
    struct live *live = idle->data;
    if (store_read_begin(live->telexd->reader)) {
        uv_idle_stop(idle);
        return;
    }
    if (!zsock_has_subscribers(live->zsock))
        live->next = store_head(live->telexd->reader) + 1;
    bool more = true;
    for (int i = 0; more && i < PUBLISH_BATCH; i++)
        more = publish_next(live);
    store_read_end(live->telexd->reader);
    if (!more)
        uv_idle_stop(idle);
}

void live_wake(struct live *live)
{
    if (live->zsock)
        uv_idle_start(&live->idle, idle_cb);
}

// --- beginning and end

static int live_begin(struct live *live, struct err *err)
{
    struct store_reader *reader = live->telexd->reader;
    int failed = store_read_begin(reader);
    if (failed)
        return err_set_errno(err, -failed, "live");
    live->next = store_head(reader) + 1;
    store_read_end(reader);
    return 0;
}

int live_create(struct live **out, struct telexd *telexd, struct err *err)
{
    struct live *live = *out = calloc(1, sizeof *live);
    if (!live)
        return err_set_errno(err, ENOMEM, "live");
    live->telexd = telexd;
    uv_idle_init(telexd->loop, &live->idle);
    live->idle.data = live;
    if (strcmp(telexd->config->live_endpoint, "none") == 0)
        return 0;
    struct zsock_options options = {.name = "live",
                                    .endpoint = telexd->config->live_endpoint,
                                    .type = ZMQ_XPUB,
                                    .max_message = MAX_MESSAGE,
                                    .receive_hwm = RECEIVE_HWM,
                                    .send_hwm = SEND_HWM,
                                    .batch = BATCH,
                                    .most_topics = (unsigned long)telexd->config->limits_topics};
    access_secure(telexd->access, "live", &options);
    int failed = live_begin(live, err);
    return failed ? failed
                  : zsock_open(&live->zsock, telexd->loop, telexd->zmq, &options, NULL, NULL, err);
}

void live_close(struct live *live)
{
    uv_close((uv_handle_t *)&live->idle, NULL);
    zsock_close(live->zsock, NULL, NULL);
    live->zsock = NULL;
}

void live_destroy(struct live *live)
{
    free(live);
}

unsigned long live_published(const struct live *live)
{
    return live->published;
}
