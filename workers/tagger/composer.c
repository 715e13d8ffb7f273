#include "workers/tagger/composer.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "proto/base/utf8.h"

// Sorting combining marks is quadratic in their number. Unicode's stream-safe format allows 30 in a
// row; a cluster of more than this is an attack and stays as it is.
enum { CLUSTER_BYTES_MAX = 256, COMPOSED_UNITS_MAX = 4 * CLUSTER_BYTES_MAX };

static const UNormalizer2 *nfc(void)
{
    UErrorCode status = U_ZERO_ERROR;
    return unorm2_getNFCInstance(&status);
}

struct slice composer_cluster(struct slice text, size_t from, size_t at)
{
    const UNormalizer2 *normalizer = nfc();
    size_t start = at, end = at;
    while (start > from &&
           !unorm2_hasBoundaryBefore(normalizer, (UChar32)utf8_next(text, &(size_t){start}))) {
        do
            start--;
        while (start > from && ((unsigned char)text.ptr[start] & 0xc0) == 0x80);
    }
    (void)utf8_next(text, &end);
    while (end < text.len) {
        size_t next = end;
        if (unorm2_hasBoundaryBefore(normalizer, (UChar32)utf8_next(text, &next)))
            break;
        end = next;
    }
    return slice_from(text.ptr + start, end - start);
}

struct slice composer_compose(struct slice cluster, struct arena *arena)
{
    if (cluster.len > CLUSTER_BYTES_MAX)
        return cluster;
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[CLUSTER_BYTES_MAX], composed[COMPOSED_UNITS_MAX];
    char narrow[3 * COMPOSED_UNITS_MAX];
    int32_t wide_len = 0, composed_len, narrow_len = 0;
    u_strFromUTF8(wide, CLUSTER_BYTES_MAX, &wide_len, cluster.ptr, (int32_t)cluster.len, &status);
    composed_len = unorm2_normalize(nfc(), wide, wide_len, composed, COMPOSED_UNITS_MAX, &status);
    u_strToUTF8(narrow, sizeof narrow, &narrow_len, composed, composed_len, &status);
    struct slice result = slice_from(narrow, (size_t)narrow_len);
    if (U_FAILURE(status) || slice_equal(result, cluster))
        return cluster;
    return arena_copy(arena, result);
}
