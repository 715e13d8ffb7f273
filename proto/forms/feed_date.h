// Dates as feeds write them.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/slice.h"

// RFC 822 ("Tue, 04 Feb 2020 18:05:00 GMT", two-digit years and zone names included) becomes RFC
// 3339 in UTC; RFC 3339 stays; other text stays as it is when it is short and clean, else it is
// left out (empty). The result lives in the arena.
struct slice feed_date_read(struct slice text, struct arena *arena);
