// The ZAP handler (RFC 27): libzmq asks it about every connection before it may send or receive
// anything, on tcp with its key, on ipc with its process's user. Without one libzmq lets everybody
// in, so it is bound and has answered a question before any socket is made.
//
// 1. Answer in a thread of its own: what the loop is doing never delays a handshake, nor a flood of
//    handshakes the loop.
// 2. Who may connect to an endpoint follows from its rule and the allow-list in force.
// 3. The identity it gives a connection ("key:...", "uid:1000:4711", "address:127.0.0.1") is
//    carried by every message of it: access.h.
// 4. Refusals are counted, and logged at most ten times a second for each endpoint.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct clients;
struct zap;

// Of one endpoint; its name is the ZAP domain.
struct zap_rule {
    const char *domain;
    unsigned roles;   // any of these lets a key in
    bool open;        // tcp without encryption, as the configuration says: whoever it is
    const char *path; // of the ipc socket; NULL: tcp
};

enum { ZAP_RULES_MAX = 8 };

// Copies the rules (their texts are borrowed) and takes the clients over (NULL: none) unless *out
// is NULL afterwards. `zmq` is ZeroMQ's context; the thread ends with it. 0 or negative errno with
// err: *out is then to be ended all the same.
int zap_start(struct zap **out, void *zmq, const struct zap_rule *rules, unsigned count,
              struct clients *clients, struct err *err);

// Puts another allow-list in force and gives the old one back.
struct clients *zap_exchange(struct zap *zap, struct clients *clients);

// The list in force; the thread that exchanges it may look at it without a lock.
const struct clients *zap_clients(const struct zap *zap);

uint64_t zap_refused(const struct zap *zap);

// Behind the end of the context. Frees the clients too. Accepts NULL.
void zap_end(struct zap *zap);
