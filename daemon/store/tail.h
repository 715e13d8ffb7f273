// The tail: events behind the indexes' position, and what they say of entities. Answers are exact
// at every moment because of it. A reader keeps it from one question to the next and reads only the
// events that have come since, so that a question costs the same however far the indexes lag; but
// they may lag too far for it.
#pragma once

#include "daemon/store/internal.h"
#include "daemon/store/sorted.h"
#include "daemon/store/spellings.h"

enum { TAIL_BYTES = 24 << 20 }; // in memory; of news, tens of thousands of events

struct tail {
    uint64_t from, until;    // events from ... until - 1 have been read
    struct sorted entities;  // id, sequence, "type TAB name"
    struct sorted spellings; // folded spelling, 0, id; each once
    struct spellings seen;   // those
};

// The tail of the reader's snapshot. Good, as everything in it, until the snapshot ends. Damaged
// events are passed over. 0; -EAGAIN when it would take more than TAIL_BYTES, until the indexes
// have come nearer; -ENOMEM, or -EIO family.
int tail_read(struct store_reader *reader, const struct tail **out);

void tail_free(struct tail *tail);
