// An article as a program hands it to telex.
#pragma once

#include <stddef.h>

// Borrowed bytes; UTF-8, need not end in NUL. {NULL, 0} where there is nothing.
struct telex_bytes {
    const char *ptr;
    size_t len;
};

// Limits of each field stand in proto/PROTOCOL.md, section 5.
struct telex_article {
    struct telex_bytes uri;       // required: a stable identifier
    struct telex_bytes title;     // plain text
    struct telex_bytes source;    // who published it
    struct telex_bytes language;  // BCP 47 tag, where known
    struct telex_bytes published; // RFC 3339
    struct telex_bytes extra;     // JSON object of further fields, kept as they are
    struct telex_bytes body;      // plain text; mentions point into it
};
