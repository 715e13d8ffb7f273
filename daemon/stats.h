// What the daemon tells of itself: numbers from every part, as JSON for STATS and as OpenMetrics
// 1.0. The table is metrics.def.
#pragma once

#include "proto/base/buf.h"

struct telexd;

// Appends {"state":"running",...}. 0 or negative errno when the store cannot be read.
int stats_put_json(struct telexd *telexd, struct buf *out);

// Appends {"text":"<OpenMetrics>"}.
int stats_put_openmetrics(struct telexd *telexd, struct buf *out);
