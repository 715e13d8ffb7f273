// telex-tagger: what telexd starts as its workers, and what `telex tag` is.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "proto/base/json.h"
#include "proto/base/log.h"
#include "workers/runtime/worker.h"
#include "workers/tagger/job.h"
#include "workers/tagger/own_place.h"
#include "workers/tagger/tag_lines.h"

static const char help_text[] =
    "Usage: telex-tagger [--lexicon FILE] [--model FILE] [--user-lexicon FILE]\n"
    "                    [--lines [--explain] | --worker]\n"
    "Find the language and the named entities of articles.\n"
    "\n"
    "  --lines              one article a line on standard input (plain JSON, ninjs or a JSON\n"
    "                       Feed item), one tagged event a line on standard output, in the same\n"
    "                       order, each as soon as there is nothing more to read (default; `telex\n"
    "                       tag` is this)\n"
    "  --explain            with --lines: say of each mention why it is one, in a member "
    "`explain`\n"
    "  --worker             speak telexd's worker protocol on standard input and output\n"
    "  --lexicon FILE       use this lexicon instead of the installed one\n"
    "  --model FILE         use this names model instead of the installed one\n"
    "  --user-lexicon FILE  your own names, as `telex lexicon build` compiles them; none: nothing "
    "of\n"
    "                       your own. Without it, --lines takes $XDG_DATA_HOME/telex/lexicon.tlx\n"
    "                       (~/.local/share/telex/lexicon.tlx) when that is there\n"
    "  --version            print version and lexicon\n"
    "  --help               print this\n"
    "\n"
    "Exit status: 0; 1 when an article was refused or something failed; 2 for a wrong command "
    "line.\n";

enum mode { MODE_LINES, MODE_WORKER, MODE_VERSION, MODE_HELP, MODE_WRONG };

struct options {
    enum mode mode;
    bool explain;
    struct tagger_files files;
    struct own_place place; // of the person who runs it
};

static struct options options_read(int argc, char **argv)
{
    static const struct option known[] = {
        {"lines", no_argument, NULL, 'l'},
        {"explain", no_argument, NULL, 'e'},
        {"worker", no_argument, NULL, 'w'},
        {"lexicon", required_argument, NULL, 'L'},
        {"model", required_argument, NULL, 'm'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"user-lexicon", required_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.mode = MODE_LINES};
    int option;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 'l':
            options.mode = MODE_LINES;
            break;
        case 'e':
            options.explain = true;
            break;
        case 'w':
            options.mode = MODE_WORKER;
            break;
        case 'L':
            options.files.lexicon = optarg;
            break;
        case 'm':
            options.files.model = optarg;
            break;
        case 'u':
            options.files.user_lexicon = optarg;
            break;
        case 'v':
            options.mode = MODE_VERSION;
            break;
        case 'h':
            options.mode = MODE_HELP;
            return options;
        default:
            options.mode = MODE_WRONG;
            return options;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "telex-tagger: unexpected argument: %s\n", argv[optind]);
        options.mode = MODE_WRONG;
    }
    return options;
}

static int job_cb(struct slice record, struct buf *out, void *arg, struct err *err)
{
    return job_run(arg, record, out, err);
}

static int run_worker(const struct tagger *tagger, pid_t parent)
{
    struct buf hello;
    buf_init(&hello, 4096);
    buf_put_text(&hello, "{\"worker\":\"telex-tagger\",\"version\":\"" TELEX_VERSION
                         "\",\"tagger\":\"" TAGGER_VERSION "\",\"lexicon\":");
    json_put_string(&hello, slice_from_text(tagger_lexicon_id(tagger)));
    buf_put(&hello, "}", 2);
    if (hello.failed) {
        log_error("worker-failed error=\"no memory\"");
        return 1;
    }
    struct job job;
    job_init(&job, tagger);
    const struct worker worker = {
        .hello = hello.ptr,
        .job_cb = job_cb,
        .arg = &job,
        .sandbox = {.memory_max = WORKER_MEMORY_MAX, .die_with_parent = true, .parent = parent}};
    int status = worker_main(&worker);
    job_fini(&job);
    buf_fini(&hello);
    return status;
}

static int run_lines(const struct tagger *tagger)
{
    struct err err = {0};
    // What libraries would look for at first use, before the sandbox forbids it.
    xmlInitParser();
    json_object_seed(0);
    const struct sandbox sandbox = {.memory_max = WORKER_MEMORY_MAX};
    if (sandbox_enter(&sandbox, &err) < 0) {
        fprintf(stderr, "telex-tagger: %s\n", err_text(&err));
        return 1;
    }
    return tag_lines_run(tagger);
}

static void complain(const struct options *options, const char *event, const struct err *err)
{
    if (options->mode != MODE_WORKER)
        fprintf(stderr, "telex-tagger: %s\n", err_text(err));
    else if (strcmp(event, "worker-failed") == 0)
        log_error("%s error=\"%s\"", event, err_text(err));
    else
        log_warning("%s error=\"%s\"", event, err_text(err));
}

// A file that was asked for by name is expected to be there; telexd asks for the one it would use.
static int user_lexicon_find(struct options *options, struct err *err)
{
    const char **path = &options->files.user_lexicon;
    bool asked = *path != NULL;
    if (!asked && options->mode != MODE_WORKER && own_place_of_person(&options->place, NULL) == 0)
        *path = options->place.compiled;
    if (*path && strcmp(*path, "none") == 0)
        *path = NULL;
    if (!*path || !asked || options->mode == MODE_WORKER || access(*path, F_OK) == 0)
        return 0;
    return err_set_errno(err, errno, "cannot open lexicon %s", *path);
}

static int open_tagger(struct tagger **out, struct options *options)
{
    struct err err = {.text = ""}, warning;
    if (user_lexicon_find(options, &err) < 0 ||
        tagger_open(out, &options->files, &warning, &err) < 0) {
        complain(options, "worker-failed", &err);
        return -1;
    }
    if (warning.text[0])
        complain(options, "user-lexicon-refused", &warning);
    return 0;
}

static int run_tagger(struct options *options, pid_t parent)
{
    struct tagger *tagger;
    if (open_tagger(&tagger, options) < 0)
        return 1;
    int status = 0;
    tagger_set_explain(tagger, options->explain && options->mode == MODE_LINES);
    if (options->mode == MODE_VERSION)
        printf("telex-tagger %s, tagger %s, lexicon %s%s\n", TELEX_VERSION, TAGGER_VERSION,
               tagger_lexicon_id(tagger), sandbox_is_whole() ? "" : ", NOT SANDBOXED");
    else if (options->mode == MODE_WORKER)
        status = run_worker(tagger, parent);
    else
        status = run_lines(tagger);
    tagger_close(tagger);
    return status;
}

int main(int argc, char **argv)
{
    pid_t parent = getppid();
    struct options options = options_read(argc, argv);
    switch (options.mode) {
    case MODE_HELP:
        fputs(help_text, stdout);
        return 0;
    case MODE_WRONG:
        fputs("Try: telex-tagger --help\n", stderr);
        return 2;
    default:
        return run_tagger(&options, parent);
    }
}
