// The trainer's command line.
#pragma once

#include "workers/tagger/train/crf.h"

enum { MEASURES_MAX = 8 };

struct train_options {
    const char *lexicon, *output, *date;
    const char *measures[MEASURES_MAX];
    size_t measure_count;
    const char *weights[EXAMPLE_SETS]; // "SET=W"
    size_t weight_count;
    char **examples;
    size_t example_count;
    uint32_t bits, least;
    int held_out; // -1: none
    struct crf_settings settings;
};

// Reads the command line. Ends the program with status 2 and a message when it is wrong.
void train_options_read(struct train_options *options, int argc, char **argv);

// Gives each set of the examples its weight. Ends the program when a weight names another set.
void train_options_weigh(struct train_options *options, const struct examples *examples);
