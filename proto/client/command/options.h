// Options of a subcommand as one table, from which they are parsed and explained.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/client/command/command.h"

enum { OPTION_VALUES_MAX = 64 };

// Texts an option was given; ends with NULL.
struct option_values {
    const char *values[OPTION_VALUES_MAX + 1];
    size_t count;
    char *memory[OPTION_VALUES_MAX]; // copies that were cut at commas
    size_t copies;
};

enum option_kind {
    OPTION_FLAG,   // bool
    OPTION_TEXT,   // const char *
    OPTION_NUMBER, // uint64_t, within low and high
    OPTION_MANY,   // struct option_values; the option may be repeated
    OPTION_LIST,   // struct option_values; repeated, or values with commas between them
};

struct option_row {
    const char *name;     // without the dashes; NULL ends the table
    const char *argument; // how the help calls it; NULL for a flag
    enum option_kind kind;
    void *target;
    const char *help;
    uint64_t low, high; // of a number
};

struct usage {
    const char *synopsis;             // "push [OPTION...] [FILE...]"
    const char *about;                // a paragraph
    const struct option_row *options; // NULL: none of its own
    const char *notes;                // behind the options; may be NULL
    int operands_min, operands_max;   // -1: any number
};

// Results of options_parse that are no index.
enum { OPTIONS_HELP = -1, OPTIONS_BAD = -2 };

// Parses argv[1...], options and operands in any order, those of `context` among them. Returns the
// index of the first operand (argv is reordered), OPTIONS_HELP when --help was asked for and has
// been printed, or OPTIONS_BAD when what is wrong and the usage have been printed.
int options_parse(const struct usage *usage, struct context *context, int argc, char **argv);

// The same for what stands before the subcommand's name: stops at the first operand; --help and
// --version give 'h' and 'v' in *asked (else 0).
int options_parse_first(struct context *context, int argc, char **argv, char *asked);

// Exit status for a negative result.
static inline int options_status(int result)
{
    return result == OPTIONS_HELP ? STATUS_OK : STATUS_USAGE;
}

// Help for the options that every subcommand has.
void options_explain_common(void);

// Says what is wrong on stderr, then the usage line. Returns STATUS_USAGE.
int options_complain(const struct usage *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void option_values_fini(struct option_values *values);
