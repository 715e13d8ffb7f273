// The stream endpoint: subscriptions with a filter and credit, replay then live (PROTOCOL.md,
// section 8).
#pragma once

#include "proto/base/err.h"
#include "proto/base/slice.h"

struct telexd;
struct stream;

struct stream_stats {
    unsigned subscriptions;
    unsigned long delivered, damaged, lost, refused;
};

// Binds the endpoint of the configuration.
int stream_create(struct stream **out, struct telexd *telexd, struct err *err);

// New events are committed: every open subscription with credit goes on. Cheap; call once per
// collected batch of commits.
void stream_wake(struct stream *stream);

// A named cursor was dropped. A subscription that holds it goes on; its next SEEN makes it anew.
void stream_forget_cursor(struct stream *stream, struct slice name);

void stream_close(struct stream *stream); // no more deliveries; unbinds
void stream_destroy(struct stream *stream);
void stream_get_stats(const struct stream *stream, struct stream_stats *out);
