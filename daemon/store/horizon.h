// The horizon: events are removed from the oldest on, without gaps, and each takes its article with
// it unless that waits for tagging (again) or a dead letter keeps it. What was removed last stands
// in one record, so that no number is ever given twice, however little is left.
#pragma once

#include "daemon/store/internal.h"

// 0, also when nothing was ever removed; negative errno, with what the tables tell in *out when it
// is -EBADMSG.
int horizon_read(const struct store *store, MDB_txn *txn, struct horizon *out);

int horizon_write(const struct store *store, MDB_txn *txn, const struct horizon *horizon);
