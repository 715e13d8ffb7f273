// telex: the command line of telex. Reads the common options, finds the subcommand, runs it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/client/command/command.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"

volatile sig_atomic_t command_signal;

static const struct command commands[] = {
#define COMMAND(name, summary) {#name, command_##name, summary},
#include "proto/client/command/commands.def"
#undef COMMAND
    {NULL, NULL, NULL},
};

const struct command *command_lookup(const struct command *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

void command_list(const struct command *table)
{
    for (; table->name; table++)
        printf("  %-8s %s\n", table->name, table->summary);
}

static void on_signal_cb(int number)
{
    command_signal = number;
}

void command_catch_signals(void)
{
    // Without SA_RESTART: what waits is to end.
    const struct sigaction action = {.sa_handler = on_signal_cb};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int help(void)
{
    printf("Usage: telex [OPTION...] COMMAND [ARGUMENT...]\n\n"
           "Hands articles to telexd, follows its stream of tagged events, asks it questions.\n\n"
           "Commands (telex COMMAND --help tells more):\n");
    command_list(commands);
    printf("\nFor every subcommand, before or after its name:\n");
    options_explain_common();
    printf("  %-22s %s\n", "--version", "the version");
    return STATUS_OK;
}

// `telex help push` is `telex push --help`.
static int run_help(struct context *context, int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_lookup(commands, argv[1]) : NULL;
    if (!command)
        return help();
    char option[] = "--help";
    char *arguments[] = {argv[1], option, NULL};
    return command->run(context, 2, arguments);
}

// What could not be written must not look like success; nobody reading on is no fault.
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (out_is_abandoned())
        return status;
    fprintf(stderr, "telex: cannot write to standard output: %s\n", strerror(errno));
    return status == STATUS_OK ? STATUS_REFUSED : status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    struct context context = {.color = "auto", .timeout_s = TIMEOUT_UNSET};
    char asked;
    int first = options_parse_first(&context, argc, argv, &asked);
    if (asked == 'v')
        return printf("telex %s\n", TELEX_VERSION), finish(STATUS_OK);
    if (asked == 'h')
        return finish(help());
    if (first < 0)
        return STATUS_USAGE;
    if (first == argc) {
        fputs("telex: what is to be done? telex --help lists the commands\n", stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[first], "help") == 0)
        return finish(run_help(&context, argc - first, argv + first));
    const struct command *command = command_lookup(commands, argv[first]);
    if (command)
        return finish(command->run(&context, argc - first, argv + first));
    fprintf(stderr, "telex: there is no command \"%s\"; telex --help lists them\n", argv[first]);
    return STATUS_USAGE;
}
