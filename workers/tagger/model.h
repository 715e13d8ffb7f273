// The names model: a linear-chain conditional random field over the words of a sentence, trained by
// workers/tagger/train. One memory-mapped, read-only, checksummed file that all workers share.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/err.h"

#define MODEL_MAGIC "TLXMODL\n"
enum { MODEL_VERSION = 2 };

enum label {
    LABEL_NONE,
    LABEL_PERSON,      // begins a person's name
    LABEL_PERSON_MORE, // goes on with it
    LABEL_ORGANISATION,
    LABEL_ORGANISATION_MORE,
    LABEL_PLACE,
    LABEL_PLACE_MORE,
    LABELS,
};

enum {
    MODEL_LANGUAGES = 4,
    MODEL_GAPS = 8,
    MODEL_READINGS = 2
}; // enum lexicon_language and others; enum word_gap

enum { MODEL_SLOTS = 8, MODEL_SLOT_BITS = 3 };

// The weights of eight signs in one line of the processor's cache: a sign lies in the bucket that
// its hash names, in the slot that has its tag.
struct model_bucket {
    uint8_t tags[MODEL_SLOTS]; // 0: this slot and those behind it are empty; no tag twice
    int8_t weights[MODEL_SLOTS][LABELS];
};

// Layout of the file: this header, then the buckets. Little-endian.
struct model_header {
    char magic[8];
    uint32_t version;
    uint32_t bits; // log2 of the number of slots
    uint64_t file_size;
    uint64_t checksum; // hash64 of everything behind this field
    char date[16];     // of the training data, NUL-padded
    float scale;       // a weight is its byte times this
    float reserved[3]; // the buckets begin with a cache line
    // Of the first and the second reading; from, to.
    float transitions[MODEL_READINGS][MODEL_LANGUAGES][MODEL_GAPS][LABELS][LABELS];
};

// exp of the transitions of one language in one reading, by gap; 0 where a label may not follow.
// Labels are padded, with zeros, to a width that the compiler turns into vectors.
enum { MODEL_ROW = 8 };
struct model_steps {
    float forth[MODEL_GAPS][MODEL_ROW][MODEL_ROW]; // from, to
    float back[MODEL_GAPS][MODEL_ROW][MODEL_ROW];  // to, from
};

struct model;

// 0; -ENOENT; -EINVAL for a file that is not a model, of another version, or damaged (err says
// which and what to do).
int model_open(struct model **out, const char *path, struct err *err);
void model_close(struct model *model);

// "<date of its data>-<first 8 digits of its checksum>". Valid as long as the model.
const char *model_id(const struct model *model);

const struct model_header *model_header_of(const struct model *model);

// The bucket and the tag of a sign's hash.
static inline uint32_t model_bucket_of(uint64_t hash, uint32_t bits)
{
    return (uint32_t)(hash >> (64 + MODEL_SLOT_BITS - bits));
}
static inline uint8_t model_tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 3);
    return tag ? tag : 1;
}

const struct model_bucket *model_buckets(const struct model *model);

// MODEL_LANGUAGES of them, of the first (0) or the second (1) reading.
const struct model_steps *model_steps(const struct model *model, unsigned reading);

// e^x to six digits, of x from -80 to 80, taken as that when it is beyond, or no number. The C
// library's differs between processors, and events must not.
static inline float model_exp(float x)
{
    float doublings = (x > -80 ? x < 80 ? x : 80 : -80) * 1.44269504f;
    int32_t whole = (int32_t)(doublings + 128.5f) - 128;
    float rest = (doublings - (float)whole) * 0.693147181f; // -0.35..0.35
    float sum = 1 + rest * (1 + rest * (0.5f + rest * (0.16666667f +
                                                       rest * (0.041666668f + rest * 0.0083333f))));
    uint32_t bits = (uint32_t)(127 + whole) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

// Score of a label that cannot be.
#define LABEL_FORBIDDEN (-1e4f)

static inline bool label_begins(unsigned label)
{
    return label % 2 == 1;
}

static inline bool label_goes_on(unsigned label)
{
    return label != LABEL_NONE && label % 2 == 0;
}

// True when `to` may stand right behind `from`: a name goes on only behind its own type.
static inline bool label_may_follow(unsigned from, unsigned to)
{
    return !label_goes_on(to) || from == to || from == to - 1;
}
