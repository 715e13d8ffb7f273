#include "proto/base/hash.h"

#include <xxhash.h>

uint64_t hash64(struct slice bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.ptr, bytes.len, seed);
}

struct hash128 hash128_of(struct slice bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.ptr, bytes.len);
    return (struct hash128){.high = hash.high64, .low = hash.low64};
}

void hash128_format(struct hash128 hash, char out[HASH_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[15 - i] = digits[hash.high >> (4 * i) & 15];
        out[31 - i] = digits[hash.low >> (4 * i) & 15];
    }
    out[32] = '\0';
}
