#include "tests/unit/daemon/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "proto/wire/article.h"
#include "proto/wire/edit.h"

static lifecycle_action *const no_actions[LIFECYCLE_STATES];

static void deadline_cb(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void must(int failed, const struct err *err)
{
    if (failed)
        fail_msg("%s", err_text(err));
}

static void build(struct parts *parts)
{
    struct telexd *telexd = &parts->telexd;
    struct err err = {0};
    char directory[128];
    snprintf(directory, sizeof directory, "%s/store", parts->folder.path);
    struct store_options options = {.directory = directory,
                                    .map_size = (uint64_t)1 << 30,
                                    .map_limit = (uint64_t)1 << 30,
                                    .event_source = "/test"};
    must(store_open(&telexd->store, &options, &err), &err);
    must(store_reader_open(telexd->store, &telexd->reader, &err), &err);
    must(commits_create(&telexd->commits, telexd, &err), &err);
    must(queue_create(&telexd->queue, (uint32_t)telexd->config->crew_attempts), &err);
    telexd->zmq = zsock_context_open();
    assert_non_null(telexd->zmq);
}

void parts_open(struct parts *parts)
{
    signal(SIGPIPE, SIG_IGN);
    *parts = (struct parts){0};
    test_folder_make(&parts->folder);
    uv_loop_init(&parts->loop);
    uv_timer_init(&parts->loop, &parts->deadline);
    parts->deadline.data = &parts->late;
    uv_timer_start(&parts->deadline, deadline_cb, SUPPORT_DEADLINE_MS, SUPPORT_DEADLINE_MS);
    struct telexd *telexd = &parts->telexd;
    telexd->loop = &parts->loop;
    lifecycle_init(&telexd->lifecycle, no_actions, telexd);
    struct err err = {0};
    must(config_read(&telexd->config, NULL, &err), &err);
    char assignment[160];
    snprintf(assignment, sizeof assignment, "daemon.runtime_dir=%s/run", parts->folder.path);
    parts_set(parts, assignment);
    snprintf(assignment, sizeof assignment, "store.directory=%s/store", parts->folder.path);
    parts_set(parts, assignment);
    must(config_resolve(telexd->config, &err), &err);
    build(parts);
}

void parts_set(struct parts *parts, const char *assignment)
{
    struct err err = {0};
    must(config_set(parts->telexd.config, assignment, &err), &err);
}

void parts_make_crew(struct parts *parts)
{
    struct err err = {0};
    must(crew_create(&parts->telexd.crew, &parts->telexd, &err), &err);
}

void parts_make_stream(struct parts *parts)
{
    struct err err = {0};
    must(stream_create(&parts->telexd.stream, &parts->telexd, &err), &err);
}

void parts_make_live(struct parts *parts)
{
    struct err err = {0};
    must(live_create(&parts->telexd.live, &parts->telexd, &err), &err);
}

void parts_make_ingest(struct parts *parts)
{
    struct err err = {0};
    must(ingest_create(&parts->telexd.ingest, &parts->telexd, &err), &err);
}

void parts_make_control(struct parts *parts)
{
    struct err err = {0};
    must(control_create(&parts->telexd.control, &parts->telexd, &err), &err);
}

static void control_closed_cb(void *arg)
{
    ((struct parts *)arg)->control_closed = true;
}

static void crew_closed_cb(void *arg)
{
    ((struct parts *)arg)->crew_closed = true;
}

static void tear_down(struct parts *parts)
{
    struct telexd *telexd = &parts->telexd;
    parts->crew_closed = !telexd->crew;
    if (telexd->crew)
        crew_close(telexd->crew, crew_closed_cb, parts);
    if (telexd->stream)
        stream_close(telexd->stream);
    if (telexd->live)
        live_close(telexd->live);
    PARTS_WAIT(parts, parts->crew_closed);
    commits_stop(telexd->commits);
    ingest_close(telexd->ingest);
    parts->control_closed = false;
    control_close(telexd->control, control_closed_cb, parts);
    PARTS_WAIT(parts, parts->control_closed);
    // Everything but the deadline is closed in a few turns.
    uv_unref((uv_handle_t *)&parts->deadline);
    uv_run(&parts->loop, UV_RUN_DEFAULT);
    uv_ref((uv_handle_t *)&parts->deadline);
    crew_destroy(telexd->crew);
    stream_destroy(telexd->stream);
    live_destroy(telexd->live);
    ingest_destroy(telexd->ingest);
    control_destroy(telexd->control);
    telexd->ingest = NULL;
    telexd->control = NULL;
    telexd->crew = NULL;
    telexd->stream = NULL;
    telexd->live = NULL;
    commits_destroy(telexd->commits);
    queue_destroy(telexd->queue);
    store_reader_close(telexd->reader);
    store_close(telexd->store);
    zsock_context_close(telexd->zmq);
}

void parts_restart(struct parts *parts)
{
    tear_down(parts);
    build(parts);
}

void parts_close(struct parts *parts)
{
    tear_down(parts);
    uv_close((uv_handle_t *)&parts->deadline, NULL);
    uv_run(&parts->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&parts->loop), 0);
    config_free(parts->telexd.config);
    test_folder_remove(&parts->folder);
}

// --- articles and events

struct wait {
    struct commit commit;
    bool done;
};

static void wait_cb(struct commit *commit)
{
    ((struct wait *)(void *)commit)->done = true;
}

static void submit_and_wait(struct parts *parts, struct wait *wait)
{
    wait->commit.done_cb = wait_cb;
    commits_submit(parts->telexd.commits, &wait->commit);
    PARTS_WAIT(parts, wait->done);
    assert_int_equal(wait->commit.write.status, 0);
}

static uint64_t push_some(struct parts *parts, const char *title, size_t count, unsigned *serial)
{
    struct buf buffers[64];
    struct slice records[64];
    struct ack acks[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        char uri[256];
        snprintf(uri, sizeof uri, "urn:%u", ++*serial);
        struct article article = {.uri = slice_from_text(uri),
                                  .title = slice_from_text(title),
                                  .source = slice_from_text("PAP"),
                                  .body = slice_from_text("Some text of no importance.")};
        buf_init(&buffers[i], 65536);
        article_encode(&buffers[i], &article);
        records[i] = buf_slice(&buffers[i]);
    }
    struct wait wait = {0};
    wait.commit.write =
        (struct write){.kind = WRITE_ARTICLES, .records = records, .acks = acks, .count = count};
    submit_and_wait(parts, &wait);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(acks[i].code, WIRE_OK);
        buf_fini(&buffers[i]);
    }
    return acks[0].offset;
}

uint64_t parts_push(struct parts *parts, const char *title, size_t count)
{
    static unsigned serial; // uris are unique in the whole test
    uint64_t first = 0;
    while (count) {
        size_t some = count < 64 ? count : 64;
        uint64_t offset = push_some(parts, title, some, &serial);
        first = first ? first : offset;
        count -= some;
    }
    return first;
}

static void tag(struct parts *parts, uint64_t offset, const struct parts_event *event)
{
    struct buf keys, data;
    buf_init(&keys, 4096);
    buf_init(&data, 4096);
    uint32_t count = 1;
    result_key_encode(&keys, KEY_LANGUAGE, slice_from_text(event->language));
    if (event->entity) {
        result_key_encode(&keys, KEY_ENTITY, slice_from_text(event->entity));
        count++;
    }
    buf_printf(&data,
               "{\"language\":{\"tag\":\"%s\",\"confidence\":1},\"entities\":[],\"tagger\":{}}",
               event->language);
    struct buf edits;
    buf_init(&edits, 64);
    struct edit edit = {.from = 0, .copy = 9}; // "Some text"
    edit_encode(&edits, &edit);
    struct result result = {.key_count = count,
                            .keys = buf_slice(&keys),
                            .edits = buf_slice(&edits),
                            .data = buf_slice(&data)};
    struct wait wait = {0};
    wait.commit.write = (struct write){.kind = WRITE_TAGGED, .offset = offset, .result = &result};
    submit_and_wait(parts, &wait);
    buf_fini(&keys);
    buf_fini(&edits);
    buf_fini(&data);
}

void parts_add_events(struct parts *parts, const struct parts_event *event, size_t count)
{
    uint64_t offset = parts_push(parts, "An event", count);
    for (size_t i = 0; i < count; i++)
        tag(parts, offset + i, event);
}

void parts_flip(struct parts *parts, const char *needle)
{
    char path[128];
    snprintf(path, sizeof path, "%s/store/data.mdb", parts->folder.path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    off_t size = lseek(fd, 0, SEEK_END);
    char *bytes = malloc((size_t)size);
    assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
    size_t len = strlen(needle), found = 0;
    for (off_t at = 0; at + (off_t)len <= size; at++) {
        if (memcmp(bytes + at, needle, len) != 0)
            continue;
        char flipped = (char)(bytes[at] ^ 1);
        assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
        found++;
    }
    assert_true(found > 0);
    free(bytes);
    close(fd);
}

struct store_counts parts_count(struct parts *parts)
{
    struct store_counts counts;
    assert_int_equal(store_read_begin(parts->telexd.reader), 0);
    assert_int_equal(store_count(parts->telexd.reader, &counts), 0);
    store_read_end(parts->telexd.reader);
    return counts;
}
