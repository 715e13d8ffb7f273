// The whole daemon in this process, with the fake worker: start, work, drain, restart, reload,
// fail.
#include "daemon/telexd.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "daemon/crew.h"
#include "daemon/ingest.h"
#include "proto/base/log.h"
#include "tests/unit/daemon/client.h"
#include "tests/unit/daemon/support.h"

struct fixture {
    struct test_folder folder;
    uv_loop_t loop;
    struct telexd *telexd;
    char ingest[128], control[128];
};

static atomic_bool disk_is_broken;

// Takes the place of the C library's: LMDB syncs through it.
int fdatasync(int fd)
{
    if (!disk_is_broken)
        return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

static struct config *configure(struct fixture *f, const char *mode)
{
    struct config *config;
    struct err err = {""};
    char runtime[160], store[160], lexicon[160];
    snprintf(runtime, sizeof runtime, "daemon.runtime_dir=%s/run", f->folder.path);
    snprintf(store, sizeof store, "store.directory=%s/store", f->folder.path);
    snprintf(lexicon, sizeof lexicon, "crew.lexicon=%s", mode);
    const char *const assignments[] = {runtime,
                                       store,
                                       lexicon,
                                       "crew.tagger=" TELEX_FAKE_WORKER,
                                       "crew.workers=2",
                                       "daemon.drain_timeout=1",
                                       "store.map_size=1",
                                       "security.insecure=yes",
                                       "daemon.log_level=error"};
    assert_int_equal(config_read(&config, NULL, &err), 0);
    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++)
        if (config_set(config, assignments[i], &err) != 0)
            fail_msg("%s", err.text);
    return config;
}

static void start(struct fixture *f, const char *mode)
{
    struct err err = {""};
    if (telexd_create(&f->telexd, &f->loop, configure(f, mode), &err) != 0)
        fail_msg("%s", err.text);
    snprintf(f->ingest, sizeof f->ingest, "%s", f->telexd->config->ingest_endpoint);
    snprintf(f->control, sizeof f->control, "%s", f->telexd->config->control_endpoint);
    assert_int_equal(f->telexd->lifecycle.state, LIFECYCLE_RUNNING);
}

static int end(struct fixture *f)
{
    telexd_stop(f->telexd, "test");
    int status = telexd_run(f->telexd);
    telexd_destroy(f->telexd);
    f->telexd = NULL;
    return status;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    signal(SIGPIPE, SIG_IGN);
    test_folder_make(&f->folder);
    uv_loop_init(&f->loop);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    telexd_destroy(f->telexd);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    test_folder_remove(&f->folder);
    free(f);
    return 0;
}

// --- clients ------------------------------------------------------------------------------------

enum { ARTICLES = 200 };

static void push_articles(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->ingest, ZMQ_DEALER);
    for (int i = 0; i < ARTICLES; i++) {
        char article[128];
        snprintf(article, sizeof article, "{\"uri\":\"urn:t:%d\",\"title\":\"T\"}", i);
        client_send(&c, FRAME_PUSH_JSON, (uint64_t)i, article);
    }
    char text[256];
    for (int i = 0; i < ARTICLES; i++)
        assert_int_equal(client_receive(&c, text, sizeof text).kind, FRAME_PUSH_JSON | FRAME_REPLY);
    client_disconnect(&c);
}

static long long stat_of(struct client *c, const char *member)
{
    json_t *reply = client_ask(c, FRAME_STATS, "");
    long long value = client_number(reply, member);
    json_decref(reply);
    return value;
}

// Asking again costs a turn of the daemon's loop each: there is no other way to see it from here.
static void wait_for_events(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->control, ZMQ_DEALER);
    for (int patience = 0; stat_of(&c, "events") < ARTICLES; patience++)
        assert_true(patience < 1000000);
    assert_int_equal(stat_of(&c, "events"), ARTICLES);
    assert_int_equal(stat_of(&c, "pending"), 0);
    assert_int_equal(stat_of(&c, "dead"), 0);
    json_t *reply = client_ask(&c, FRAME_VERIFY, "");
    assert_int_equal(client_number(reply, "damaged"), 0);
    json_decref(reply);
    client_disconnect(&c);
}

// --- tests --------------------------------------------------------------------------------------

static void test_a_whole_life(void **state)
{
    struct fixture *f = *state;
    start(f, "good");
    test_run_beside(&f->loop, push_articles, f);
    test_run_beside(&f->loop, wait_for_events, f);
    assert_int_equal(end(f), 0);
    start(f, "good");
    test_run_beside(&f->loop, wait_for_events, f);
    assert_int_equal(end(f), 0);
}

// What was acknowledged and not tagged is tagged after a restart, once each.
static void test_recovery(void **state)
{
    struct fixture *f = *state;
    start(f, "never-hello");
    test_run_beside(&f->loop, push_articles, f);
    assert_int_equal(end(f), 0); // its workers never finish: the drain is cut short
    start(f, "good");
    test_run_beside(&f->loop, wait_for_events, f);
}

static void test_a_second_daemon_is_refused(void **state)
{
    struct fixture *f = *state;
    struct telexd *second = (void *)&second;
    struct err err = {""};
    start(f, "good");
    assert_int_equal(telexd_create(&second, &f->loop, configure(f, "good"), &err), -EBUSY);
    assert_null(second);
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_non_null(strstr(err.text, pid));
    test_run_beside(&f->loop, push_articles, f); // the first one has lost nothing
}

static void test_two_daemons_in_one_process(void **state)
{
    struct fixture *f = *state, *other = calloc(1, sizeof *other);
    struct err err = {""};
    assert_non_null(other);
    start(f, "good");
    test_folder_make(&other->folder);
    if (telexd_create(&other->telexd, &f->loop, configure(other, "good"), &err) != 0)
        fail_msg("%s", err.text);
    snprintf(other->ingest, sizeof other->ingest, "%s", other->telexd->config->ingest_endpoint);
    snprintf(other->control, sizeof other->control, "%s", other->telexd->config->control_endpoint);
    test_run_beside(&f->loop, push_articles, other);
    test_run_beside(&f->loop, push_articles, f);
    test_run_beside(&f->loop, wait_for_events, other);
    test_run_beside(&f->loop, wait_for_events, f);
    assert_int_equal(end(other), 0);
    test_folder_remove(&other->folder);
    free(other);
}

static void refuse_start(struct fixture *f, const char *assignment, const char *word)
{
    struct telexd *telexd = (void *)&telexd;
    struct err err = {""};
    struct config *config = configure(f, "good");
    assert_int_equal(config_set(config, assignment, &err), 0);
    assert_int_not_equal(telexd_create(&telexd, &f->loop, config, &err), 0);
    assert_null(telexd);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void test_a_start_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    refuse_start(f, "store.directory=/proc/none", "/proc/none");
    refuse_start(f, "ingest.endpoint=tcp://192.0.2.1:5555", "192.0.2.1");
    refuse_start(f, "control.endpoint=ipc:///proc/none/c.sock", "/proc/none");
    start(f, "good");
    test_run_beside(&f->loop, push_articles, f);
}

static void write_config(struct fixture *f, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/telex.conf", f->folder.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static unsigned long spawned(struct fixture *f)
{
    struct crew_stats stats;
    crew_get_stats(f->telexd->crew, &stats);
    return stats.spawned;
}

static struct config *configure_from_file(struct fixture *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/telex.conf", f->folder.path);
    struct config *config = configure(f, "good");
    config->path = strdup(path);
    return config;
}

static void test_reload(void **state)
{
    struct fixture *f = *state;
    struct err err = {""};
    write_config(f, "");
    if (telexd_create(&f->telexd, &f->loop, configure_from_file(f), &err) != 0)
        fail_msg("%s", err.text);
    // The fixture's lexicon is a mode, not a file; a reload checks what a start takes on trust.
    assert_int_equal(telexd_reload(f->telexd, &err), -1);
    assert_non_null(strstr(err.text, "crew.lexicon"));
    struct config *config = f->telexd->config;
    snprintf(f->ingest, sizeof f->ingest, "%s", config->ingest_endpoint);
    write_config(f, "[crew]\nwindow = none\n");
    assert_int_equal(telexd_reload(f->telexd, &err), -1);
    assert_non_null(strstr(err.text, "telex.conf:2:"));
    assert_ptr_equal(f->telexd->config, config);
    assert_int_equal(config_set(config, "crew.lexicon=/dev/null", &err), 0);
    write_config(f, "[crew]\nwindow = 3\n[ingest]\nendpoint = ipc:///tmp/elsewhere.sock\n");
    unsigned long before = spawned(f);
    if (telexd_reload(f->telexd, &err) != 0)
        fail_msg("%s", err.text);
    assert_ptr_not_equal(f->telexd->config, config);
    assert_int_equal(f->telexd->config->crew_window, 3);
    assert_string_equal(f->telexd->config->ingest_endpoint, f->ingest); // needs a restart
    while (spawned(f) < before + 2)
        uv_run(&f->loop, UV_RUN_ONCE);
    test_run_beside(&f->loop, push_articles, f);
}

static void push_to_a_broken_disk(void *arg)
{
    struct fixture *f = arg;
    struct client c = client_connect(f->ingest, ZMQ_DEALER);
    disk_is_broken = true;
    client_send(&c, FRAME_PUSH_JSON, 1, "{\"uri\":\"urn:e:1\",\"body\":\"b\"}");
    client_expect_error(&c, 1, "store_failed", "disk");
    client_disconnect(&c);
}

static void test_a_disk_error_ends_it(void **state)
{
    struct fixture *f = *state;
    start(f, "good");
    test_run_beside(&f->loop, push_to_a_broken_disk, f);
    assert_int_equal(telexd_run(f->telexd), -EIO);
    telexd_destroy(f->telexd);
    f->telexd = NULL;
    disk_is_broken = false;
    start(f, "good");
    test_run_beside(&f->loop, push_articles, f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_a_whole_life),
        TEST(test_recovery),
        TEST(test_a_second_daemon_is_refused),
        TEST(test_two_daemons_in_one_process),
        TEST(test_a_start_that_fails_leaves_nothing),
        TEST(test_reload),
        TEST(test_a_disk_error_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
