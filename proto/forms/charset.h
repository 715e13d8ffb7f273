// Text that is not UTF-8: what it is written in, and its way to UTF-8 (iconv). What a text declares
// goes before what libuchardet guesses.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <iconv.h>

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

enum {
    CHARSET_NAME_BYTES = 48,           // with the NUL
    CHARSET_SAMPLE_BYTES = 64 * 1024,  // of a text whose charset is guessed
    CHARSET_DECLARED_BYTES = 4 * 1024, // of a document's start where it may declare its charset
};

struct charset {
    iconv_t to_utf8;
    char name[CHARSET_NAME_BYTES];
};

// What a document's start says: a byte order mark, <?xml encoding="...">, <meta charset="...">,
// <meta content="text/html; charset=...">. False: nothing; `name` is then empty.
bool charset_find_declared(struct slice start, char name[CHARSET_NAME_BYTES]);

// False when `sample` cannot be told from UTF-8 with a few bad bytes, or nothing is known of it;
// `name` is then empty.
bool charset_guess(struct slice sample, char name[CHARSET_NAME_BYTES]);

// By the names of iconv and of HTML, where ISO-8859-1 and ASCII mean Windows-1252. 0; -EINVAL: no
// such charset, with err. On 0 the caller closes it.
int charset_open(struct charset *charset, const char *name, struct err *err);
void charset_close(struct charset *charset);

// Appends `bytes` as UTF-8 to `out`. *used: how many of them; an incomplete character at the end is
// left. 0; -EILSEQ: the byte at *used is none of this charset's text; -ENOMEM: out->failed.
int charset_convert(struct charset *charset, struct slice bytes, struct buf *out, size_t *used);

// Opens the charset guessed for `sample` and tries it there. 0; -EILSEQ with err: nothing fits; it
// names what was tried, and `remedy`, how such a document declares its charset.
int charset_open_guessed(struct charset *charset, struct slice sample, const char *remedy,
                         struct err *err);
