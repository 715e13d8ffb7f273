// News agencies in credits and lead-ins.
#pragma once

#include <stdbool.h>

#include "proto/base/slice.h"

enum agency_kind { AGENCY_NONE = 0, AGENCY_WIRE = 1, AGENCY_OTHER = 2 };

// What the text (a name as it stands in the article, up to 40 bytes) is known as.
enum agency_kind agency_kind_of(struct slice name);

// The bytes to drop from the first line of a report: the agency in "WARSZAWA (PAP) - ", "MOSCOW,
// Nov 3 (Reuters) - ", "(dpa) ", "Reuters - ". Place, date and dash stay where there is a place.
// False when the line has no such lead-in.
bool agency_leadin_find(struct slice line, size_t *cut_start, size_t *cut_end);

// True for a line that only says who wrote or sent the report: "Reuters / PAP / Tvp.info/
// Kresy.pl",
// "(dpa/AFP)", "mal/ pap/".
bool agency_is_credit(struct slice line);
