#include "workers/tagger/train/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: telex-train-names [OPTION...] EXAMPLES...\n"
    "Trains the names model from the lines that gather_examples.py wrote.\n"
    "  --lexicon FILE    compiled lexicon (share/telex/lexicon.tlx)\n"
    "  --measure FILE    lines of texts that are only measured, never trained on; may be repeated\n"
    "  --held-out FOLD   0..9: a tenth of the documents to leave out and measure; default: none\n"
    "  --epochs N        1 to 1000; default 12\n"
    "  --rate R          default 0.02\n"
    "  --decay D         default 1e-3\n"
    "  --drop P          chance that a sign of words is left out of a visit; default 0.2\n"
    "  --drop-all P      the same for all of a word's; default 0.2\n"
    "  --least N         how often a sign must be seen to count; default 3\n"
    "  --bits N          log2 of the number of rows, 8 to 26; default 20\n"
    "  --weight SET=W    how much a set's examples count; default 1; may be repeated\n"
    "  --date DATE       of the data, for the model's id: at most 10 signs\n"
    "  --output FILE     writes the model\n"
    "  --help            prints this\n";

enum { DATE_MAX = 10 };

static void refuse(const char *option, const char *wanted, const char *got)
{
    fprintf(stderr, "telex-train-names: --%s takes %s, not \"%s\"; try --help\n", option, wanted,
            got);
    exit(2);
}

static uint32_t whole(const char *option, const char *text, unsigned low, unsigned high)
{
    char *end = NULL, wanted[64];
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || number < low || number > high) {
        snprintf(wanted, sizeof wanted, "a whole number from %u to %u", low, high);
        refuse(option, wanted, text);
    }
    return (uint32_t)number;
}

static float fraction(const char *option, const char *text, float high)
{
    char *end = NULL, wanted[64];
    float number = strtof(text, &end);
    if (end == text || *end || !isfinite(number) || number < 0 || number > high) {
        snprintf(wanted, sizeof wanted, "a number from 0 to %g", (double)high);
        refuse(option, wanted, text);
    }
    return number;
}

static const char *date_of(const char *text)
{
    if (!*text || strlen(text) > DATE_MAX)
        refuse("date", "1 to 10 signs (2026-11-22)", text);
    return text;
}

static void add(const char *option, const char **list, size_t *count, size_t most, const char *text)
{
    if (*count == most) {
        fprintf(stderr, "telex-train-names: more than %zu times --%s\n", most, option);
        exit(2);
    }
    list[(*count)++] = text;
}

static const struct option longs[] = {
    {"lexicon", required_argument, NULL, 'l'},
    {"measure", required_argument, NULL, 'm'},
    {"held-out", required_argument, NULL, 'h'},
    {"epochs", required_argument, NULL, 'e'},
    {"rate", required_argument, NULL, 'r'},
    {"decay", required_argument, NULL, 'd'},
    {"bits", required_argument, NULL, 'b'},
    {"least", required_argument, NULL, 'L'},
    {"drop", required_argument, NULL, 'x'},
    {"drop-all", required_argument, NULL, 'X'},
    {"weight", required_argument, NULL, 'w'},
    {"output", required_argument, NULL, 'o'},
    {"date", required_argument, NULL, 'D'},
    {"help", no_argument, NULL, 'H'},
    {NULL, 0, NULL, 0},
};

// False: the option is not about how to learn.
static bool take_setting(struct train_options *options, int option, const char *text)
{
    struct crf_settings *settings = &options->settings;
    switch (option) {
    case 'e':
        settings->epochs = whole("epochs", text, 1, 1000);
        return true;
    case 'r':
        settings->rate = fraction("rate", text, 10);
        return true;
    case 'd':
        settings->decay = fraction("decay", text, 1);
        return true;
    case 'x':
        settings->drop = fraction("drop", text, 1);
        return true;
    case 'X':
        settings->drop_all = fraction("drop-all", text, 1);
        return true;
    case 'h':
        options->held_out = (int)whole("held-out", text, 0, 9);
        return true;
    case 'L':
        options->least = whole("least", text, 1, 1000000);
        return true;
    case 'b':
        options->bits = whole("bits", text, 8, 26);
        return true;
    default:
        return false;
    }
}

static void take(struct train_options *options, int option, const char *text)
{
    if (take_setting(options, option, text))
        return;
    switch (option) {
    case 'l':
        options->lexicon = text;
        break;
    case 'o':
        options->output = text;
        break;
    case 'D':
        options->date = date_of(text);
        break;
    case 'm':
        add("measure", options->measures, &options->measure_count, MEASURES_MAX, text);
        break;
    case 'w':
        if (!strchr(text, '='))
            refuse("weight", "SET=W", text);
        (void)fraction("weight", strchr(text, '=') + 1, 1000);
        add("weight", options->weights, &options->weight_count, EXAMPLE_SETS, text);
        break;
    case 'H':
        fputs(usage, stdout);
        exit(0);
    default:
        fputs("try: telex-train-names --help\n", stderr);
        exit(2);
    }
}

void train_options_read(struct train_options *options, int argc, char **argv)
{
    *options = (struct train_options){
        .bits = 20,
        .least = 3,
        .held_out = -1,
        .date = "undated",
        .settings = {.epochs = 12, .rate = 0.02f, .decay = 1e-3f, .drop = 0.2f, .drop_all = 0.2f}};
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
        take(options, option, optarg);
    options->examples = argv + optind;
    options->example_count = (size_t)(argc - optind);
    if (options->example_count == 0 || !options->lexicon) {
        fprintf(stderr, "telex-train-names: %s\n%s",
                options->lexicon ? "no examples are named" : "no --lexicon is named", usage);
        exit(2);
    }
}

// The set that a weight is of, or set_count.
static uint32_t set_of(const struct examples *examples, const char *weight)
{
    size_t len = (size_t)(strchr(weight, '=') - weight);
    uint32_t set = 0;
    while (set < examples->set_count &&
           (strlen(examples->sets[set]) != len || memcmp(examples->sets[set], weight, len) != 0))
        set++;
    return set;
}

void train_options_weigh(struct train_options *options, const struct examples *examples)
{
    for (uint32_t set = 0; set < examples->set_count; set++)
        options->settings.set_weight[set] = examples->counted[set] ? 1 : 0;
    for (size_t i = 0; i < options->weight_count; i++) {
        uint32_t set = set_of(examples, options->weights[i]);
        if (set == examples->set_count)
            refuse("weight", "a set that the examples have", options->weights[i]);
        options->settings.set_weight[set] =
            fraction("weight", strchr(options->weights[i], '=') + 1, 1000);
    }
}
