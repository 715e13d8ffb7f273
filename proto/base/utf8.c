#include "proto/base/utf8.h"

#include <string.h>

// Eight ASCII bytes at a time: news text is mostly ASCII, and this path is what makes the check
// cheap.
static size_t ascii_run(const uint8_t *bytes, size_t at, size_t len)
{
    while (len - at >= 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        if (word & 0x8080808080808080u)
            break;
        at += 8;
    }
    while (at < len && bytes[at] < 0x80)
        at++;
    return at;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

// Length of the well-formed multi-byte sequence at `at`, or 0.
static size_t sequence_length(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead >= 0xc2 && lead <= 0xdf)
        return left >= 2 && is_continuation(at[1]) ? 2 : 0;
    if ((lead & 0xf0) == 0xe0) {
        if (left < 3 || !is_continuation(at[1]) || !is_continuation(at[2]))
            return 0;
        bool overlong = lead == 0xe0 && at[1] < 0xa0;
        bool surrogate = lead == 0xed && at[1] > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (left < 4 || !is_continuation(at[1]) || !is_continuation(at[2]) ||
            !is_continuation(at[3]))
            return 0;
        bool overlong = lead == 0xf0 && at[1] < 0x90;
        bool beyond = lead == 0xf4 && at[1] > 0x8f;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

size_t utf8_valid_prefix(struct slice slice)
{
    const uint8_t *bytes = (const uint8_t *)slice.ptr;
    size_t at = 0;
    while (at < slice.len) {
        at = ascii_run(bytes, at, slice.len);
        if (at == slice.len)
            break;
        size_t length = sequence_length(bytes + at, slice.len - at);
        if (!length)
            return at;
        at += length;
    }
    return at;
}

size_t utf8_count(struct slice bytes)
{
    size_t continuations = 0, i = 0;
    for (; bytes.len - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.ptr + i, 8);
        // The top bit of each byte that is 10xxxxxx.
        uint64_t marks = word & ~(word << 1) & 0x8080808080808080u;
        continuations += (size_t)((marks >> 7) * 0x0101010101010101u >> 56);
    }
    for (; i < bytes.len; i++)
        continuations += is_continuation((uint8_t)bytes.ptr[i]);
    return bytes.len - continuations;
}

size_t utf8_put(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
