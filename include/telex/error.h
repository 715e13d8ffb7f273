// Why something was refused or failed. Text for a person, a code for a program.
#pragma once

#include <stdbool.h>

// Codes of proto/PROTOCOL.md, section 10, under the same numbers; and some of the client's own.
enum telex_code {
    TELEX_OK = 0,
    TELEX_BAD_FRAME = 1,
    TELEX_BAD_VERSION = 2,
    TELEX_UNKNOWN_REQUEST = 3,
    TELEX_BAD_REQUEST = 4,
    TELEX_BAD_UTF8 = 5,
    TELEX_BAD_JSON = 6,
    TELEX_BAD_ARTICLE = 7,
    TELEX_TOO_LARGE = 8,
    TELEX_NOT_FOUND = 9,
    TELEX_BUSY = 10,
    TELEX_STORE_FULL = 11,
    TELEX_STORE_FAILED = 12,
    TELEX_STOPPING = 13,
    TELEX_CURSOR_TAKEN = 14,
    TELEX_TOO_MANY = 15,
    TELEX_INTERNAL = 16,
    TELEX_FORBIDDEN = 17, // the daemon does not let this key in, or not do this
    TELEX_TIMEOUT = 100,  // nobody answered in time; the outcome is unknown, asking again is safe
    TELEX_PROTOCOL = 101, // the answer was not understood
    TELEX_SYSTEM = 102,   // memory, sockets, files of the client itself
    TELEX_LOST = 103,     // events were removed before they were read: telex_follow_lost
};

struct telex_error {
    enum telex_code code;
    bool retryable;    // the same request may succeed later
    char message[512]; // NUL-terminated
};
