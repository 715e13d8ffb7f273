// Plain text with paragraphs, from the tags and characters of HTML or XHTML as some parser reports
// them. White space is folded; block elements become paragraphs, rows and items lines; scripts,
// styles and forms are dropped; soft hyphens and zero-width spaces too. So are, at the end, the
// parts of a page that are no part of the article (html_blocks.h).
#pragma once

#include <stddef.h>

#include "proto/base/buf.h"
#include "proto/base/slice.h"

enum html_gap { HTML_GAP_NONE, HTML_GAP_SPACE, HTML_GAP_LINE, HTML_GAP_PARAGRAPH };

struct html_text {
    struct buf out;    // never begins or ends with white space
    enum html_gap gap; // owed before the next character
    unsigned skipped;  // open elements whose text is dropped
    unsigned pre;      // open elements whose line ends count
    unsigned links;    // open <a>
    unsigned bound;    // open <h1>, <td>, <th>: what they hold is no list of links
    unsigned depth;    // open elements
    unsigned page;     // depth of the outermost that is a part of the page; 0: none
    struct buf blocks; // of struct html_block
};

// `limit` in bytes of text; beyond it out.failed is set.
void html_text_init(struct html_text *text, size_t limit);
void html_text_fini(struct html_text *text);
void html_text_reset(struct html_text *text);

// Element names without prefix, any case. Every open is matched by a close. `attributes`: names and
// values in turn, NULL at the end; or NULL.
void html_text_open(struct html_text *text, const char *name, const char *const *attributes);
void html_text_close(struct html_text *text, const char *name);

// Well-formed UTF-8.
void html_text_put(struct html_text *text, struct slice characters);

// Nothing more comes: takes the furniture out. Then `out` is the text.
void html_text_end(struct html_text *text);
