// telex tag, telex lexicon and telex repair: other programs, which know nothing of the wire.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/path.h"
#include "proto/client/command/command.h"
#include "proto/client/command/options.h"

static int find(const char *name, const char *variable, char out[PATH_MAX])
{
    const char *given = variable ? getenv(variable) : NULL;
    if (!given || !*given)
        return path_find_program(name, out);
    return snprintf(out, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// Becomes the program. Every argument is its own, --help as well.
static int become(const char *name, const char *variable, char **argv)
{
    char program[PATH_MAX];
    if (find(name, variable, program) != 0) {
        fprintf(stderr, "telex: %s is not installed%s%s\n", name, variable ? "; " : "",
                variable ? "TELEX_TAGGER may name it" : "");
        return STATUS_USAGE;
    }
    signal(SIGPIPE, SIG_DFL); // ignored signals outlive exec
    argv[0] = program;
    execv(program, argv);
    fprintf(stderr, "telex: cannot run %s: %s\n", program, strerror(errno));
    return STATUS_USAGE;
}

int command_tag(struct context *context, int argc, char **argv)
{
    (void)context;
    (void)argc;
    return become("telex-tagger", "TELEX_TAGGER", argv);
}

int command_lexicon(struct context *context, int argc, char **argv)
{
    (void)context;
    (void)argc;
    return become("telex-lexicon", NULL, argv);
}

int command_repair(struct context *context, int argc, char **argv)
{
    const struct option_row options[] = {{.name = NULL}};
    const struct usage usage = {
        "repair DIRECTORY",
        "Makes a damaged store anew, offline: salvages every intact record with its number, moves "
        "the\n"
        "damaged file aside within the directory, and names what was lost, line by line.",
        options,
        "Exit status: 0 the store is sound now; 1 it could not be repaired, and is as it was; 2 "
        "wrong\n"
        "usage.",
        1,
        1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    char option[] = "--repair";
    char *arguments[] = {NULL, option, argv[first], NULL};
    return become("telexd", NULL, arguments);
}
