// telex backup: copy the store while it is in use.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

// The daemon has another working directory than we. 0 or a negative errno.
static int make_absolute(const char *path, char out[PATH_MAX])
{
    char here[PATH_MAX];
    if (path[0] == '/')
        return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
    if (!getcwd(here, sizeof here))
        return -errno;
    return snprintf(out, PATH_MAX, "%s/%s", here, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int command_backup(struct context *context, int argc, char **argv)
{
    bool json = false;
    const struct option_row options[] = {
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "backup [OPTION...] DIR",
        "Has the daemon copy its store into DIR, which is empty or not there yet, while it goes "
        "on\n"
        "working. It is the daemon that writes: its user and its service must be able to.",
        options,
        NULL,
        1,
        1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    char directory[PATH_MAX];
    int made = make_absolute(argv[first], directory);
    if (made != 0)
        return options_complain(&usage, "%s: %s", argv[first], strerror(-made));
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK) {
        question_put_text(&question, "directory", directory);
        status = question_ask(&question, "backup", 0);
    }
    if (status == STATUS_OK && json)
        question_print(&question);
    else if (status == STATUS_OK)
        printf("%s: %" PRIu64 " bytes\n", directory, out_integer(question.answer, "bytes"));
    question_fini(&question);
    return status;
}
