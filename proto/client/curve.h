// The keys of a client on tcp: the daemon's public key and its own.
#pragma once

#include <stdbool.h>

#include <telex/client.h>

#include "proto/wire/keyfile.h"

struct curve {
    bool on;                      // false: tcp without encryption
    char server[KEY_LEN + 1];     // public
    char public_key[KEY_LEN + 1]; // our own
    char secret_key[KEY_LEN + 1];
};

// Reads the keys that `endpoints` (may be NULL) or the environment name. 0, or -1 with error.
int curve_read(struct curve *curve, const struct telex_endpoints *endpoints,
               struct telex_error *error);

// Sets them on a socket that is about to connect. 0, or -1 with zmq_errno.
int curve_apply(const struct curve *curve, void *socket);

void curve_wipe(struct curve *curve);
