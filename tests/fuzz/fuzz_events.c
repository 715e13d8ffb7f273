#include "proto/wire/events.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_from(slice_from(data, size));
    struct events_head head;
    struct event_record record;
    struct events_lost lost;
    if (events_lost_decode(slice_from(data, size), &lost) == 0)
        check_must(size == EVENTS_LOST_BYTES && lost.first <= lost.last);
    if (events_head_decode(&cursor, &head) < 0)
        return 0;
    for (uint32_t i = 0; i < head.count && event_record_decode(&cursor, &record) == 0; i++)
        check_must(record.json.len <= size);
    return 0;
}
