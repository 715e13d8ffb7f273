// telexd: reads its command line and configuration, starts the daemon, hands signals on.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/fds.h"
#include "daemon/offline.h"
#include "daemon/telexd.h"
#include "proto/base/log.h"

static const char default_path[] = "/etc/telex/telex.conf";

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT, MODE_VERIFY, MODE_REPAIR };

struct options {
    enum mode mode;
    const char *config_path;
    const char *directory; // of MODE_VERIFY and MODE_REPAIR
    char **assignments;    // of argv
    size_t assignment_count;
};

static const char usage[] =
    "Usage: telexd [OPTION]...\n"
    "A news wire: accepts articles, tags them, and streams the events.\n\n"
    "  -c, --config FILE          configuration (default: /etc/telex/telex.conf, if it is there)\n"
    "  -o, --option SECTION.KEY=VALUE\n"
    "                             set one key; wins over the file; may be given often\n"
    "      --check                read and check the configuration, then end\n"
    "      --print-config         show every key with its value and what it means, then end\n"
    "      --verify DIRECTORY     check every record and index of a store no daemon uses, then "
    "end\n"
    "      --repair DIRECTORY     make a damaged store anew from all that is intact, then end\n"
    "      --version              show the version, then end\n"
    "  -h, --help                 show this, then end\n\n"
    "Signals: TERM and INT end it after what is under way (a second one at once), HUP reads the\n"
    "configuration again. Exit status: 0 good, 1 failed or damaged, 2 wrong usage.\n";

// --- command line -------------------------------------------------------------------------------

enum { OPT_CHECK = 256, OPT_PRINT, OPT_VERIFY, OPT_REPAIR, OPT_VERSION };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"option", required_argument, NULL, 'o'},
    {"check", no_argument, NULL, OPT_CHECK},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"verify", required_argument, NULL, OPT_VERIFY},
    {"repair", required_argument, NULL, OPT_REPAIR},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

// One option. -1: go on; else the exit status to end with.
static int take_option(struct options *options, int option)
{
    switch (option) {
    case 'c':
        options->config_path = optarg;
        return -1;
    case 'o':
        options->assignments[options->assignment_count++] = optarg;
        return -1;
    case OPT_CHECK:
        options->mode = MODE_CHECK;
        return -1;
    case OPT_PRINT:
        options->mode = MODE_PRINT;
        return -1;
    case OPT_VERIFY:
    case OPT_REPAIR:
        options->mode = option == OPT_VERIFY ? MODE_VERIFY : MODE_REPAIR;
        options->directory = optarg;
        return -1;
    case OPT_VERSION:
        printf("telexd %s\n", TELEX_VERSION);
        return 0;
    case 'h':
        fputs(usage, stdout);
        return 0;
    default:
        fputs("Try \"telexd --help\".\n", stderr);
        return 2;
    }
}

static int read_command_line(struct options *options, int argc, char **argv)
{
    for (int option; (option = getopt_long(argc, argv, "c:o:h", long_options, NULL)) != -1;) {
        int status = take_option(options, option);
        if (status >= 0)
            return status;
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "telexd: unexpected argument \"%s\"\nTry \"telexd --help\".\n", argv[optind]);
    return 2;
}

static struct config *read_config(const struct options *options, struct err *err)
{
    const char *path = options->config_path;
    if (!path && access(default_path, F_OK) == 0)
        path = default_path;
    struct config *config;
    if (config_read(&config, path, err) != 0)
        return NULL;
    for (size_t i = 0; i < options->assignment_count; i++) {
        if (config_set(config, options->assignments[i], err) != 0) {
            config_free(config);
            return NULL;
        }
    }
    return config;
}

// --- running ------------------------------------------------------------------------------------

struct signals {
    struct telexd *telexd; // NULL while it is being made
    uv_signal_t term, interrupt, hang_up;
    bool stopping;
};

static void stop_cb(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;
    if (signals->stopping) {
        log_warning("second signal, ending at once signal=%d", number);
        _exit(128 + number);
    }
    signals->stopping = true;
    if (signals->telexd)
        telexd_stop(signals->telexd, number == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void reload_cb(uv_signal_t *handle, int number)
{
    (void)number;
    struct signals *signals = handle->data;
    struct err err = {""};
    if (signals->telexd && telexd_reload(signals->telexd, &err) != 0)
        log_error("configuration not reloaded, the old one stays in force error=\"%s\"",
                  err_text(&err));
}

static void signals_start(struct signals *signals, uv_loop_t *loop)
{
    uv_signal_init(loop, &signals->term);
    uv_signal_init(loop, &signals->interrupt);
    uv_signal_init(loop, &signals->hang_up);
    signals->term.data = signals->interrupt.data = signals->hang_up.data = signals;
    uv_signal_start(&signals->term, stop_cb, SIGTERM);
    uv_signal_start(&signals->interrupt, stop_cb, SIGINT);
    uv_signal_start(&signals->hang_up, reload_cb, SIGHUP);
}

static void signals_stop(struct signals *signals)
{
    uv_close((uv_handle_t *)&signals->term, NULL);
    uv_close((uv_handle_t *)&signals->interrupt, NULL);
    uv_close((uv_handle_t *)&signals->hang_up, NULL);
}

// The handlers are there before the daemon says that it is ready: a signal that comes then counts.
static int run_on(uv_loop_t *loop, struct config *config, struct err *err)
{
    struct telexd *telexd;
    struct signals signals = {0};
    signals_start(&signals, loop);
    int result = telexd_create(&telexd, loop, config, err);
    if (result == 0) {
        signals.telexd = telexd;
        result = telexd_run(telexd);
        signals.telexd = NULL;
        telexd_destroy(telexd);
        err_set(err, "ended because of the store: %s", strerror(-result));
    }
    signals_stop(&signals);
    uv_run(loop, UV_RUN_DEFAULT);
    return result;
}

static int run(struct config *config, struct err *err)
{
    uv_loop_t loop;
    signal(SIGPIPE, SIG_IGN);
    int result = fds_prepare(err);
    if (result == 0)
        result = config_check(config, err);
    if (result == 0 && uv_loop_init(&loop) != 0)
        result = err_set_errno(err, ENOMEM, "the event loop");
    if (result != 0) {
        config_free(config);
        return result;
    }
    log_notice("telexd starting version=%s pid=%d", TELEX_VERSION, (int)getpid());
    result = run_on(&loop, config, err);
    uv_loop_close(&loop);
    if (result == 0)
        log_notice("telexd ended");
    return result;
}

static int serve(struct options *options, struct err *err)
{
    if (options->mode == MODE_VERIFY)
        return offline_verify(options->directory, err);
    if (options->mode == MODE_REPAIR)
        return offline_repair(options->directory, err);
    struct config *config = read_config(options, err);
    if (!config)
        return -1;
    if (options->mode == MODE_RUN)
        return run(config, err); // takes it
    int result = options->mode == MODE_CHECK ? config_check(config, err) : 0;
    if (result == 0 && options->mode == MODE_PRINT)
        config_print(config, stdout);
    else if (result == 0)
        printf("OK\n");
    config_free(config);
    return result;
}

int main(int argc, char **argv)
{
    struct options options = {.assignments = calloc((size_t)argc, sizeof(char *))};
    struct err err = {""};
    if (!options.assignments) {
        fputs("telexd: out of memory\n", stderr);
        return 1;
    }
    int status = read_command_line(&options, argc, argv);
    store_trap_faults();
    if (status < 0) {
        status = serve(&options, &err) == 0 ? 0 : 1;
        if (status != 0 && err.text[0])
            fprintf(stderr, "telexd: %s\n", err_text(&err));
    }
    free(options.assignments);
    return fflush(stdout) == 0 ? status : 1;
}
