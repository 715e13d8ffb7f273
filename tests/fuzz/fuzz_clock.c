#include "proto/base/clock.h"
#include "tests/fuzz/fuzz.h"

// A time that is read is written so that it reads as the same time.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ms, again;
    char text[CLOCK_TEXT_BYTES];
    if (!clock_parse(slice_from(data, size), &ms))
        return 0;
    clock_format(ms, text);
    check_must(clock_parse(slice_from_text(text), &again));
    check_must(again == ms || text[0] == '0' ||
               text[0] == '9'); // clamped at the ends of the calendar
    return 0;
}
