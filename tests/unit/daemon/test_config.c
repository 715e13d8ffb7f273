#include "daemon/config.h"

#include "daemon/config_table.h"
#include "proto/base/log.h"
#include "tests/unit/daemon/support.h"

static struct test_folder folder;

static int make_folder(void **state)
{
    (void)state;
    test_folder_make(&folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(&folder);
    return 0;
}

static const char *write_file(const char *text, size_t len)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/telex.conf", folder.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
    return path;
}

static int read_text(const char *text, struct config **config, struct err *err)
{
    return config_read(config, write_file(text, strlen(text)), err);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *c;
    struct err err = {""};
    assert_int_equal(config_read(&c, NULL, &err), 0);
    assert_string_equal(c->daemon_log_level, "info");
    assert_string_equal(c->store_directory, "");
    assert_int_equal(c->ingest_queue_articles, 8192);
    assert_int_equal(c->crew_attempts, 3);
    assert_null(c->path);
    config_free(c);
    config_free(NULL);
}

static void test_a_file(void **state)
{
    (void)state;
    struct config *c;
    struct err err = {""};
    assert_int_equal(read_text("# comment\n[crew]\nworkers = 4\n\n[stream]\nsource=/desk ; ours\n"
                               "[store]\ndirectory = /var/lib/tele x\n",
                               &c, &err),
                     0);
    assert_int_equal(c->crew_workers, 4);
    assert_string_equal(c->stream_source, "/desk");
    assert_string_equal(c->store_directory, "/var/lib/tele x");
    config_free(c);
}

static void refuse(const char *text, const char *where, const char *what)
{
    struct config *c = (void *)&c;
    struct err err = {""};
    assert_int_equal(read_text(text, &c, &err), -1);
    assert_null(c);
    if (!strstr(err.text, where) || !strstr(err.text, what))
        fail_msg("\"%s\" names neither \"%s\" nor \"%s\"", err.text, where, what);
}

static void test_errors_name_file_and_line(void **state)
{
    (void)state;
    refuse("[crew]\nworkers = many\n", "telex.conf:2:", "0 to 256");
    refuse("[crew]\nworkers = 257\n", "telex.conf:2:", "crew.workers");
    refuse("[crew]\nworkers = 1x\n", "telex.conf:2:", "processes");
    refuse("[crew]\nworkers =\n", "telex.conf:2:", "number");
    refuse("\n\n[crew]\nworker = 1\n", "telex.conf:4:", "no key \"worker\" in [crew]");
    refuse("[krew]\nworkers = 1\n", "telex.conf:2:", "no section [krew]");
    refuse("workers = 1\n", "telex.conf:1:", "no section []");
    refuse("[crew]\nworkers 1\n", "telex.conf:2:", "key = value");
    refuse("[crew\nworkers = 1\n", "telex.conf:1:", "[section]");
    refuse("[crew]\nworkers = 1\nwindow = 2\nworkers = 2\n", "telex.conf:4:", "twice");
    refuse("[crew]\nworkers = 1\n  window = 2\n", "telex.conf:3:", "twice");
    char line[400];
    snprintf(line, sizeof line, "[store]\ndirectory = /%0300d\n", 0);
    refuse(line, "telex.conf:2:", "longer than");
    struct config *c;
    struct err err;
    assert_int_equal(config_read(&c, write_file("[crew]\0\n", 8), &err), -1);
    assert_non_null(strstr(err.text, "NUL"));
    assert_int_equal(config_read(&c, "/nonexistent/telex.conf", &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/telex.conf"));
}

static void test_assignments(void **state)
{
    (void)state;
    struct config *c, *again;
    struct err err;
    assert_int_equal(read_text("[crew]\nworkers = 4\nwindow = 5\n", &c, &err), 0);
    assert_int_equal(config_set(c, "crew.workers=7", &err), 0);
    assert_int_equal(c->crew_workers, 7);
    assert_int_equal(config_set(c, "crew.workers", &err), -1);
    assert_int_equal(config_set(c, "crew.worker=1", &err), -1);
    assert_int_equal(config_set(c, "crew=1.2", &err), -1);
    assert_int_equal(config_set(c, "stream.source=a ;b", &err), -1);
    assert_int_equal(config_set(c, "stream.source=a\nb", &err), -1);
    char line[400];
    snprintf(line, sizeof line, "store.directory=/%0300d", 0);
    assert_int_equal(config_set(c, line, &err), -1);
    assert_non_null(strstr(err.text, "does not fit a line"));
    static const char changed[] = "[crew]\nworkers = 4\nwindow = 6\n";
    write_file(changed, sizeof changed - 1);
    assert_int_equal(config_reread(&again, c, &err), 0);
    assert_int_equal(again->crew_workers, 7);
    assert_int_equal(again->crew_window, 6);
    config_free(again);
    config_free(c);
}

static char *print_to_text(const struct config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    config_print(config, out);
    fclose(out);
    return text;
}

static void test_print_can_be_read(void **state)
{
    (void)state;
    struct config *c, *again;
    struct err err = {""};
    assert_int_equal(config_read(&c, NULL, &err), 0);
    assert_int_equal(config_set(c, "store.directory=/a b", &err), 0);
    assert_int_equal(config_set(c, "crew.timeout=11", &err), 0);
    char *text = print_to_text(c);
    if (read_text(text, &again, &err) != 0)
        fail_msg("%s", err.text);
    size_t count;
    const struct param *params = config_params(&count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(text, params[i].help));
        if (params[i].type == PARAM_IS_TEXT)
            assert_string_equal(*param_text(again, &params[i]), *param_text(c, &params[i]));
        else if (params[i].type == PARAM_IS_NUMBER)
            assert_int_equal(*param_number(again, &params[i]), *param_number(c, &params[i]));
    }
    free(text);
    config_free(again);
    config_free(c);
}

static void test_resolve(void **state)
{
    (void)state;
    struct config *c;
    struct err err;
    setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1);
    unsetenv("STATE_DIRECTORY");
    unsetenv("CONFIGURATION_DIRECTORY");
    assert_int_equal(config_read(&c, NULL, &err), 0);
    assert_int_equal(config_set(c, "live.endpoint=none", &err), 0);
    assert_int_equal(config_resolve(c, &err), 0);
    assert_string_equal(c->daemon_runtime_dir, "/run/one");
    assert_string_equal(c->store_directory, "/var/lib/telex");
    assert_string_equal(c->ingest_endpoint, "ipc:///run/one/ingest.sock");
    assert_string_equal(c->live_endpoint, "none");
    assert_string_equal(c->crew_user_lexicon, "/etc/telex/lexicon.tlx");
    config_free(c);
    setenv("CONFIGURATION_DIRECTORY", "/etc/other", 1);
    assert_int_equal(config_read(&c, NULL, &err), 0);
    assert_int_equal(config_resolve(c, &err), 0);
    assert_string_equal(c->crew_user_lexicon, "/etc/other/lexicon.tlx");
    config_free(c);
    unsetenv("CONFIGURATION_DIRECTORY");
    unsetenv("RUNTIME_DIRECTORY");
}

static void check_refused(const char *assignment, const char *what)
{
    struct config *c;
    struct err err = {""};
    char runtime[128], store[128];
    snprintf(runtime, sizeof runtime, "daemon.runtime_dir=%s", folder.path);
    snprintf(store, sizeof store, "store.directory=%s/store", folder.path);
    assert_int_equal(config_read(&c, NULL, &err), 0);
    assert_int_equal(config_set(c, runtime, &err), 0);
    assert_int_equal(config_set(c, store, &err), 0);
    if (config_check(c, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(config_set(c, assignment, &err), 0);
    assert_int_equal(config_check(c, &err), -1);
    if (!strstr(err.text, what))
        fail_msg("\"%s\" does not say \"%s\"", err.text, what);
    config_free(c);
}

static void test_check(void **state)
{
    (void)state;
    check_refused("daemon.log_level=loud", "loud");
    check_refused("store.map_size=2048", "map_limit");
    check_refused("ingest.endpoint=udp://1", "udp://1");
    check_refused("ingest.endpoint=tcp://127.0.0.1", "tcp://127.0.0.1");
    check_refused("ingest.endpoint=tcp://127.0.0.1:70000", "65535");
    check_refused("ingest.endpoint=ipc://relative", "absolute");
    check_refused("store.directory=/nonexistent/a/b", "/nonexistent/a");
    check_refused("crew.tagger=/nonexistent/tagger", "crew.tagger");
    char twice[128];
    snprintf(twice, sizeof twice, "control.endpoint=ipc://%s/ingest.sock", folder.path);
    check_refused(twice, "ingest.endpoint and control.endpoint");
    char longer[256];
    snprintf(longer, sizeof longer, "daemon.runtime_dir=/%0110d", 0);
    check_refused(longer, "107");
}

static void test_keep_fixed(void **state)
{
    (void)state;
    struct config *old, *next;
    struct err err;
    assert_int_equal(config_read(&old, NULL, &err), 0);
    assert_int_equal(config_read(&next, NULL, &err), 0);
    assert_int_equal(config_set(next, "store.directory=/elsewhere", &err), 0);
    assert_int_equal(config_set(next, "store.map_size=65", &err), 0);
    assert_int_equal(config_set(next, "crew.window=9", &err), 0);
    const char *kept = old->stream_source;
    config_keep_fixed(next, old);
    assert_string_equal(next->store_directory, "");
    assert_int_equal(next->store_map_size, 64);
    assert_int_equal(next->crew_window, 9);
    assert_ptr_equal(next->stream_source, kept);
    config_free(old);
    config_free(next);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_a_file),
        cmocka_unit_test(test_errors_name_file_and_line),
        cmocka_unit_test(test_assignments),
        cmocka_unit_test(test_print_can_be_read),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_keep_fixed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
