// The paragraphs and lines of a text made of HTML, with what its markup said of each: how much of
// it is links, and whether it stands in a part of the page that is no part of the article
// (navigation, footer, comments, ...). What is furniture by that is taken out of the text.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/slice.h"

struct html_block {
    uint32_t start;  // byte of the text where the gap before it begins
    uint32_t first;  // its first own byte
    uint32_t linked; // bytes of it that are links
    uint8_t gap;     // enum html_gap before it
    bool bound;      // a title or a table's cell: links belong there
    bool page;       // in a part of the page that is no part of the article
};

// Takes the blocks that are furniture out of `text`. Everything stays where too little would be
// left to be an article. `blocks`: an array of struct html_block, in order. Linear.
void html_blocks_clean(struct buf *text, const struct html_block *blocks, size_t count);

// True when the name or the attributes (names and values in turn, NULL at the end; or NULL) of an
// element say that it is a part of the page and not of the article.
bool html_element_is_page(const char *name, const char *const *attributes);
