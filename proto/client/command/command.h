// The telex command: one file a subcommand, all in the table of main.c.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <telex/client.h>

enum command_status {
    STATUS_OK = 0,
    STATUS_REFUSED = 1, // the daemon said no, or nothing was found
    STATUS_USAGE = 2,   // used in a wrong way, or nobody could be reached
};

// What every subcommand understands.
struct context {
    struct telex_endpoints endpoints;
    const char *color;  // "auto", "always", "never"
    uint64_t timeout_s; // TIMEOUT_UNSET: the subcommand's own
};

#define TIMEOUT_UNSET UINT64_MAX

// SIGINT or SIGTERM, once one of them has come; waits end with it. 0 before.
extern volatile sig_atomic_t command_signal;

// From here on SIGINT and SIGTERM set command_signal instead of ending the process.
void command_catch_signals(void);

// Each gets its own name as argv[0] and returns an exit status.
#define COMMAND(name, summary) int command_##name(struct context *context, int argc, char **argv);
#include "proto/client/command/commands.def"
#undef COMMAND

// The same interface for the two words of `dead list`, `cursor drop` and their like.
struct command {
    const char *name;
    int (*run)(struct context *context, int argc, char **argv);
    const char *summary;
};

// The command of that name in a table that ends with a NULL name; NULL when there is none.
const struct command *command_lookup(const struct command *table, const char *name);

// "  name   summary" for each.
void command_list(const struct command *table);
