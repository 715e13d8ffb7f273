// A daemon in parts: a store, its writer, and of crew, stream and live what a test wants.
#pragma once

#include "daemon/commit.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/crew.h"
#include "daemon/ingest.h"
#include "daemon/live.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "daemon/telexd.h"
#include "daemon/zsock.h"
#include "tests/unit/daemon/support.h"

struct parts {
    struct test_folder folder;
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late;
    bool crew_closed, control_closed;
    struct telexd telexd;
};

// Store, reader, writer and queue. The configuration may be changed before other parts are made.
void parts_open(struct parts *parts);
void parts_set(struct parts *parts, const char *assignment);

void parts_make_crew(struct parts *parts);
void parts_make_stream(struct parts *parts);
void parts_make_live(struct parts *parts);
void parts_make_ingest(struct parts *parts);
void parts_make_control(struct parts *parts);

// Ends everything in order; the store is gone with its folder.
void parts_close(struct parts *parts);

// Ends and begins again without the store's folder: what a restart is.
void parts_restart(struct parts *parts);

// Runs the loop until the condition is met; fails after 30 s.
#define PARTS_WAIT(parts, cond)                                                                    \
    do {                                                                                           \
        uv_timer_again(&(parts)->deadline);                                                        \
        while (!(cond) && !(parts)->late)                                                          \
            uv_run(&(parts)->loop, UV_RUN_ONCE);                                                   \
        assert_true(cond);                                                                         \
    } while (0)

// Accepts articles "urn:<title>:<n>" with this title; returns the offset of the first. Waits for
// the commit.
uint64_t parts_push(struct parts *parts, const char *title, size_t count);

// Stores an event for each of `count` articles that are pushed for it.
struct parts_event {
    const char *language;
    const char *entity; // "Q1\tperson\tName"; NULL: none
};
void parts_add_events(struct parts *parts, const struct parts_event *event, size_t count);

// Flips a bit in the store's file wherever these bytes stand.
void parts_flip(struct parts *parts, const char *needle);

struct store_counts parts_count(struct parts *parts);
