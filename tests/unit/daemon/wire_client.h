// A client of the daemon in the test's own thread: a raw DEALER, and what it has received.
#pragma once

#include <zmq.h>

#include "proto/wire/events.h"
#include "proto/wire/frame.h"
#include "tests/unit/daemon/parts.h"

enum { CLIENT_EVENTS = 20000 };

struct client {
    struct parts *parts;
    void *context, *socket;
    // The newest reply that was no EVENTS.
    struct frame reply;
    char payload[4096];
    size_t payload_len;
    unsigned long replies;
    // Events of all its subscriptions, as they came.
    uint64_t sequences[CLIENT_EVENTS];
    size_t events;
    char last_json[65536];
    uint64_t next; // of the newest EVENTS
    bool live;
    unsigned long messages, positions; // EVENTS; those of them without events
};

// `receive_hwm` 0: ZeroMQ's default.
void client_open(struct client *client, struct parts *parts, int receive_hwm);
void client_close(struct client *client);

void client_send(struct client *client, enum frame_kind kind, uint64_t id, struct slice payload);
void client_send_text(struct client *client, enum frame_kind kind, uint64_t id, const char *json);
void client_send_credit(struct client *client, uint64_t id, uint32_t more);
void client_send_seen(struct client *client, uint64_t id, uint64_t next);

// Takes one message if there is one; the loop gets a turn either way.
bool client_step(struct client *client);

// Sends and waits for the reply that is no EVENTS.
void client_ask(struct client *client, enum frame_kind kind, uint64_t id, const char *json);

// Everything the daemon was about to send before has come when this returns.
void client_barrier(struct client *client);

#define CLIENT_WAIT(client, cond)                                                                  \
    do {                                                                                           \
        uv_timer_again(&(client)->parts->deadline);                                                \
        while (!(cond) && !(client)->parts->late)                                                  \
            client_step(client);                                                                   \
        assert_true(cond);                                                                         \
    } while (0)
