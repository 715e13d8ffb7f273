// A feed's bytes on their way to the XML parser, which knows UTF-8, and what a document declares.
// Where nothing is declared and the bytes are not UTF-8, the charset is guessed (charset.h): what
// was handed on before was ASCII.
#pragma once

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/forms/charset.h"
#include "proto/forms/input.h"

enum feed_charset_mode {
    FEED_CHARSET_NEW,
    FEED_CHARSET_ASCII,    // nothing declared; only ASCII so far
    FEED_CHARSET_PARSER,   // UTF-8, or declared: the parser's own business
    FEED_CHARSET_CONVERTED // guessed
};

struct feed_charset {
    enum feed_charset_mode mode;
    struct charset charset;
    struct buf text; // the piece handed out last, converted
};

void feed_charset_init(struct feed_charset *feed);
void feed_charset_fini(struct feed_charset *feed);

// The next piece for the parser, valid until the next call or input_more; empty at the end.
// *used: bytes to consume of `in` when the piece has been parsed. 0; -EILSEQ with err; another
// negative errno: reading failed.
int feed_charset_next(struct feed_charset *feed, struct input *in, struct slice *piece,
                      size_t *used, struct err *err);
