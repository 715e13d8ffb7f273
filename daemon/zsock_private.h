// What zsock.c (talking) and zsock_open.c (opening, recycling, closing) share.
#pragma once

#include "daemon/ipc_listener.h"
#include "daemon/late.h"
#include "daemon/zsock.h"
#include "proto/base/list.h"

struct zsock {
    struct list link; // of its context
    uv_loop_t *loop;
    struct zsock_context *context;
    struct zsock_options options;
    char *name, *endpoint;
    void *socket;
    struct ipc_listener listener; // of an ipc endpoint
    int given;                    // listening socket from the service manager; -1: none
    zsock_message_cb *cb;
    void *arg;

    uv_poll_t *poll; // memory of its own: each recycled socket needs another
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t rebind;
    unsigned open_handles;
    unsigned rebind_ms;

    struct late late; // replies for connections that are full
    uv_timer_t late_retry;
    unsigned late_ms;

    bool paused, closing;
    bool skipping; // the rest of a message of too many frames is being thrown away
    unsigned long subscriptions;
    unsigned long refused, refused_logged;
    int64_t refused_logged_ms;
    void (*wake_cb)(void *arg); // NULL: nobody wants to know
    void *wake_arg;
    void (*closed_cb)(void *arg);
    void *closed_arg;
};

// The loop's callbacks.
void zsock_poll_cb(uv_poll_t *poll, int status, int events);
void zsock_prepare_cb(uv_prepare_t *prepare);
void zsock_check_cb(uv_check_t *check);

// Every connection has gone, and what was to be sent with it.
void zsock_forget_late(struct zsock *z);
