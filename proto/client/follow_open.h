// The JSON of OPEN, and what the daemon answers to it.
#pragma once

#include <telex/client.h>

#include "proto/client/follow.h"

// Copies what is needed to open the subscription any number of times. -1 with error.
int follow_prepare(struct follow *follow, const struct telex_follow_options *options,
                   struct telex_error *error);

// Appends the payload of OPEN: from where it was left, or as the caller said at first.
void follow_put_open(struct buf *out, const struct follow *follow);

// Reads the reply to OPEN: the first sequence that will be looked at. -1 with error.
int follow_read_opened(struct slice payload, uint64_t *next, struct telex_error *error);
