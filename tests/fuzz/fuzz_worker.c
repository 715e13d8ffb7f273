#include "proto/wire/worker.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct worker_head head;
    uint8_t out[WORKER_HEAD_BYTES];
    if (size < WORKER_HEAD_BYTES || worker_head_decode(data, &head) < 0)
        return 0;
    check_must(head.len <= WORKER_PAYLOAD_MAX);
    worker_head_encode(&head, out);
    check_must(memcmp(out, data, WORKER_HEAD_BYTES) == 0);
    return 0;
}
