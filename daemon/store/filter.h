// Which events a filter lets through, and how to find the next of them without reading the rest.
#pragma once

#include "daemon/store/internal.h"

// Decides on the event's own record.
bool filter_matches(const struct store_filter *filter, const struct stored_event *event);

// The heads of a filter's posting lists in one snapshot; made and kept by store_next_event.
void filter_plan_forget(struct filter_plan *plan); // the snapshot ends; accepts NULL
void filter_plan_free(struct filter_plan *plan);   // accepts NULL

// First sequence at or behind `from` that is in the posting lists of every list of the filter, in
// *found. 0; -ENOENT when there is none up to the indexed position; -EAGAIN when the budget ran
// out: *found, which is greater than `from`, is then where to go on; -ENOMEM, -EIO family.
int filter_plan_next(struct store_reader *reader, const struct store_filter *filter, uint64_t from,
                     uint32_t *budget, uint64_t *found);
