// HTML to plain text, by libxml2's HTML parser.
#pragma once

#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

enum {
    HTML_MAX = 16 * 1024 * 1024, // bytes of HTML
    HTML_MAX_DEPTH = 256,        // open elements
};

// A fragment or a page to text with paragraphs (html_text.h); *text lives in the arena. Time is
// linear in the length. 0; -EINVAL (not UTF-8, a NUL byte), -E2BIG (too long, too deep), -ENOMEM,
// with err. A forms_html_cb.
int forms_html_to_text(struct slice html, struct arena *arena, struct slice *text, struct err *err);

// True when `text` holds a tag or a character reference: how to tell HTML from text where a format
// (RSS) does not say which it is.
bool html_is_like(struct slice text);
