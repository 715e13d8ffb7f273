// NFC by ICU, for the rare stretch that the quick scan does not pass.
#pragma once

#include "proto/base/arena.h"
#include "proto/base/slice.h"

// The stretch around the suspicious code point at `at` that has to be looked at as one: from the
// last boundary at or before it (not before `from`) to the next one behind it.
struct slice composer_cluster(struct slice text, size_t from, size_t at);

// NFC of a cluster; the cluster itself when it is in NFC already, or is longer than any honest one.
// ptr NULL when the arena is full.
struct slice composer_compose(struct slice cluster, struct arena *arena);
