// What a lexicon under construction is made of: for lexicon_build.c and lexicon_write.c alone.
#pragma once

#include "proto/base/buf.h"
#include "workers/tagger/lexicon_build.h"

enum { BUILD_BYTES_MAX = 512 << 20 };

// A spelling on its way to a posting, and one beginning of a name on its way to a node.
struct build_name {
    uint64_t hash; // of all its words
    struct lexicon_posting posting;
    uint32_t folded; // string
};

struct build_word {
    uint64_t hash;
    struct lexicon_word word;
};

struct build_form {
    uint64_t hash;
    struct lexicon_form form;
};

struct lexicon_build {
    struct buf strings;  // char
    struct buf entities; // struct lexicon_entity
    struct buf names;    // struct build_name
    struct buf prefixes; // uint64_t
    struct buf words;    // struct build_word, a hash table while building
    struct buf forms;    // struct build_form
    size_t word_slots, word_count;
    size_t indexed;                // names that are sorted
    struct lexicon_word lost_word; // handed out when memory ran out
    enum lexicon_layer layer;
    bool failed;
};

static inline struct lexicon_entity *entity_at(const struct lexicon_build *build, uint32_t index)
{
    return (struct lexicon_entity *)(void *)build->entities.ptr + index;
}

static inline struct build_name *name_at(const struct lexicon_build *build, size_t index)
{
    return (struct build_name *)(void *)build->names.ptr + index;
}

static inline size_t name_count(const struct lexicon_build *build)
{
    return build->names.len / sizeof(struct build_name);
}
