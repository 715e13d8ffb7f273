// Pushes articles with a window and measures how fast they are acknowledged.
//   bench-accept ENDPOINT RECORDS COUNT WINDOW BATCH
// The same program drives telexd and the bare loop (bench_bare_store.c). Prints
// {"articles_per_s":...,"seconds":...,"bytes":...}.
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/wire/ack.h"
#include "tests/bench/load.h"

static uint64_t count_acks(zmq_msg_t *payload)
{
    struct cursor cursor = cursor_from(slice_from(zmq_msg_data(payload), zmq_msg_size(payload)));
    uint64_t acks = 0;
    while (cursor_left(&cursor)) {
        struct ack ack;
        if (ack_decode(&cursor, &ack) < 0 || ack.code != WIRE_OK || ack.duplicate)
            load_die("article was not stored: %.*s", (int)ack.message.len, ack.message.ptr);
        acks++;
    }
    return acks;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        load_die("usage: bench-accept ENDPOINT RECORDS COUNT WINDOW BATCH");
    uint64_t count = strtoull(argv[3], NULL, 10), window = strtoull(argv[4], NULL, 10),
             batch = strtoull(argv[5], NULL, 10);
    struct load load;
    load_read(&load, argv[2]);
    void *context = zmq_ctx_new(), *socket = load_connect(context, argv[1]);
    struct buf payload;
    buf_init(&payload, WIRE_PAYLOAD_MAX);
    uint64_t sent = 0, acked = 0, bytes = 0;
    int64_t start = clock_mono_ns();
    while (acked < count) {
        while (sent < count && sent - acked + batch <= window) {
            buf_reset(&payload);
            for (uint64_t i = 0; i < batch && sent < count; i++)
                load_put(&load, &payload, sent++, "accept");
            bytes += payload.len;
            load_send(socket, FRAME_PUSH, sent, buf_slice(&payload));
        }
        struct frame frame;
        zmq_msg_t reply;
        load_receive(socket, &frame, &reply);
        acked += count_acks(&reply);
        zmq_msg_close(&reply);
    }
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    printf("{\"articles_per_s\":%.0f,\"seconds\":%.3f,\"bytes\":%llu}\n", (double)count / seconds,
           seconds, (unsigned long long)bytes);
    buf_fini(&payload);
    load_free(&load);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
