// One PUSH under way: the message, the records in it that are good, why the others are not.
#pragma once

#include "daemon/commit.h"
#include "daemon/zsock.h"

struct ingest;

struct ingest_request {
    struct commit commit; // its records and acks are those accepted, in their order
    struct ingest *ingest;
    struct zsock_reply_to to;
    struct frame frame;
    zmq_msg_t payload;  // what the records are slices of
    struct buf record;  // PUSH_JSON: the record made of it
    size_t count;       // articles in the request
    size_t bytes;       // that are held while it waits
    uint8_t *verdicts;  // count: enum wire_code; WIRE_OK: among the records of the commit
    struct buf reasons; // of the others in their order, each ending in NUL
    struct ack *acks;
    struct slice *records;
};

// Room for `count` articles. Takes the message's payload over; copies the sender's identity. NULL
// when memory ran out.
struct ingest_request *ingest_request_create(struct zsock_message *message, size_t count,
                                             struct slice identity);
void ingest_request_free(struct ingest_request *request);

// The article at `index` (they come in order) is good, or refused for `why`.
void ingest_request_accept(struct ingest_request *request, size_t index, struct slice record);
void ingest_request_refuse(struct ingest_request *request, size_t index, enum wire_code code,
                           const char *why);

// The writer has answered: its status becomes the acknowledgement of every accepted article that it
// carried out none of.
void ingest_request_settle(struct ingest_request *request);

// The acknowledgement of the article at `index`, going through them in order: `accepted` and
// `reason` are where the last call left them, from 0.
struct ack ingest_request_ack(const struct ingest_request *request, size_t index, size_t *accepted,
                              size_t *reason);

// Articles in a payload of records: 1 to WIRE_BATCH_ARTICLES, or 0 with the code to refuse with and
// err.
size_t ingest_count_records(struct slice payload, enum wire_code *code, struct err *err);
