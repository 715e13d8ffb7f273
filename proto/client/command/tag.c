// telex tag: the tagger alone. It is the worker's program that does it.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/path.h"
#include "proto/client/command/command.h"

static int find_tagger(char out[PATH_MAX])
{
    const char *given = getenv("TELEX_TAGGER");
    if (!given || !*given)
        return path_find_program("telex-tagger", out);
    return snprintf(out, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// Every argument is the tagger's, --help as well.
int command_tag(struct context *context, int argc, char **argv)
{
    (void)context;
    (void)argc;
    char tagger[PATH_MAX];
    if (find_tagger(tagger) != 0) {
        fputs("telex: telex-tagger is not installed; TELEX_TAGGER may name it\n", stderr);
        return STATUS_USAGE;
    }
    signal(SIGPIPE, SIG_DFL); // ignored signals outlive exec
    argv[0] = tagger;
    execv(tagger, argv);
    fprintf(stderr, "telex: cannot run %s: %s\n", tagger, strerror(errno));
    return STATUS_USAGE;
}
