// What stands behind struct telex_client. Internal to the library.
#pragma once

#include <telex/client.h>

#include "proto/client/channel.h"
#include "proto/client/curve.h"
#include "proto/client/follow.h"
#include "proto/client/push.h"

struct telex_client {
    void *context; // ZeroMQ's
    struct curve curve;
    struct channel ingest;
    struct channel stream;
    struct channel control;
    uint64_t last_id; // of a request; 0 is nobody's
    struct push push;
    struct follow follow;
};
