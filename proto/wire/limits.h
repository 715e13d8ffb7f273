// The bounds of the wire, in bytes unless named otherwise. PROTOCOL.md states them; a change here
// is a change there.
#pragma once

enum {
    WIRE_VERSION = 1,
    WIRE_URI_MAX = 2048,
    WIRE_TITLE_MAX = 8192,
    WIRE_SOURCE_MAX = 256,
    WIRE_LANGUAGE_MAX = 35, // the longest BCP 47 tag in practice (RFC 5646, 4.4.1)
    WIRE_PUBLISHED_MAX = 64,
    WIRE_EXTRA_MAX = 256 * 1024,
    WIRE_BODY_MAX = 1024 * 1024, // default of the daemon's article_max, which a payload bounds
    WIRE_BATCH_ARTICLES = 256,
    WIRE_BATCH_EVENTS = 256,
    WIRE_PAYLOAD_MAX = 4 * 1024 * 1024,
    WIRE_CURSOR_NAME_MAX = 64,
    WIRE_FILTER_VALUES = 64, // values in one list of a filter
    WIRE_CREDIT_MAX = 65536, // events a subscription may have outstanding
};
