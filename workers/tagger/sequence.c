#include "workers/tagger/sequence.h"

#include <errno.h>
#include <math.h>
#include <string.h>

// A run of open words is read in pieces of at most this many.
enum { PIECE_MAX = 256 };

typedef float row[LABELS];

// Some consecutive open words of one sentence.
struct piece {
    uint32_t count;
    unsigned language; // place in the model's transitions
    row scores[PIECE_MAX], forward[PIECE_MAX], backward[PIECE_MAX];
    uint8_t from[PIECE_MAX][LABELS];
    uint8_t gaps[PIECE_MAX];
};

// exp of the transitions, by gap; 0 where a label may not follow.
typedef float steps_table[MODEL_GAPS][LABELS][LABELS];

struct reader {
    const struct lexicon *lexicon;
    const struct model_header *header;
    const struct model_row *rows;
    const struct marked *field;
    steps_table steps[MODEL_LANGUAGES];
    struct piece piece;
};

static void fill_steps(struct reader *reader, unsigned reading)
{
    for (unsigned language = 0; language < MODEL_LANGUAGES; language++)
        for (unsigned gap = 0; gap < MODEL_GAPS; gap++)
            for (unsigned a = 0; a < LABELS; a++)
                for (unsigned b = 0; b < LABELS; b++)
                    if (label_may_follow(a, b))
                        reader->steps[language][gap][a][b] =
                            expf(reader->header->transitions[reading][language][gap][a][b]);
}

// Adds the weights of the signs to the scores.
static void add_weights(const struct reader *reader, const uint64_t *hashes, size_t count,
                        float *scores)
{
    const struct model_row *buckets[FEATURES_MAX];
    for (size_t i = 0; i < count; i++) {
        buckets[i] = &reader->rows[model_bucket_of(hashes[i], reader->header->bits)];
        __builtin_prefetch(buckets[i]);
    }
    int sums[LABELS] = {0};
    for (size_t i = 0; i < count; i++) {
        uint8_t tag = model_tag_of(hashes[i]);
        for (unsigned slot = 0; slot < MODEL_BUCKET; slot++)
            if (buckets[i][slot].tag == tag)
                for (unsigned y = 0; y < LABELS; y++)
                    sums[y] += buckets[i][slot].weights[y];
    }
    for (unsigned y = 0; y < LABELS; y++)
        scores[y] += (float)sums[y] * reader->header->scale;
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
    if (!(sum > 0)) { // all too small for a float: no name
        memset(values, 0, sizeof(row));
        values[LABEL_NONE] = sum = 1;
    }
    for (unsigned y = 0; y < LABELS; y++)
        values[y] /= sum;
}

// Likeliest way to each label, in products instead of sums of logarithms.
static void run_best(struct reader *reader, struct labelled *out)
{
    struct piece *piece = &reader->piece;
    row best = {[LABEL_NONE] = 1}, next;
    for (uint32_t i = 0; i < piece->count; i++) {
        float(*steps)[LABELS] = reader->steps[piece->language][piece->gaps[i]];
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
    struct piece *piece = &reader->piece;
    row before = {[LABEL_NONE] = 1};
    for (uint32_t i = 0; i < piece->count; i++) {
        float(*steps)[LABELS] = reader->steps[piece->language][piece->gaps[i]];
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
    struct piece *piece = &reader->piece;
    for (unsigned a = 0; a < LABELS; a++)
        piece->backward[piece->count - 1][a] = 1;
    for (uint32_t i = piece->count - 1; i > 0; i--) {
        float(*steps)[LABELS] = reader->steps[piece->language][piece->gaps[i]];
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

// Turns the piece's scores into its words' best labels and, in `forward`, all labels'
// probabilities.
static void run_both_ways(struct reader *reader)
{
    struct piece *piece = &reader->piece;
    run_forward(reader);
    run_backward(reader);
    for (uint32_t i = 0; i < piece->count; i++) {
        for (unsigned y = 0; y < LABELS; y++)
            piece->forward[i][y] *= piece->backward[i][y];
        normalise(piece->forward[i]);
    }
}

// Takes up the open words that follow each other from `first` on; returns how many.
static uint32_t piece_at(struct piece *piece, const struct words *words, size_t first)
{
    uint32_t count = 0;
    while (first + count < words->count && count < PIECE_MAX &&
           words->at[first + count].sentence == words->at[first].sentence &&
           features_is_open(words, first + count))
        count++;
    const struct word *word = &words->at[first]; // a sentence lies in one paragraph
    piece->language = word->other_language ? MODEL_LANGUAGES - 1 : word->language;
    piece->count = count;
    return count;
}

static void forbid(const struct words *words, size_t index, float *scores)
{
    unsigned forbidden = features_forbidden(words, index);
    for (unsigned y = 0; y < LABELS; y++)
        if (forbidden >> y & 1)
            scores[y] = LABEL_FORBIDDEN;
}

static void read_first(struct reader *reader, struct features *features, size_t first,
                       struct heard *heard)
{
    struct piece *piece = &reader->piece;
    const struct words *words = reader->field->words;
    for (uint32_t i = 0; i < piece->count; i++) {
        uint64_t hashes[FEATURES_MAX];
        size_t signs = features_at(features, first + i, hashes);
        heard[i] = features_hear(features, first + i);
        heard[i].joined = i > 0;
        add_weights(reader, hashes, signs, heard[i].scores);
        forbid(words, first + i, heard[i].scores);
        memcpy(piece->scores[i], heard[i].scores, sizeof(row));
        exponentiate(piece->scores[i]);
        piece->gaps[i] = words->at[first + i].gap;
    }
    run_both_ways(reader);
    for (uint32_t i = 0; i < piece->count; i++)
        memcpy(heard[i].likely, piece->forward[i], sizeof(row));
}

static void read_again(struct reader *reader, const struct echo *echo, size_t first,
                       const struct heard *heard, struct labelled *labels)
{
    struct piece *piece = &reader->piece;
    const struct words *words = reader->field->words;
    for (uint32_t i = 0; i < piece->count; i++) {
        uint64_t hashes[ECHO_FEATURES_MAX];
        size_t signs = echo_features(echo, heard, piece->count, i, hashes);
        memcpy(piece->scores[i], heard[i].scores, sizeof(row));
        add_weights(reader, hashes, signs, piece->scores[i]);
        forbid(words, first + i, piece->scores[i]);
        exponentiate(piece->scores[i]);
        piece->gaps[i] = words->at[first + i].gap;
    }
    run_best(reader, labels);
    run_both_ways(reader);
    for (uint32_t i = 0; i < piece->count; i++)
        labels[i].sure = piece->forward[i][labels[i].label];
}

// Returns how many open words the field has.
static size_t hear_field(struct reader *reader, const struct recall *recall, struct heard *heard)
{
    const struct words *words = reader->field->words;
    struct features features;
    size_t count = 0;
    features_init(&features, reader->lexicon, reader->field, recall);
    for (size_t i = 0; i < words->count;) {
        uint32_t len = piece_at(&reader->piece, words, i);
        if (len)
            read_first(reader, &features, i, heard + count);
        count += len;
        i += len ? len : 1;
    }
    return count;
}

static size_t label_field(struct reader *reader, const struct echo *echo, const struct heard *heard,
                          struct labelled *labels)
{
    const struct words *words = reader->field->words;
    size_t count = 0;
    for (size_t i = 0; i < words->count;) {
        uint32_t len = piece_at(&reader->piece, words, i);
        if (len)
            read_again(reader, echo, i, heard + count, &labels[i]);
        count += len;
        i += len ? len : 1;
    }
    return count;
}

int sequence_read(const struct lexicon *lexicon, const struct model *model,
                  const struct marked *fields, size_t count, const struct recall *recall,
                  struct labelled **labels, struct arena *arena)
{
    size_t open = 0, heard_count = 0, done = 0;
    for (size_t f = 0; f < count; f++)
        for (size_t i = 0; i < fields[f].words->count; i++)
            open += features_is_open(fields[f].words, i);
    struct reader *reader = arena_alloc(arena, sizeof *reader);
    struct heard *heard = arena_alloc_array(arena, open + 1, sizeof *heard);
    if (!reader || !heard)
        return -ENOMEM;
    reader->lexicon = lexicon;
    reader->header = model_header_of(model);
    reader->rows = model_rows(model);
    fill_steps(reader, 0);
    for (size_t f = 0; f < count; f++) {
        reader->field = &fields[f];
        heard_count += hear_field(reader, recall, heard + heard_count);
    }
    fill_steps(reader, 1);
    const struct echo *echo = echo_collect(heard, heard_count, arena);
    for (size_t f = 0; echo && f < count; f++) {
        struct labelled *out = arena_alloc_array(arena, fields[f].words->count + 1, sizeof *out);
        if (!out)
            return -ENOMEM;
        reader->field = &fields[f];
        done += label_field(reader, echo, heard + done, out);
        labels[f] = out;
    }
    return echo ? 0 : -ENOMEM;
}
