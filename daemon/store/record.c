#include "daemon/store/record.h"

#include <errno.h>

#include "proto/base/hash.h"

// In the machine's byte order, as LMDB's own pages are: a store does not move between byte orders.
struct record_head {
    uint64_t checksum;
    uint32_t length;
    uint32_t zero;
};

_Static_assert(sizeof(struct record_head) == RECORD_HEAD_BYTES, "no padding on disk");

static uint64_t record_checksum(enum store_db db, struct slice key, struct slice payload)
{
    return hash64(payload, hash64(key, (uint64_t)db));
}

void record_seal(enum store_db db, struct slice key, void *value, size_t len)
{
    struct slice payload = slice_from((char *)value + RECORD_HEAD_BYTES, len);
    struct record_head head = {.checksum = record_checksum(db, key, payload),
                               .length = (uint32_t)len};
    memcpy(value, &head, sizeof head);
}

int record_open(enum store_db db, struct slice key, struct slice value, struct slice *payload)
{
    struct record_head head;
    if (value.len < sizeof head)
        return -EBADMSG;
    memcpy(&head, value.ptr, sizeof head);
    // The length first: when it is LMDB's own page that is damaged, `value` may reach anywhere.
    if (head.length != value.len - sizeof head || head.zero)
        return -EBADMSG;
    *payload = slice_from(value.ptr + sizeof head, head.length);
    return head.checksum == record_checksum(db, key, *payload) ? 0 : -EBADMSG;
}

void number_seal(enum store_db db, struct slice key, uint64_t number, void *value)
{
    uint64_t words[2] = {number, record_checksum(db, key, slice_from(&number, sizeof number))};
    memcpy(value, words, sizeof words);
}

int number_open(enum store_db db, struct slice key, struct slice value, uint64_t *number)
{
    uint64_t words[2];
    if (value.len != sizeof words)
        return -EBADMSG;
    memcpy(words, value.ptr, sizeof words);
    *number = words[0];
    struct slice bytes = slice_from(words, sizeof words[0]);
    return words[1] == record_checksum(db, key, bytes) ? 0 : -EBADMSG;
}
