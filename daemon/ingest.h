// The ingest endpoint (PROTOCOL.md, sections 5 to 7).
// 1. Receive PUSH or PUSH_JSON; keep the message itself, records are slices of it.
// 2. Check every article; what breaks a rule is refused alone, with the reason.
// 3. Hand the good ones to the writer as one request.
// 4. After the commit reply with one acknowledgement for each article, in the order of the request.
// 5. Stop reading while too much waits for its commit; go on when a third of that is left.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/wire/frame.h"

struct telexd;
struct ingest;

struct ingest_stats {
    uint64_t requests;                      // PUSH and PUSH_JSON
    uint64_t accepted, duplicates;          // articles; a duplicate is not counted as accepted
    uint64_t refused[WIRE_CODES];           // articles (of requests refused whole: one) by enum
                                            // wire_code
    uint64_t pauses;                        // times reading was stopped
    uint64_t lost_replies;                  // the peer had gone or did not read
    uint64_t queued_articles, queued_bytes; // waiting for their commit now
};

// Binds the endpoint of the configuration. 0 or negative errno with err.
int ingest_create(struct ingest **out, struct telexd *telexd, struct err *err);

// No more requests. Every commit has been called back before (commits_stop). Accepts NULL.
void ingest_close(struct ingest *ingest);

// After ingest_close and a turn of the loop. Accepts NULL.
void ingest_destroy(struct ingest *ingest);

// The endpoint in force.
const char *ingest_endpoint(const struct ingest *ingest);

const struct ingest_stats *ingest_get_stats(const struct ingest *ingest);
