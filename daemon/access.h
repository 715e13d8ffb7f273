// Who may do what, and how much of it.
//
// 1. Reads the daemon's secret key and the clients' public ones, and starts the ZAP handler (zap.h)
//    before any socket is made.
// 2. Tells each socket how it is secured: CURVE on tcp, the peer's user on ipc.
// 3. Looks at every request: its sender's roles by the list in force now, and its rates.
// 4. On SIGHUP puts another list in force; when somebody lost something by it, connections end.
#pragma once

#include <stdint.h>

#include "daemon/roles.h"
#include "daemon/senders.h"
#include "daemon/zsock.h"

struct access;
struct config;
struct telexd;

// Reads the keys that the configuration names, and starts the ZAP handler on telexd->zmq. 0 or
// negative errno (or -1) with err; *out is then to be destroyed all the same.
int access_create(struct access **out, struct telexd *telexd, struct err *err);

// What is wrong with keys and clients: 0, or -1 with err. Needs none where no endpoint asks for
// any. The configuration is resolved.
int access_check(const struct config *config, struct err *err);

// Reads the clients that `next` names. 0, or -1 with err: the list in force stays in force. Drops
// every connection when a client is gone or may do less than before.
int access_reload(struct access *access, const struct config *next, struct err *err);

// How the endpoint of this name ("ingest") is secured: sets zap_domain and curve_secret. Accepts
// NULL (tests of single parts): not at all.
void access_secure(const struct access *access, const char *name, struct zsock_options *options);

// Whether a message's sender has one of these roles, and is within its rate of requests (of
// questions, at the control endpoint). WIRE_OK; WIRE_FORBIDDEN or WIRE_TOO_MANY with err. *sender
// is valid until the next call, or as long as it holds subscriptions. Accepts NULL: everybody may,
// and *sender is NULL.
enum wire_code access_admit(struct access *access, const struct zsock_message *message,
                            unsigned roles, struct sender **sender, struct err *err);

// So many articles more: WIRE_OK, or WIRE_TOO_MANY with err. A NULL `sender` may send any number.
enum wire_code access_admit_articles(struct access *access, struct sender *sender,
                                     uint64_t articles, struct err *err);

// Whether it may open one subscription more, with a cursor of this name ("": none). WIRE_OK;
// WIRE_FORBIDDEN or WIRE_TOO_MANY with err. A NULL `sender` may. The holder of the subscription
// counts it in sender->subscriptions.
enum wire_code access_admit_subscription(struct access *access, const struct sender *sender,
                                         const char *cursor, struct err *err);

// Since the start, and clients in the list in force.
struct access_stats {
    uint64_t peers_refused; // connections, by the ZAP handler
    uint64_t forbidden;     // requests for want of a role
    uint64_t limited;       // requests over a rate
    uint64_t clients;
};
void access_get_stats(const struct access *access, struct access_stats *out); // accepts NULL

// Behind the end of ZeroMQ's context. Accepts NULL.
void access_destroy(struct access *access);
