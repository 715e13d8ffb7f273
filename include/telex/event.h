// A tagged event as a subscriber gets it.
#pragma once

#include <stdint.h>

#include <telex/article.h>

struct telex_event {
    uint64_t sequence; // place in the stream, from 1, gapless before filtering
    struct telex_bytes
        json; // one CloudEvents 1.0 object in UTF-8 without a newline; proto/schema/event.json
};
