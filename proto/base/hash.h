// Checksums and content identity: xxHash3. It guards against accidents (bit rot, torn pages), not
// against forgers.
#pragma once

#include <stdint.h>

#include "proto/base/slice.h"

enum { HASH_HEX_BYTES = 33 }; // 32 digits and NUL

struct hash128 {
    uint64_t high;
    uint64_t low;
};

uint64_t hash64(struct slice bytes, uint64_t seed);
struct hash128 hash128_of(struct slice bytes);

// Lower-case hexadecimal, most significant digit first.
void hash128_format(struct hash128 hash, char out[HASH_HEX_BYTES]);
