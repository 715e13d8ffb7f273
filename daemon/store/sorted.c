#include "daemon/store/sorted.h"

#include <endian.h>
#include <stdlib.h>

void sorted_init(struct sorted *run)
{
    buf_init(&run->bytes, UINT32_MAX);
    buf_init(&run->entries, UINT32_MAX);
}

void sorted_fini(struct sorted *run)
{
    buf_fini(&run->bytes);
    buf_fini(&run->entries);
}

static uint64_t key_prefix(struct slice key)
{
    uint64_t word = 0;
    memcpy(&word, key.ptr, key.len < sizeof word ? key.len : sizeof word);
    return be64toh(word);
}

void sorted_add(struct sorted *run, struct slice key, uint64_t number, struct slice value)
{
    if (!key.len || key.len > UINT16_MAX || value.len > UINT16_MAX) {
        run->bytes.failed = true;
        return;
    }
    struct sorted_entry entry = {
        .prefix = key_prefix(key),
        .key_at = (uint32_t)run->bytes.len,
        .key_len = (uint16_t)key.len,
        .value_at = (uint32_t)(run->bytes.len + key.len),
        .value_len = (uint16_t)value.len,
        .number = number,
    };
    buf_put_slice(&run->bytes, key);
    buf_put_slice(&run->bytes, value);
    if (!run->bytes.failed) // else it would lead to bytes that are not there
        buf_put(&run->entries, &entry, sizeof entry);
}

static int compare_bytes(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const struct sorted *left, const struct sorted_entry *a,
                           const struct sorted *right, const struct sorted_entry *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    int order = compare_bytes(sorted_key(left, a), sorted_key(right, b));
    if (order)
        return order;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return compare_bytes(sorted_value(left, a), sorted_value(right, b));
}

static int compare_cb(const void *a, const void *b, void *run)
{
    return compare_entries(run, a, run, b);
}

int sorted_compare(const struct sorted *left, size_t i, const struct sorted *right, size_t j)
{
    return compare_entries(left, sorted_at(left, i), right, sorted_at(right, j));
}

static void sort_entries(struct sorted *run, size_t start)
{
    struct sorted_entry *entries = (void *)run->entries.ptr;
    size_t count = sorted_count(run) - start;
    if (count > 1)
        qsort_r(entries + start, count, sizeof *entries, compare_cb, run);
}

void sorted_sort(struct sorted *run)
{
    sort_entries(run, 0);
}

void sorted_sort_from(struct sorted *run, size_t start)
{
    size_t count = sorted_count(run), old = 0, added = start;
    if (start == count)
        return;
    sort_entries(run, start);
    struct buf merged;
    buf_init(&merged, UINT32_MAX);
    buf_reserve(&merged, run->entries.len);
    while (old < start || added < count) {
        bool first = added == count || (old < start && sorted_compare(run, old, run, added) <= 0);
        buf_put(&merged, sorted_at(run, first ? old++ : added++), sizeof(struct sorted_entry));
    }
    merged.failed = merged.failed || run->entries.failed;
    buf_fini(&run->entries);
    run->entries = merged;
}

size_t sorted_find(const struct sorted *run, struct slice key)
{
    size_t low = 0, high = sorted_count(run);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_bytes(sorted_key(run, sorted_at(run, middle)), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
