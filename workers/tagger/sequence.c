#include "workers/tagger/sequence.h"

#include <math.h>
#include <string.h>

// A run of open words is read in pieces of at most this many.
enum { PIECE_MAX = 256 };

typedef float row[LABELS];

struct piece {
    uint32_t count;
    row scores[PIECE_MAX], forward[PIECE_MAX], backward[PIECE_MAX];
    uint8_t from[PIECE_MAX][LABELS];
    uint8_t gaps[PIECE_MAX];
};

struct reader {
    const struct model_header *header;
    const struct model_row *rows;
    struct features features;
    unsigned language;
    struct piece *piece;
    // exp of the transitions, by gap; 0 where a label may not follow
    float steps[MODEL_GAPS][LABELS][LABELS];
};

static void fill_steps(struct reader *reader)
{
    for (unsigned gap = 0; gap < MODEL_GAPS; gap++)
        for (unsigned a = 0; a < LABELS; a++)
            for (unsigned b = 0; b < LABELS; b++)
                if (label_may_follow(a, b))
                    reader->steps[gap][a][b] =
                        expf(reader->header->transitions[reader->language][gap][a][b]);
}

static void score_word(struct reader *reader, size_t index, float *scores)
{
    uint64_t hashes[FEATURES_MAX];
    const struct model_row *buckets[FEATURES_MAX];
    size_t count = features_at(&reader->features, index, hashes);
    for (size_t i = 0; i < count; i++) {
        buckets[i] = &reader->rows[model_bucket_of(hashes[i], reader->header->bits)];
        __builtin_prefetch(buckets[i]);
    }
    int sums[LABELS] = {0};
    bool begins = words_may_begin(&reader->features.field->words->at[index]);
    for (size_t i = 0; i < count; i++) {
        uint8_t tag = model_tag_of(hashes[i]);
        for (unsigned slot = 0; slot < MODEL_BUCKET; slot++)
            if (buckets[i][slot].tag == tag)
                for (unsigned y = 0; y < LABELS; y++)
                    sums[y] += buckets[i][slot].weights[y];
    }
    for (unsigned y = 0; y < LABELS; y++)
        scores[y] =
            begins || !label_begins(y) ? (float)sums[y] * reader->header->scale : LABEL_FORBIDDEN;
}

// Scores become their exponentials, scaled so that the largest is 1.
static void exponentiate(float *scores)
{
    float most = scores[0];
    for (unsigned y = 1; y < LABELS; y++)
        most = scores[y] > most ? scores[y] : most;
    for (unsigned y = 0; y < LABELS; y++)
        scores[y] = expf(scores[y] - most);
}

static void normalise(float *values)
{
    float sum = 0;
    for (unsigned y = 0; y < LABELS; y++)
        sum += values[y];
    for (unsigned y = 0; y < LABELS; y++)
        values[y] /= sum;
}

// Likeliest way to each label, in products instead of sums of logarithms.
static void run_best(struct reader *reader, struct labelled *out)
{
    struct piece *piece = reader->piece;
    row best = {[LABEL_NONE] = 1}, next;
    for (uint32_t i = 0; i < piece->count; i++) {
        float(*steps)[LABELS] = reader->steps[piece->gaps[i]];
        for (unsigned b = 0; b < LABELS; b++) {
            unsigned from = LABEL_NONE;
            for (unsigned a = 1; a < LABELS; a++)
                if (best[a] * steps[a][b] > best[from] * steps[from][b])
                    from = a;
            next[b] = best[from] * steps[from][b] * piece->scores[i][b];
            piece->from[i][b] = (uint8_t)from;
        }
        memcpy(best, next, sizeof best);
        normalise(best);
    }
    unsigned label = LABEL_NONE;
    for (unsigned y = 1; y < LABELS; y++)
        if (best[y] > best[label])
            label = y;
    for (uint32_t i = piece->count; i-- > 0;) {
        out[i].label = (uint8_t)label;
        label = piece->from[i][label];
    }
}

static void run_forward(struct reader *reader)
{
    struct piece *piece = reader->piece;
    row before = {[LABEL_NONE] = 1};
    for (uint32_t i = 0; i < piece->count; i++) {
        float(*steps)[LABELS] = reader->steps[piece->gaps[i]];
        for (unsigned b = 0; b < LABELS; b++) {
            float sum = 0;
            for (unsigned a = 0; a < LABELS; a++)
                sum += before[a] * steps[a][b];
            piece->forward[i][b] = sum * piece->scores[i][b];
        }
        normalise(piece->forward[i]);
        memcpy(before, piece->forward[i], sizeof before);
    }
}

static void run_backward(struct reader *reader)
{
    struct piece *piece = reader->piece;
    for (unsigned a = 0; a < LABELS; a++)
        piece->backward[piece->count - 1][a] = 1;
    for (uint32_t i = piece->count - 1; i > 0; i--) {
        float(*steps)[LABELS] = reader->steps[piece->gaps[i]];
        row after;
        for (unsigned b = 0; b < LABELS; b++)
            after[b] = piece->scores[i][b] * piece->backward[i][b];
        for (unsigned a = 0; a < LABELS; a++) {
            float sum = 0;
            for (unsigned b = 0; b < LABELS; b++)
                sum += steps[a][b] * after[b];
            piece->backward[i - 1][a] = sum;
        }
        normalise(piece->backward[i - 1]);
    }
}

static void read_piece(struct reader *reader, size_t first, struct labelled *out)
{
    struct piece *piece = reader->piece;
    const struct words *words = reader->features.field->words;
    for (uint32_t i = 0; i < piece->count; i++) {
        score_word(reader, first + i, piece->scores[i]);
        exponentiate(piece->scores[i]);
        piece->gaps[i] = words->at[first + i].gap;
    }
    run_best(reader, out);
    run_forward(reader);
    run_backward(reader);
    for (uint32_t i = 0; i < piece->count; i++) {
        row both;
        for (unsigned y = 0; y < LABELS; y++)
            both[y] = piece->forward[i][y] * piece->backward[i][y];
        normalise(both);
        out[i].sure = both[out[i].label];
    }
}

const struct labelled *sequence_read(const struct model *model, const struct marked *field,
                                     const struct recall *recall, struct arena *arena)
{
    const struct words *words = field->words;
    struct labelled *out = arena_alloc_array(arena, words->count + 1, sizeof *out);
    struct reader *reader = arena_alloc(arena, sizeof *reader);
    struct piece *piece = arena_alloc(arena, sizeof *piece);
    if (!out || !reader || !piece)
        return NULL;
    *reader = (struct reader){.header = model_header_of(model),
                              .rows = model_rows(model),
                              .language = words->other_language ? 3 : (unsigned)words->language,
                              .piece = piece};
    features_init(&reader->features, field, recall);
    fill_steps(reader);
    for (size_t i = 0; i < words->count;) {
        uint32_t count = 0;
        while (i + count < words->count && count < PIECE_MAX &&
               words->at[i + count].sentence == words->at[i].sentence &&
               features_is_open(words, i + count))
            count++;
        piece->count = count;
        if (count)
            read_piece(reader, i, &out[i]);
        i += count ? count : 1;
    }
    return out;
}
