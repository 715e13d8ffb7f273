// Which language a text is written in.
#pragma once

#include <stdbool.h>

#include "proto/base/slice.h"

enum { LANGUAGE_TAG_BYTES = 8 };

struct language {
    char tag[LANGUAGE_TAG_BYTES]; // primary BCP 47 tag, lower case; "und" when it cannot be told
    double confidence;            // 0 to 1, thousandths
};

// Identifies the language of an article from its title and the beginning of its body (well-formed
// UTF-8). `claimed` is what the feed says (a BCP 47 tag, may be empty): it is believed when the
// text bears it out, costs less time then, and decides where the text is too short to tell.
struct language language_identify(struct slice title, struct slice body, struct slice claimed);

// True when a paragraph is clearly in another language than `article` (a primary tag): *language
// then says in which. A Polish, German or English article's own paragraphs cost a count of their
// function words; CLD2 is asked only where these leave a doubt.
bool language_differs(struct slice paragraph, struct slice article, struct language *language);
