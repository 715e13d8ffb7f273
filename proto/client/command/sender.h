// The sending half of `telex push`: keeps a window of articles in flight, records what became of
// each, tries again what was refused for now, shows progress.
#pragma once

#include "proto/base/list.h"
#include "proto/client/command/command.h"
#include "proto/forms/source.h"
#include "proto/wire/article.h"

struct sender_options {
    uint64_t window;    // articles in flight
    uint64_t retry_s;   // how long a passing refusal is tried again; 0: not at all
    uint64_t timeout_s; // without any answer; TIMEOUT_UNSET: for ever
    const char *acks;   // file to append acknowledgements to; NULL: none
    bool quiet;         // neither progress nor summary
};

struct sender {
    struct telex_client *client;
    struct sender_options options;
    int acks_fd;         // -1: none
    struct list flying;  // without an answer
    struct list retries; // refused for now, in their order
    size_t retry_count;
    int64_t retry_ms;   // monotonic: when they are sent again
    int64_t pause_ms;   // between one try and the next
    int64_t started_ms; // monotonic
    int64_t answered_ms;
    int64_t shown_ms;    // progress
    bool progress;       // it is shown
    bool noted;          // that nobody answers was said
    bool failed;         // no use going on
    unsigned complaints; // failures one after the other without an acknowledgement between them
    uint64_t articles, bytes, acknowledged, duplicates, refused;
};

// STATUS_OK, or an exit status after the reason was printed; sender_fini either way.
int sender_init(struct sender *sender, const struct context *context,
                const struct sender_options *options);
void sender_fini(struct sender *sender);

// Hands one article over (copied). Waits while the window is full.
void sender_push(struct sender *sender, const struct article *article,
                 const struct forms_place *place);

// Counts and names an article that was refused before it was sent.
void sender_refuse(struct sender *sender, const struct forms_place *place, const char *why);

// Takes acknowledgements while waiting for `fd` to be readable: forms_options.wait_cb with the
// sender as its context. -ECANCELED when sending is over.
int sender_wait_cb(int fd, void *sender);

// Waits until everything has been answered.
void sender_finish(struct sender *sender);

// True when nothing more is to be sent: a signal, --timeout, or a failure that will not pass.
bool sender_is_over(const struct sender *sender);

// Prints the last line.
void sender_summarise(struct sender *sender);
