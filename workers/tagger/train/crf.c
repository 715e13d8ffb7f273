#include "workers/tagger/train/crf.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/tagger/features.h"

enum { SEGMENT_MAX = 4096 };

// Scratch for one segment; probabilities are kept scaled, each position's forward sums being 1.
static crf_row scores[SEGMENT_MAX], forward[SEGMENT_MAX], backward[SEGMENT_MAX];

int crf_init(struct crf *crf, unsigned reading, uint32_t signs)
{
    size_t rows = (size_t)signs + 1;
    *crf = (struct crf){.reading = reading, .signs = signs};
    crf->rows = calloc(rows, sizeof(crf_row));
    crf->row_squares = calloc(rows, sizeof(crf_row));
    crf->transitions = calloc(MODEL_LANGUAGES, sizeof *crf->transitions);
    crf->transition_squares = calloc(MODEL_LANGUAGES, sizeof *crf->transitions);
    bool all = crf->rows && crf->row_squares && crf->transitions && crf->transition_squares;
    return all ? 0 : -ENOMEM;
}

void crf_fini(struct crf *crf)
{
    free(crf->rows);
    free(crf->row_squares);
    free(crf->transitions);
    free(crf->transition_squares);
}

static uint32_t length_of(const struct segment_example *segment)
{
    return segment->count < SEGMENT_MAX ? segment->count : SEGMENT_MAX;
}

// A bit for each sign of each position: set when the sign is left out of this visit.
static uint64_t left_out[SEGMENT_MAX][2];

static bool is_left_out(uint32_t i, uint32_t f)
{
    return left_out[i][f / 64] >> f % 64 & 1;
}

static uint32_t sign_of(const struct crf *crf, const struct examples *examples,
                        const struct position *position, uint32_t f)
{
    return examples->lists[crf->reading].numbers[position->first[crf->reading] + f];
}

static void score_segment(const struct crf *crf, const struct examples *examples,
                          const struct segment_example *segment)
{
    for (uint32_t i = 0; i < length_of(segment); i++) {
        const struct position *position = &examples->positions[segment->first + i];
        memset(scores[i], 0, sizeof scores[i]);
        if (crf->reading == 1) // it corrects what the first makes of the word
            memcpy(scores[i], examples->heard[segment->first + i].scores, sizeof scores[i]);
        for (uint32_t f = 0; f < position->count[crf->reading]; f++) {
            if (is_left_out(i, f))
                continue;
            const float *row = crf->rows[sign_of(crf, examples, position, f)];
            for (unsigned y = 0; y < LABELS; y++)
                scores[i][y] += row[y];
        }
        for (unsigned y = 0; y < LABELS; y++)
            if (position->forbidden >> y & 1)
                scores[i][y] = LABEL_FORBIDDEN;
    }
}

static crf_table *table_of(const struct crf *crf, const struct segment_example *segment,
                           const struct position *position)
{
    return &crf->transitions[segment->language][position->gap];
}

// exp of the transition, 0 where it is forbidden.
static void fill_steps(crf_table *table, crf_table *steps)
{
    for (unsigned a = 0; a < LABELS; a++)
        for (unsigned b = 0; b < LABELS; b++)
            (*steps)[a][b] = label_may_follow(a, b) ? expf((*table)[a][b]) : 0;
}

static void fill_exps(const float *from, float *out)
{
    float most = from[0];
    for (unsigned y = 1; y < LABELS; y++)
        most = from[y] > most ? from[y] : most;
    for (unsigned y = 0; y < LABELS; y++)
        out[y] = expf(from[y] - most);
}

static void normalise(float *values)
{
    float sum = 0;
    for (unsigned y = 0; y < LABELS; y++)
        sum += values[y];
    for (unsigned y = 0; y < LABELS; y++)
        values[y] /= sum;
}

static crf_table steps[SEGMENT_MAX];
static crf_row exps[SEGMENT_MAX];

static void run_forward_backward(const struct crf *crf, const struct examples *examples,
                                 const struct segment_example *segment)
{
    uint32_t count = length_of(segment);
    for (uint32_t i = 0; i < count; i++) {
        const struct position *position = &examples->positions[segment->first + i];
        fill_steps(table_of(crf, segment, position), &steps[i]);
        fill_exps(scores[i], exps[i]);
        for (unsigned b = 0; b < LABELS; b++) {
            float sum = i == 0 ? steps[0][LABEL_NONE][b] : 0;
            for (unsigned a = 0; i > 0 && a < LABELS; a++)
                sum += forward[i - 1][a] * steps[i][a][b];
            forward[i][b] = sum * exps[i][b];
        }
        normalise(forward[i]);
    }
    for (unsigned a = 0; a < LABELS; a++)
        backward[count - 1][a] = 1;
    for (uint32_t i = count - 1; i > 0; i--) {
        for (unsigned a = 0; a < LABELS; a++) {
            float sum = 0;
            for (unsigned b = 0; b < LABELS; b++)
                sum += steps[i][a][b] * exps[i][b] * backward[i][b];
            backward[i - 1][a] = sum;
        }
        normalise(backward[i - 1]);
    }
}

static void step(float *weight, float *squares, float gradient, const struct crf_settings *settings)
{
    gradient -= settings->decay * *weight;
    *squares += gradient * gradient;
    *weight += settings->rate * gradient / sqrtf(*squares + 1.0f);
}

static void learn_position(struct crf *crf, const struct examples *examples, uint32_t i,
                           const struct position *position, const float *gradient,
                           const struct crf_settings *settings)
{
    for (uint32_t f = 0; f < position->count[crf->reading]; f++) {
        if (is_left_out(i, f))
            continue;
        uint32_t row = sign_of(crf, examples, position, f);
        if (!row)
            continue; // rare: its weights stay 0
        for (unsigned y = 0; y < LABELS; y++)
            step(&crf->rows[row][y], &crf->row_squares[row][y], gradient[y], settings);
    }
}

static void learn_transition(struct crf *crf, const struct segment_example *segment, uint32_t i,
                             uint8_t from, const struct position *position, float weight,
                             const struct crf_settings *settings)
{
    crf_table *table = &crf->transitions[segment->language][position->gap];
    crf_table *squares = &crf->transition_squares[segment->language][position->gap];
    float pairs[LABELS][LABELS] = {{0}}, sum = 0;
    for (unsigned a = 0; a < LABELS; a++)
        for (unsigned b = 0; b < LABELS; b++) {
            float before = i > 0 ? forward[i - 1][a] : a == LABEL_NONE;
            sum += pairs[a][b] = before * steps[i][a][b] * exps[i][b] * backward[i][b];
        }
    for (unsigned a = 0; a < LABELS; a++)
        for (unsigned b = 0; b < LABELS; b++)
            if (label_may_follow(a, b))
                step(&(*table)[a][b], &(*squares)[a][b],
                     weight * ((a == from && b == position->label) - pairs[a][b] / sum), settings);
}

// A fixed sequence, so that training gives the same model each time.
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static bool is_chance(float chance, uint64_t *random)
{
    return (float)(next_random(random) & 0xffff) < chance * 65536.0f;
}

// Signs of single words are left out by chance, so that the model learns to do without them: most
// words of other texts are not in these.
static void leave_out(uint32_t count, const struct crf_settings *settings, uint64_t *random)
{
    for (uint32_t i = 0; i < count; i++) {
        left_out[i][0] = left_out[i][1] = 0;
        bool all = is_chance(settings->drop_all, random);
        for (unsigned f = 0; f < FEATURES_OF_WORDS && settings->drop > 0; f++)
            if (all || is_chance(settings->drop, random))
                left_out[i][0] |= (uint64_t)1 << f;
    }
}

static void learn_segment(struct crf *crf, const struct examples *examples,
                          const struct segment_example *segment,
                          const struct crf_settings *settings, uint64_t *random)
{
    float weight = settings->set_weight[segment->set];
    leave_out(length_of(segment), settings, random);
    score_segment(crf, examples, segment);
    run_forward_backward(crf, examples, segment);
    uint8_t from = LABEL_NONE;
    for (uint32_t i = 0; i < length_of(segment); i++) {
        const struct position *position = &examples->positions[segment->first + i];
        crf_row marginal;
        for (unsigned y = 0; y < LABELS; y++)
            marginal[y] = forward[i][y] * backward[i][y];
        normalise(marginal);
        for (unsigned y = 0; y < LABELS; y++)
            marginal[y] = weight * ((y == position->label) - marginal[y]);
        learn_transition(crf, segment, i, from, position, weight, settings);
        learn_position(crf, examples, i, position, marginal, settings);
        from = position->label;
    }
}

static void shuffle(uint32_t *order, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = next_random(state) % i;
        uint32_t held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}

// Weights at the ends of epochs, summed. Their mean errs less than the last: each epoch leaves out
// other signs and meets the texts in another order.
struct mean {
    crf_row *rows;
    crf_table transitions[MODEL_LANGUAGES][MODEL_GAPS];
    float times;
};

static void mean_add(struct mean *mean, const struct crf *crf)
{
    const float *transitions = &crf->transitions[0][0][0][0];
    float *sums = &mean->transitions[0][0][0][0];
    for (size_t i = 0; i < sizeof mean->transitions / sizeof *sums; i++)
        sums[i] += transitions[i];
    for (size_t i = 0; i <= crf->signs; i++)
        for (unsigned y = 0; y < LABELS; y++)
            mean->rows[i][y] += crf->rows[i][y];
    mean->times++;
}

static void mean_take(const struct mean *mean, struct crf *crf)
{
    float *transitions = &crf->transitions[0][0][0][0];
    const float *sums = &mean->transitions[0][0][0][0];
    for (size_t i = 0; i < sizeof mean->transitions / sizeof *sums; i++)
        transitions[i] = sums[i] / mean->times;
    for (size_t i = 0; i <= crf->signs; i++)
        for (unsigned y = 0; y < LABELS; y++)
            crf->rows[i][y] = mean->rows[i][y] / mean->times;
}

void crf_train(struct crf *crf, const struct examples *examples, const bool *wanted,
               const struct crf_settings *settings)
{
    uint32_t *order = calloc(examples->segment_count + 1, sizeof *order);
    struct mean mean = {.rows = calloc((size_t)crf->signs + 1, sizeof(crf_row))};
    if (!order || !mean.rows) {
        fputs("telex-train-names: out of memory\n", stderr);
        exit(1);
    }
    uint64_t random = 20261122;
    size_t count = 0;
    for (size_t i = 0; i < examples->segment_count; i++)
        if (wanted[i])
            order[count++] = (uint32_t)i;
    for (uint32_t epoch = 0; epoch < settings->epochs; epoch++) {
        shuffle(order, count, &random);
        for (size_t i = 0; i < count; i++)
            learn_segment(crf, examples, &examples->segments[order[i]], settings, &random);
        if (2 * epoch >= settings->epochs || epoch + 1 == settings->epochs)
            mean_add(&mean, crf);
    }
    if (settings->epochs)
        mean_take(&mean, crf);
    free(mean.rows);
    free(order);
}

void crf_hear(const struct crf *crf, struct examples *examples, const bool *wanted)
{
    memset(left_out, 0, sizeof left_out);
    for (size_t s = 0; s < examples->segment_count; s++) {
        const struct segment_example *segment = &examples->segments[s];
        if (!wanted[s])
            continue;
        score_segment(crf, examples, segment);
        run_forward_backward(crf, examples, segment);
        for (uint32_t i = 0; i < length_of(segment); i++) {
            struct heard *heard = &examples->heard[segment->first + i];
            memcpy(heard->scores, scores[i], sizeof heard->scores);
            for (unsigned y = 0; y < LABELS; y++)
                heard->likely[y] = forward[i][y] * backward[i][y];
            normalise(heard->likely);
        }
    }
}

void crf_decode(const struct crf *crf, const struct examples *examples,
                const struct segment_example *segment, uint8_t *labels)
{
    static uint8_t from[SEGMENT_MAX][LABELS];
    uint32_t count = length_of(segment);
    memset(left_out, 0, count * sizeof *left_out);
    float best[LABELS], next[LABELS];
    score_segment(crf, examples, segment);
    for (uint32_t i = 0; i < count; i++) {
        crf_table *table = table_of(crf, segment, &examples->positions[segment->first + i]);
        for (unsigned b = 0; b < LABELS; b++) {
            next[b] = -1e30f;
            for (unsigned a = 0; a < LABELS; a++) {
                float before = i > 0 ? best[a] : a == LABEL_NONE ? 0 : -1e30f;
                if (label_may_follow(a, b) && before + (*table)[a][b] > next[b]) {
                    next[b] = before + (*table)[a][b];
                    from[i][b] = (uint8_t)a;
                }
            }
            next[b] += scores[i][b];
        }
        memcpy(best, next, sizeof best);
    }
    unsigned label = 0;
    for (unsigned y = 1; y < LABELS; y++)
        if (best[y] > best[label])
            label = y;
    for (uint32_t i = count; i-- > 0;) {
        labels[i] = (uint8_t)label;
        label = from[i][label];
    }
}
