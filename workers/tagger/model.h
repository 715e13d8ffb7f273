// The names model: a linear-chain conditional random field over the words of a sentence, trained by
// workers/tagger/train. One memory-mapped, read-only, checksummed file that all workers share.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

#define MODEL_MAGIC "TLXMODL\n"
enum { MODEL_VERSION = 1 };

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

// The weights of one sign. Buckets of four rows: a sign lies in the bucket that its hash names,
// under its tag.
struct model_row {
    uint8_t tag; // 0: the row and those behind it in the bucket are empty
    int8_t weights[LABELS];
};
enum { MODEL_BUCKET = 4 };

// Layout of the file: this header, then 1 << bits rows. Little-endian.
struct model_header {
    char magic[8];
    uint32_t version;
    uint32_t bits; // log2 of the number of rows
    uint64_t file_size;
    uint64_t checksum; // hash64 of everything behind this field
    char date[16];     // of the training data, NUL-padded
    float scale;       // a weight is its byte times this
    float reserved;
    // Of the first and the second reading; from, to.
    float transitions[MODEL_READINGS][MODEL_LANGUAGES][MODEL_GAPS][LABELS][LABELS];
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
    return (uint32_t)(hash >> (64 - bits)) & ~(uint32_t)(MODEL_BUCKET - 1);
}
static inline uint8_t model_tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 3);
    return tag ? tag : 1;
}

const struct model_row *model_rows(const struct model *model);

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
