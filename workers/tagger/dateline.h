// Lines that only say when: "13. Februar 2017", "7.07.2017, 15:30", "Hamburg, 7. Juli 2017".
#pragma once

#include <stdbool.h>

#include "proto/base/slice.h"

// True for a line of numbers and names of months, days and hours, a full date among them; one word
// may stand before a comma.
bool dateline_is(struct slice line);
