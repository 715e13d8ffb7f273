// Training of the names model: a linear-chain conditional random field, by stochastic gradient
// descent with AdaGrad.
#pragma once

#include "workers/tagger/train/examples.h"

struct crf_settings {
    uint32_t epochs;
    float rate;                     // of learning
    float decay;                    // pull of the weights to zero, at each use
    float drop, drop_all;           // chance that a sign of words, or all of a word's, is left out
    float set_weight[EXAMPLE_SETS]; // how much an example of each set counts; 0: not at all
};

typedef float crf_row[LABELS];
typedef float crf_table[LABELS][LABELS];

struct crf {
    unsigned reading;
    uint32_t signs; // numbered from 1
    crf_row *rows, *row_squares;
    crf_table (*transitions)[MODEL_GAPS], (*transition_squares)[MODEL_GAPS];
};

// 0 or -ENOMEM.
int crf_init(struct crf *crf, unsigned reading, uint32_t signs);
void crf_fini(struct crf *crf);

// Learns the segments for which `wanted` is set.
void crf_train(struct crf *crf, const struct examples *examples, const bool *wanted,
               const struct crf_settings *settings);

// Fills `heard` of the segments for which `wanted` is set with what the model makes of them.
void crf_hear(const struct crf *crf, struct examples *examples, const bool *wanted);

// The likeliest labels of a segment.
void crf_decode(const struct crf *crf, const struct examples *examples,
                const struct segment_example *segment, uint8_t *labels);
