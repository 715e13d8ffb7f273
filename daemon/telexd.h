// The daemon's one state. Nothing here is global: two daemons could live in one process, and tests
// start them so.
//
// An article's way, and the file that has it:
// - ingest.c   receives PUSH, checks, hands records to the store's writer, acknowledges after the
//              commit
// - commit.c   the bridge between the loop's thread and the writer's thread
// - queue.c    offsets that wait for a worker, in order (pure)
// - crew.c     gives queued articles to workers, takes their results to the writer; proc.c is one
//              worker process
// - stream.c   subscriptions: replay and live events, credit; live.c the lossy socket
// - control.c  questions and orders
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "daemon/config.h"
#include "daemon/lifecycle.h"
#include "daemon/store/store.h"

struct access;
struct commits;
struct control;
struct crew;
struct guard;
struct ingest;
struct live;
struct notify;
struct queue;
struct stream;
struct zsock_context;

struct telexd {
    uv_loop_t *loop;
    struct zsock_context *zmq; // zsock.h
    struct access *access;     // who may do what; NULL in tests of single parts
    struct config *config;     // resolved (config.h); replaced by telexd_reload
    struct lifecycle lifecycle;
    struct store *store;
    struct store_reader *reader; // for the loop's thread
    struct commits *commits;
    struct queue *queue;
    struct crew *crew;
    struct ingest *ingest;
    struct stream *stream;
    struct live *live; // NULL when live.endpoint is "none"
    struct control *control;
    struct guard *guard; // watches the daemon's own memory
    struct notify *notify;
    int64_t started_ms; // wall clock

    // telexd.c's own.
    uv_timer_t drain_timer;
    uv_prepare_t drain_look;
    unsigned open_ends; // what has to be closed before telexd_run returns
    bool closing, closed;
};

// Builds everything in order and binds the sockets last; what was built is torn down on failure
// (the loop is run for that) and *out is NULL. 0 or negative errno with err. Takes the
// configuration, also on failure.
int telexd_create(struct telexd **out, uv_loop_t *loop, struct config *config, struct err *err);

// Runs until drained and closed. 0, or negative errno when the daemon had to give up (store
// failure).
int telexd_run(struct telexd *telexd);

// From a signal or a test: starts draining.
void telexd_stop(struct telexd *telexd, const char *why);

// SIGHUP: reads the configuration again, swaps it when it is valid, replaces workers in order. 0 or
// -1: the old one stays in force.
int telexd_reload(struct telexd *telexd, struct err *err);

// Stops it first (running the loop) when it has not been run to its end. Accepts NULL.
void telexd_destroy(struct telexd *telexd);
