// telex-train-names: trains the names model and says how well it does.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/hash.h"
#include "workers/tagger/train/options.h"

static void fail(const char *what)
{
    fprintf(stderr, "telex-train-names: %s\n", what);
    exit(1);
}

static void read_file(struct examples *examples, const char *path, bool counted)
{
    struct err err = {.text = ""};
    if (examples_read(examples, path, counted, &err) != 0)
        fail(err_text(&err));
}

// --- measuring

struct score {
    size_t right, found, wanted;
};

static uint32_t end_of(const uint8_t *labels, uint32_t start, uint32_t count)
{
    uint32_t end = start + 1;
    while (end < count && label_goes_on(labels[end]))
        end++;
    return end;
}

static void add_scores(struct score *scores, const uint8_t *wanted, const uint8_t *found,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (label_begins(wanted[i]))
            scores[wanted[i] / 2].wanted++;
        if (label_begins(found[i]))
            scores[found[i] / 2].found++;
        if (label_begins(found[i]) && wanted[i] == found[i] &&
            end_of(wanted, i, count) == end_of(found, i, count))
            scores[found[i] / 2].right++;
    }
}

static void print_score(const struct score *score)
{
    double precision = score->found ? 100.0 * (double)score->right / (double)score->found : 0;
    double recall = score->wanted ? 100.0 * (double)score->right / (double)score->wanted : 0;
    double sum = precision + recall;
    printf("  %5.1f %5.1f %5.1f", precision, recall, sum > 0 ? 2 * precision * recall / sum : 0);
}

// Names that no word can carry count as missed, in the documents that are measured.
static size_t lost_of(const struct examples *examples, uint32_t set,
                      const struct train_options *options)
{
    size_t lost = 0;
    for (int fold = 0; fold < 10; fold++)
        if (options->settings.set_weight[set] == 0 || fold == options->held_out)
            lost += examples->lost[set][fold];
    return lost;
}

static void measure(const struct crf *crf, const struct examples *examples, const bool *trained,
                    const struct train_options *options)
{
    struct score scores[EXAMPLE_SETS][4] = {{{0}}};
    for (size_t i = 0; i < examples->segment_count; i++) {
        const struct segment_example *segment = &examples->segments[i];
        if (trained[i])
            continue;
        uint8_t wanted[4096], found[4096];
        uint32_t count = segment->count < 4096 ? segment->count : 4096;
        for (uint32_t j = 0; j < count; j++)
            wanted[j] = examples->positions[segment->first + j].label;
        crf_decode(crf, examples, segment, found);
        add_scores(scores[segment->set], wanted, found, count);
    }
    printf("%-18s  %-17s  %-17s  %-17s  %-17s\n", "set (P R F1)", "person", "organisation", "place",
           "all");
    for (uint32_t set = 0; set < examples->set_count; set++) {
        struct score *of = scores[set], all = {.wanted = lost_of(examples, set, options)};
        for (unsigned kind = 0; kind < 3; kind++) {
            all.right += of[kind].right;
            all.found += of[kind].found;
            all.wanted += of[kind].wanted;
        }
        printf("%-18s", examples->sets[set]);
        for (unsigned kind = 0; kind < 3; kind++)
            print_score(&of[kind]);
        print_score(&all);
        printf("\n");
    }
}

// --- writing

static float largest(const struct crf *crf)
{
    float most = 0;
    for (size_t i = 1; i <= crf->signs; i++)
        for (unsigned y = 0; y < LABELS; y++) {
            float size = crf->rows[i][y] < 0 ? -crf->rows[i][y] : crf->rows[i][y];
            most = size > most ? size : most;
        }
    return most;
}

static int8_t to_byte(float weight, float scale)
{
    float scaled = weight / scale;
    float rounded = scaled < 0 ? scaled - 0.5f : scaled + 0.5f;
    return (int8_t)(rounded > 127 ? 127 : rounded < -127 ? -127 : rounded);
}

struct ranked {
    uint32_t sign;
    float size;
};

static int by_size(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x->sign < y->sign ? -1 : x->sign > y->sign;
}

// The signs with the largest weights first, so that those go without a place that matter least.
static struct ranked *rank(const struct crf *crf)
{
    struct ranked *ranked = calloc(crf->signs + 1, sizeof *ranked);
    if (!ranked)
        fail("out of memory");
    for (uint32_t i = 0; i < crf->signs; i++) {
        ranked[i].sign = i + 1;
        for (unsigned y = 0; y < LABELS; y++) {
            float weight = crf->rows[i + 1][y];
            ranked[i].size += weight < 0 ? -weight : weight;
        }
    }
    qsort(ranked, crf->signs, sizeof *ranked, by_size);
    return ranked;
}

// False: the bucket is full or has the tag already, or the weights are all nothing.
static bool place(struct model_bucket *buckets, uint32_t bits, uint64_t hash, const float *weights,
                  float scale)
{
    uint8_t tag = model_tag_of(hash);
    int8_t bytes[LABELS];
    bool any = false;
    for (unsigned y = 0; y < LABELS; y++)
        any |= (bytes[y] = to_byte(weights[y], scale)) != 0;
    struct model_bucket *bucket = &buckets[model_bucket_of(hash, bits)];
    for (unsigned slot = 0; any && slot < MODEL_SLOTS; slot++) {
        if (bucket->tags[slot] == tag)
            return false;
        if (!bucket->tags[slot]) {
            bucket->tags[slot] = tag;
            memcpy(bucket->weights[slot], bytes, sizeof bytes);
            return true;
        }
    }
    return false;
}

static size_t place_all(const struct crf *crf, const uint64_t *keys, struct model_header *header)
{
    size_t placed = 0;
    struct ranked *ranked = rank(crf);
    for (uint32_t i = 0; i < crf->signs; i++)
        placed += place((struct model_bucket *)(header + 1), header->bits, keys[ranked[i].sign],
                        crf->rows[ranked[i].sign], header->scale);
    free(ranked);
    memcpy(header->transitions[crf->reading], crf->transitions, sizeof *header->transitions);
    return placed;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    struct err err = {.text = ""};
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes, size, 1, file) == 1;
    int reason = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written)
        return;
    err_set_errno(&err, reason, "cannot write the model %s", path);
    if (file)
        remove(path); // half a model is none
    fail(err_text(&err));
}

static void write_model(const struct crf *readings, uint64_t *const *keys,
                        const struct train_options *options)
{
    size_t buckets = (size_t)1 << (options->bits - MODEL_SLOT_BITS);
    size_t size = sizeof(struct model_header) + buckets * sizeof(struct model_bucket), placed = 0;
    struct model_header *header = calloc(1, size);
    if (!header)
        fail("out of memory");
    memcpy(header->magic, MODEL_MAGIC, 8);
    header->version = MODEL_VERSION;
    header->bits = options->bits;
    header->file_size = size;
    header->scale = largest(&readings[0]);
    if (largest(&readings[1]) > header->scale)
        header->scale = largest(&readings[1]);
    header->scale /= 127;
    snprintf(header->date, sizeof header->date, "%s", options->date);
    for (unsigned reading = MODEL_READINGS; reading-- > 0;) // the few signs of the second first
        placed += place_all(&readings[reading], keys[reading], header);
    fprintf(stderr, "%zu of %u signs have a slot\n", placed, readings[0].signs + readings[1].signs);
    size_t from = offsetof(struct model_header, date);
    header->checksum = hash64(slice_from((char *)header + from, size - from), MODEL_VERSION);
    write_file(options->output, header, size);
    free(header);
}

static bool *choose(const struct train_options *options, const struct examples *examples)
{
    bool any = false, *wanted = calloc(examples->segment_count + 1, sizeof *wanted);
    if (!wanted)
        fail("out of memory");
    for (size_t i = 0; i < examples->segment_count; i++) {
        const struct segment_example *segment = &examples->segments[i];
        wanted[i] =
            options->settings.set_weight[segment->set] > 0 && segment->fold != options->held_out;
        any |= wanted[i];
    }
    if (!any)
        fail("nothing to learn from: the examples have no capitalised word, or all are held out or "
             "of weight 0; name others, or change --held-out and --weight");
    return wanted;
}

// Half of what is trained on (its even or odd folds), or what is not trained on.
static bool *choose_half(const struct examples *examples, const bool *wanted, unsigned parity,
                         bool trained)
{
    bool *half = calloc(examples->segment_count + 1, sizeof *half);
    if (!half)
        fail("out of memory");
    for (size_t i = 0; i < examples->segment_count; i++)
        half[i] = trained ? wanted[i] && examples->segments[i].fold % 2 == parity : !wanted[i];
    return half;
}

// Each half is heard by a model of the other, so that the second reading learns from what the first
// makes of texts it has not seen.
static void hear_halves(struct examples *examples, const bool *wanted, uint32_t signs,
                        const struct train_options *options)
{
    for (unsigned parity = 0; parity < 2; parity++) {
        bool *learned = choose_half(examples, wanted, parity, true);
        bool *heard = choose_half(examples, wanted, 1 - parity, true);
        struct crf crf;
        if (crf_init(&crf, 0, signs) != 0)
            fail("out of memory");
        crf_train(&crf, examples, learned, &options->settings);
        crf_hear(&crf, examples, heard);
        crf_fini(&crf);
        free(learned);
        free(heard);
    }
}

static void train_first(struct crf *crf, struct examples *examples, const bool *wanted,
                        const struct train_options *options, uint64_t **keys)
{
    uint32_t signs = examples_number(examples, 0, wanted, options->least, keys);
    fprintf(stderr, "%zu words in %zu segments, %u signs\n", examples->position_count,
            examples->segment_count, signs);
    if (crf_init(crf, 0, signs) != 0)
        fail("out of memory");
    hear_halves(examples, wanted, signs, options);
    crf_train(crf, examples, wanted, &options->settings);
    bool *others = choose_half(examples, wanted, 0, false);
    crf_hear(crf, examples, others);
    free(others);
}

static void train_second(struct crf *crf, struct examples *examples, const bool *wanted,
                         const struct train_options *options, uint64_t **keys)
{
    examples_hear(examples);
    uint32_t signs = examples_number(examples, 1, wanted, options->least, keys);
    if (crf_init(crf, 1, signs) != 0)
        fail("out of memory");
    struct crf_settings settings = options->settings;
    settings.drop = settings.drop_all = 0;
    crf_train(crf, examples, wanted, &settings);
}

int main(int argc, char **argv)
{
    struct train_options options;
    train_options_read(&options, argc, argv);
    struct err err = {.text = ""};
    struct lexicon *lexicon;
    if (lexicon_open(&lexicon, options.lexicon, &err) != 0)
        fail(err_text(&err));
    struct examples examples = {.lexicon = lexicon};
    for (size_t i = 0; i < options.example_count; i++)
        read_file(&examples, options.examples[i], true);
    for (size_t i = 0; i < options.measure_count; i++)
        read_file(&examples, options.measures[i], false);
    train_options_weigh(&options, &examples);
    bool *wanted = choose(&options, &examples);
    uint64_t *keys[MODEL_READINGS];
    struct crf readings[MODEL_READINGS];
    train_first(&readings[0], &examples, wanted, &options, &keys[0]);
    printf("first reading\n");
    measure(&readings[0], &examples, wanted, &options);
    train_second(&readings[1], &examples, wanted, &options, &keys[1]);
    printf("second reading\n");
    measure(&readings[1], &examples, wanted, &options);
    if (options.output)
        write_model(readings, keys, &options);
    for (unsigned reading = 0; reading < MODEL_READINGS; reading++) {
        crf_fini(&readings[reading]);
        free(keys[reading]);
    }
    free(wanted);
    examples_free(&examples);
    lexicon_close(lexicon);
    return 0;
}
