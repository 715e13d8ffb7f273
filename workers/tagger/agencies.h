// News agencies and whoever else stands in credits.
#pragma once

#include "proto/base/slice.h"

enum agency_kind {
    AGENCY_NONE = 0,
    AGENCY_WIRE,    // signs articles: "BERLIN (dpa) -"
    AGENCY_OTHER,   // broadcasters, papers: beside others in credit lines
    AGENCY_PICTURE, // picture agencies: alone on a line they are a credit
};

// What the text (a name as it stands in the article, up to 40 bytes) is known as.
enum agency_kind agency_kind_of(struct slice name);
