#include "proto/client/command/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 32, KEY_FIRST = 256, KEY_HELP = 1, KEY_VERSION = 2, COMMON = 8 };

// One table of rows: the subcommand's, then the common ones.
struct rows {
    const struct option_row *row[ROWS_MAX];
    struct option_row common[COMMON];
    struct option options[ROWS_MAX + 3];
    size_t count;
};

static void rows_add(struct rows *rows, const struct option_row *row)
{
    rows->options[rows->count] =
        (struct option){.name = row->name,
                        .has_arg = row->kind == OPTION_FLAG ? no_argument : required_argument,
                        .val = KEY_FIRST + (int)rows->count};
    rows->row[rows->count++] = row;
}

static void rows_fill(struct rows *rows, const struct option_row *own, struct context *context)
{
    const struct option_row common[COMMON] = {
        {"runtime-dir", "DIR", OPTION_TEXT, &context->endpoints.runtime_dir,
         "folder of the daemon's sockets (else $TELEX_RUNTIME_DIR, $RUNTIME_DIRECTORY, /run/telex)",
         0, 0},
        {"ingest", "ENDPOINT", OPTION_TEXT, &context->endpoints.ingest,
         "where to push, e.g. tcp://127.0.0.1:5550", 0, 0},
        {"stream", "ENDPOINT", OPTION_TEXT, &context->endpoints.stream, "where to follow", 0, 0},
        {"control", "ENDPOINT", OPTION_TEXT, &context->endpoints.control, "where to ask", 0, 0},
        {"server-key", "KEY", OPTION_TEXT, &context->endpoints.server_key,
         "on tcp: the daemon's public key, or a file with it (else $TELEX_SERVER_KEY)", 0, 0},
        {"client-key", "FILE", OPTION_TEXT, &context->endpoints.client_key,
         "on tcp: your own secret key (else $TELEX_CLIENT_KEY); telex keygen makes one", 0, 0},
        {"color", "WHEN", OPTION_TEXT, &context->color,
         "auto (on a terminal, unless NO_COLOR is set), always or never", 0, 0},
        {"timeout", "SECONDS", OPTION_NUMBER, &context->timeout_s,
         "give up when nobody answers for so long (questions: 10; otherwise never)", 1, 1000000},
    };
    *rows = (struct rows){0};
    for (size_t i = 0; own && own[i].name && i < ROWS_MAX - COMMON; i++)
        rows_add(rows, &own[i]);
    for (size_t i = 0; i < COMMON; i++) {
        rows->common[i] = common[i];
        rows_add(rows, &rows->common[i]);
    }
    rows->options[rows->count] = (struct option){.name = "help", .val = KEY_HELP};
    rows->options[rows->count + 1] = (struct option){.name = "version", .val = KEY_VERSION};
}

// --- help

static void row_explain(const struct option_row *row)
{
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
             row->argument ? row->argument : "");
    printf("  %-22s %s\n", left, row->help);
}

void options_explain_common(void)
{
    struct context context = {0};
    struct rows rows;
    rows_fill(&rows, NULL, &context);
    for (size_t i = 0; i < rows.count; i++)
        row_explain(rows.row[i]);
    printf("  %-22s %s\n", "--help", "this text");
}

static void usage_explain(const struct usage *usage)
{
    printf("Usage: telex %s\n\n%s\n", usage->synopsis, usage->about);
    if (usage->options)
        printf("\nOptions:\n");
    for (const struct option_row *row = usage->options; row && row->name; row++)
        row_explain(row);
    printf("\nFor every subcommand:\n");
    options_explain_common();
    if (usage->notes)
        printf("\n%s\n", usage->notes);
}

int options_complain(const struct usage *usage, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("telex: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nUsage: telex %s\n", usage->synopsis);
    return STATUS_USAGE;
}

// --- values

static int values_add(struct option_values *out, const char *value)
{
    if (out->count == OPTION_VALUES_MAX)
        return -E2BIG;
    out->values[out->count++] = value;
    out->values[out->count] = NULL;
    return 0;
}

static int values_add_list(struct option_values *out, const char *text)
{
    char *copy = strdup(text), *rest = copy, *value;
    if (!copy || out->copies == OPTION_VALUES_MAX) {
        free(copy);
        return -ENOMEM;
    }
    out->memory[out->copies++] = copy;
    while ((value = strsep(&rest, ",")))
        if (*value && values_add(out, value) != 0)
            return -E2BIG;
    return 0;
}

void option_values_fini(struct option_values *values)
{
    for (size_t i = 0; i < values->copies; i++)
        free(values->memory[i]);
    *values = (struct option_values){0};
}

static int number_read(const struct option_row *row, const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || number < row->low || number > row->high)
        return -EINVAL;
    *(uint64_t *)row->target = number;
    return 0;
}

static int row_take(const struct usage *usage, const struct option_row *row, const char *text)
{
    int result = 0;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->target = true;
        break;
    case OPTION_TEXT:
        *(const char **)row->target = text;
        break;
    case OPTION_MANY:
        result = values_add(row->target, text);
        break;
    case OPTION_LIST:
        result = values_add_list(row->target, text);
        break;
    case OPTION_NUMBER:
        if (number_read(row, text) == 0)
            break;
        options_complain(usage, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                         row->name, row->low, row->high, text);
        return OPTIONS_BAD;
    }
    if (result == 0)
        return 0;
    options_complain(usage, "--%s was given too many values, at most %d are taken", row->name,
                     OPTION_VALUES_MAX);
    return OPTIONS_BAD;
}

// --- parsing

static int color_check(const struct usage *usage, const struct context *context)
{
    if (strcmp(context->color, "auto") == 0 || strcmp(context->color, "always") == 0 ||
        strcmp(context->color, "never") == 0)
        return 0;
    options_complain(usage, "--color is auto, always or never, not \"%s\"", context->color);
    return OPTIONS_BAD;
}

// `plus`: stop at the first operand.
static int parse(const struct usage *usage, struct rows *rows, int argc, char **argv, bool plus,
                 char *asked)
{
    optind = 0; // makes glibc forget the last table
    opterr = 0;
    int key;
    while ((key = getopt_long(argc, argv, plus ? "+:h" : ":h", rows->options, NULL)) != -1) {
        if (key == KEY_HELP || key == 'h' || (key == KEY_VERSION && plus)) {
            *asked = key == KEY_VERSION ? 'v' : 'h';
            return optind;
        }
        if (key >= KEY_FIRST) {
            int result = row_take(usage, rows->row[key - KEY_FIRST], optarg);
            if (result != 0)
                return result;
            continue;
        }
        options_complain(usage, key == ':' ? "%s needs a value" : "unknown option %s",
                         argv[optind - 1]);
        return OPTIONS_BAD;
    }
    return optind;
}

int options_parse(const struct usage *usage, struct context *context, int argc, char **argv)
{
    struct rows rows;
    char asked = 0;
    rows_fill(&rows, usage->options, context);
    int first = parse(usage, &rows, argc, argv, false, &asked);
    if (asked) {
        usage_explain(usage);
        return OPTIONS_HELP;
    }
    if (first < 0 || color_check(usage, context) != 0)
        return OPTIONS_BAD;
    int operands = argc - first;
    if (operands < usage->operands_min) {
        options_complain(usage, "something is missing");
        return OPTIONS_BAD;
    }
    if (usage->operands_max >= 0 && operands > usage->operands_max) {
        options_complain(usage, "\"%s\" is too much", argv[first + usage->operands_max]);
        return OPTIONS_BAD;
    }
    return first;
}

int options_parse_first(struct context *context, int argc, char **argv, char *asked)
{
    static const struct usage usage = {.synopsis = "[OPTION...] COMMAND [ARGUMENT...]"};
    struct rows rows;
    *asked = 0;
    rows_fill(&rows, NULL, context);
    return parse(&usage, &rows, argc, argv, true, asked);
}
