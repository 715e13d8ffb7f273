// The subscription of a client: where it is, what has arrived and was not handed out yet, and how
// much the daemon may still send.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/list.h"
#include "proto/client/channel.h"
#include "proto/wire/events.h"

struct follow_message;

struct follow {
    bool active; // telex_follow was called, and nothing has ended it
    // How to open it (again).
    char *from;        // as given; NULL: left to the daemon
    bool cursor;       // a named one: telex_follow_seen has a meaning
    struct buf extras; // the members of OPEN that never change: ,"cursor":...,"filter":...
    uint32_t credit;   // most events the daemon may have outstanding
    // On this connection.
    uint64_t id;       // of the OPEN request; 0: not sent
    bool opened;       // it was answered
    uint64_t arrived;  // the next event to arrive has this sequence or a higher one
    uint32_t granted;  // events the daemon may still send
    uint32_t consumed; // events handed out since it was last given more
    // What the caller has seen.
    bool located;      // position is known
    uint64_t position; // next sequence to hand out
    bool live;
    struct events_lost lost; // told last; first is 0 when nothing was
    uint64_t seen_wanted;    // the cursor's place as told by the caller; 0: never
    uint64_t seen_sent;      // on this connection
    uint64_t seen_done;      // confirmed
    // Arrived and not handed out; together at most `credit` events.
    struct list inbox;
    uint32_t inbox_count;
    struct follow_message *current; // the one being handed out
};

void follow_init(struct follow *follow);
void follow_fini(struct follow *follow);
