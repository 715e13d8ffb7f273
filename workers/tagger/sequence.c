#include "workers/tagger/sequence.h"

#include <errno.h>
#include <string.h>

#include "workers/tagger/open_words.h"

// A run of open words is read in pieces of at most this many.
enum { PIECE_MAX = 256 };

// A reading's word is sure when its label has this probability.
static const float SURE = 0.9f;

// Labels padded to a width that the compiler turns into vectors. Padding in scores stays 0.
enum { ROW = MODEL_ROW };
typedef float row[ROW];

// Some consecutive open words of one sentence.
struct piece {
    uint32_t count;
    unsigned language; // place in the model's transitions
    row scores[PIECE_MAX], forward[PIECE_MAX], backward[PIECE_MAX];
    uint8_t from[PIECE_MAX][ROW];
    uint8_t gaps[PIECE_MAX];
};

// Where the weights of a word's signs are to be found.
struct lookup {
    size_t count;
    const struct model_bucket *buckets[FEATURES_MAX];
    uint8_t tags[FEATURES_MAX];
};

struct reader {
    const struct lexicon *lexicon;
    const struct model_header *header;
    const struct model_bucket *buckets;
    const struct marked *field;
    const bool *open;                // the field's words that may belong to a name
    const struct model_steps *steps; // of the reading, by language
    struct piece piece;
};

// The model is far larger than the processor's caches: ask for its lines some time before they are
// read.
static void look_up(const struct reader *reader, const uint64_t *hashes, size_t count,
                    struct lookup *lookup)
{
    lookup->count = count;
    for (size_t i = 0; i < count; i++) {
        lookup->buckets[i] = &reader->buckets[model_bucket_of(hashes[i], reader->header->bits)];
        lookup->tags[i] = model_tag_of(hashes[i]);
        __builtin_prefetch(lookup->buckets[i]);
    }
}

// The weights under a tag as one number: those of label y in byte y + 1, anything in byte 0. No
// weights when the tag is not there.
static uint64_t weights_in(const struct model_bucket *bucket, uint8_t tag)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t tags, weights;
    memcpy(&tags, bucket->tags, sizeof tags);
    uint64_t differ = tags ^ ones * tag;
    // The lowest bit of `same` is right, those above it may not be. No branch: it would be guessed
    // wrong every few signs.
    uint64_t same = (differ - ones) & ~differ & tops;
    size_t slot = (size_t)__builtin_ctzll(same | 1ull << 63) / 8;
    memcpy(&weights, (const char *)bucket + sizeof tags - 1 + slot * LABELS, sizeof weights);
    return weights & (same ? UINT64_MAX : 0);
}

// Adds the weights of the signs to the scores.
static void add_weights(const struct reader *reader, const struct lookup *lookup, float *scores)
{
    _Static_assert(FEATURES_MAX * 128 < 1 << 15, "a sum of all a word's signs fits");
    typedef int8_t bytes __attribute__((vector_size(8)));
    typedef int16_t sums __attribute__((vector_size(16)));
    sums sum = {0};
    for (size_t i = 0; i < lookup->count; i++) {
        uint64_t weights = weights_in(lookup->buckets[i], lookup->tags[i]);
        bytes each;
        memcpy(&each, &weights, sizeof each);
        sum += __builtin_convertvector(each, sums);
    }
    for (unsigned y = 0; y < LABELS; y++)
        scores[y] += (float)sum[y + 1] * reader->header->scale;
}

// Scores become their exponentials, scaled so that the largest is 1; padding becomes 0.
static void exponentiate(float *scores)
{
    float most = scores[0];
    for (unsigned y = 1; y < LABELS; y++)
        most = scores[y] > most ? scores[y] : most;
    for (unsigned y = LABELS; y < ROW; y++)
        scores[y] = LABEL_FORBIDDEN;
    row powers;
    for (unsigned y = 0; y < ROW; y++)
        powers[y] = model_exp(scores[y] - most);
    for (unsigned y = 0; y < ROW; y++)
        scores[y] = scores[y] == LABEL_FORBIDDEN ? 0 : powers[y];
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
    for (unsigned y = 0; y < ROW; y++)
        values[y] /= sum;
}

// To each label from the one before that makes it likeliest. Both rows may be the same.
static void best_step(const row *steps, const float *before, float *after, uint8_t *from)
{
    int32_t likeliest[ROW] = {LABEL_NONE};
    row best;
    for (unsigned b = 0; b < ROW; b++)
        best[b] = before[LABEL_NONE] * steps[LABEL_NONE][b];
    for (int32_t a = 1; a < LABELS; a++)
        for (unsigned b = 0; b < ROW; b++) {
            float way = before[a] * steps[a][b];
            likeliest[b] = way > best[b] ? a : likeliest[b];
            best[b] = way > best[b] ? way : best[b];
        }
    for (unsigned b = 0; b < ROW; b++)
        from[b] = (uint8_t)likeliest[b];
    memcpy(after, best, sizeof best);
}

// after[b]: the sum of before[a] * steps[a][b]. Both may be the same row.
static void sum_step(const row *steps, const float *before, float *after)
{
    row sum = {0};
    for (unsigned a = 0; a < LABELS; a++)
        for (unsigned b = 0; b < ROW; b++)
            sum[b] += before[a] * steps[a][b];
    memcpy(after, sum, sizeof sum);
}

static void multiply(float *values, const float *by)
{
    row product;
    for (unsigned y = 0; y < ROW; y++)
        product[y] = values[y] * by[y];
    memcpy(values, product, sizeof product);
}

// Likeliest way to each label, in products instead of sums of logarithms.
static void run_best(struct reader *reader, struct labelled *out)
{
    struct piece *piece = &reader->piece;
    const struct model_steps *steps = &reader->steps[piece->language];
    row best = {[LABEL_NONE] = 1};
    for (uint32_t i = 0; i < piece->count; i++) {
        best_step(steps->forth[piece->gaps[i]], best, best, piece->from[i]);
        multiply(best, piece->scores[i]);
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
    const struct model_steps *steps = &reader->steps[piece->language];
    row before = {[LABEL_NONE] = 1};
    for (uint32_t i = 0; i < piece->count; i++) {
        sum_step(steps->forth[piece->gaps[i]], before, before);
        multiply(before, piece->scores[i]);
        normalise(before);
        memcpy(piece->forward[i], before, sizeof before);
    }
}

static void run_backward(struct reader *reader)
{
    struct piece *piece = &reader->piece;
    const struct model_steps *steps = &reader->steps[piece->language];
    row after = {0};
    for (unsigned a = 0; a < LABELS; a++)
        after[a] = 1;
    for (uint32_t i = piece->count - 1;; i--) {
        memcpy(piece->backward[i], after, sizeof after);
        if (i == 0)
            return;
        multiply(after, piece->scores[i]);
        sum_step(steps->back[piece->gaps[i]], after, after);
        normalise(after);
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
        multiply(piece->forward[i], piece->backward[i]);
        normalise(piece->forward[i]);
    }
}

// Takes up the open words that follow each other from `first` on; returns how many.
static uint32_t piece_at(struct reader *reader, size_t first)
{
    const struct words *words = reader->field->words;
    struct piece *piece = &reader->piece;
    uint32_t count = 0;
    while (first + count < words->count && count < PIECE_MAX &&
           words->at[first + count].sentence == words->at[first].sentence &&
           reader->open[first + count])
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

static void look_up_word(const struct reader *reader, struct features *features, size_t index,
                         struct lookup *lookup)
{
    uint64_t hashes[FEATURES_MAX];
    look_up(reader, hashes, features_at(features, index, hashes), lookup);
}

static void read_first(struct reader *reader, struct features *features, size_t first,
                       struct heard *heard)
{
    struct piece *piece = &reader->piece;
    const struct words *words = reader->field->words;
    enum { AHEAD = 1, KEPT = 2 };
    struct lookup lookups[KEPT]; // of this word and of the next ones
    for (uint32_t i = 0; i < AHEAD && i < piece->count; i++)
        look_up_word(reader, features, first + i, &lookups[i % KEPT]);
    for (uint32_t i = 0; i < piece->count; i++) {
        heard[i] = features_hear(features, first + i);
        heard[i].joined = i > 0;
        if (i + AHEAD < piece->count)
            look_up_word(reader, features, first + i + AHEAD, &lookups[(i + AHEAD) % KEPT]);
        add_weights(reader, &lookups[i % KEPT], heard[i].scores);
        forbid(words, first + i, heard[i].scores);
        memcpy(piece->scores[i], heard[i].scores, sizeof heard[i].scores);
        exponentiate(piece->scores[i]);
        piece->gaps[i] = words->at[first + i].gap;
    }
    run_both_ways(reader);
    for (uint32_t i = 0; i < piece->count; i++)
        memcpy(heard[i].likely, piece->forward[i], sizeof heard[i].likely);
}

static bool has_name(const struct labelled *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (labels[i].label != LABEL_NONE)
            return true;
    return false;
}

// How sure the best labels are. Where there is no name nobody needs it exactly: the first reading
// will do.
static void fill_sureness(struct reader *reader, const struct heard *heard, struct labelled *labels)
{
    struct piece *piece = &reader->piece;
    bool named = has_name(labels, piece->count);
    if (named)
        run_both_ways(reader);
    for (uint32_t i = 0; i < piece->count; i++)
        labels[i].sure = named ? piece->forward[i][labels[i].label] : heard[i].likely[LABEL_NONE];
}

// True when the first reading left no doubt; then the second would change nothing.
static bool is_sure(const struct heard *heard, uint32_t count, struct labelled *labels)
{
    for (uint32_t i = 0; i < count; i++) {
        const float *likely = heard[i].likely;
        unsigned best = LABEL_NONE;
        for (unsigned y = 1; y < LABELS; y++)
            best = likely[y] > likely[best] ? y : best;
        if (likely[best] < SURE)
            return false;
        labels[i] = (struct labelled){.label = (uint8_t)best, .sure = likely[best]};
    }
    return true;
}

static void read_again(struct reader *reader, struct echo *echo, size_t first,
                       const struct heard *heard, struct labelled *labels)
{
    struct piece *piece = &reader->piece;
    const struct words *words = reader->field->words;
    if (is_sure(heard, piece->count, labels))
        return;
    echo_look(echo, heard, piece->count);
    for (uint32_t i = 0; i < piece->count; i++) {
        uint64_t hashes[ECHO_FEATURES_MAX];
        size_t signs = echo_features(echo, heard, piece->count, i, hashes);
        struct lookup lookup;
        look_up(reader, hashes, signs, &lookup);
        memcpy(piece->scores[i], heard[i].scores, sizeof heard[i].scores);
        add_weights(reader, &lookup, piece->scores[i]);
        forbid(words, first + i, piece->scores[i]);
        exponentiate(piece->scores[i]);
        piece->gaps[i] = words->at[first + i].gap;
    }
    run_best(reader, labels);
    fill_sureness(reader, heard, labels);
}

// Returns how many open words the field has.
static size_t hear_field(struct reader *reader, const struct recall *recall, struct heard *heard)
{
    const struct words *words = reader->field->words;
    struct features features;
    size_t count = 0;
    features_init(&features, reader->lexicon, reader->field, recall);
    for (size_t i = 0; i < words->count;) {
        uint32_t len = piece_at(reader, i);
        if (len)
            read_first(reader, &features, i, heard + count);
        count += len;
        i += len ? len : 1;
    }
    return count;
}

static size_t label_field(struct reader *reader, struct echo *echo, const struct heard *heard,
                          struct labelled *labels)
{
    const struct words *words = reader->field->words;
    size_t count = 0;
    for (size_t i = 0; i < words->count;) {
        uint32_t len = piece_at(reader, i);
        if (len)
            read_again(reader, echo, i, heard + count, &labels[i]);
        count += len;
        i += len ? len : 1;
    }
    return count;
}

// Returns how many words of all fields are open. Some may be missing when the arena is full.
static size_t mark_open(const struct marked *fields, size_t count, const bool **open,
                        struct arena *arena)
{
    size_t total = 0;
    for (size_t f = 0; f < count; f++) {
        bool *marks = arena_alloc_array(arena, fields[f].words->count + 1, sizeof *marks);
        total += marks ? open_words_mark(&fields[f], marks) : 0;
        open[f] = marks;
    }
    return total;
}

int sequence_read(const struct lexicon *lexicon, const struct model *model,
                  const struct marked *fields, size_t count, const struct recall *recall,
                  struct labelled **labels, struct arena *arena)
{
    size_t heard_count = 0, done = 0;
    const bool *open[SEQUENCE_FIELDS_MAX];
    size_t most = mark_open(fields, count, open, arena);
    struct reader *reader = arena_alloc(arena, sizeof *reader);
    struct heard *heard = arena_alloc_array_uncleared(arena, most + 1, sizeof *heard);
    if (!reader || !heard || arena->overflowed)
        return -ENOMEM;
    reader->lexicon = lexicon;
    reader->header = model_header_of(model);
    reader->buckets = model_buckets(model);
    reader->steps = model_steps(model, 0);
    for (size_t f = 0; f < count; f++) {
        reader->field = &fields[f];
        reader->open = open[f];
        heard_count += hear_field(reader, recall, heard + heard_count);
    }
    reader->steps = model_steps(model, 1);
    struct echo *echo = echo_collect(heard, heard_count, arena);
    for (size_t f = 0; echo && f < count; f++) {
        struct labelled *out = arena_alloc_array(arena, fields[f].words->count + 1, sizeof *out);
        if (!out)
            return -ENOMEM;
        reader->field = &fields[f];
        reader->open = open[f];
        done += label_field(reader, echo, heard + done, out);
        labels[f] = out;
    }
    return echo ? 0 : -ENOMEM;
}
