// Which language a text is written in.
#pragma once

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
