// Replays a subscription and measures it.
//   bench-follow ENDPOINT COUNT [OPEN-JSON]     telexd: opens, takes COUNT events, keeps credit
//   flowing bench-follow --raw ENDPOINT BYTES           the bare pusher (bench_bare_push.c): takes
//   messages until BYTES are there
// Prints {"events":...,"messages":...,"bytes":...,"seconds":...}.
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/wire/events.h"
#include "tests/bench/load.h"

struct tally {
    uint64_t events, messages, bytes;
};

static void take_events(struct tally *tally, zmq_msg_t *payload)
{
    struct cursor cursor = cursor_from(slice_from(zmq_msg_data(payload), zmq_msg_size(payload)));
    struct events_head head;
    struct event_record record;
    if (events_head_decode(&cursor, &head) < 0)
        load_die("bad events");
    for (uint32_t i = 0; i < head.count; i++, tally->events++)
        if (event_record_decode(&cursor, &record) < 0)
            load_die("bad event");
    tally->messages += head.count > 0;
    tally->bytes += head.count ? zmq_msg_size(payload) : 0;
}

static void follow(void *socket, struct tally *tally, uint64_t count, const char *open)
{
    uint64_t credited = WIRE_CREDIT_MAX;
    load_send(socket, FRAME_OPEN, 1, slice_from_text(open));
    while (tally->events < count) {
        struct frame frame;
        zmq_msg_t payload;
        load_receive(socket, &frame, &payload);
        if (frame.kind == FRAME_EVENTS)
            take_events(tally, &payload);
        zmq_msg_close(&payload);
        if (credited - tally->events > WIRE_CREDIT_MAX / 2)
            continue;
        const unsigned char more[4] = {0, 0x80, 0, 0}; // 32,768
        load_send(socket, FRAME_CREDIT, 1, slice_from(more, sizeof more));
        credited += 32768;
    }
}

static void take_raw(void *socket, struct tally *tally, uint64_t bytes)
{
    load_send(socket, FRAME_HELLO, 1, slice_from(NULL, 0));
    while (tally->bytes < bytes) {
        struct frame frame;
        zmq_msg_t payload;
        load_receive(socket, &frame, &payload);
        take_events(tally, &payload);
        zmq_msg_close(&payload);
    }
}

int main(int argc, char **argv)
{
    bool raw = argc == 4 && strcmp(argv[1], "--raw") == 0;
    if (!raw && argc != 3 && argc != 4)
        load_die(
            "usage: bench-follow ENDPOINT COUNT [OPEN-JSON] | bench-follow --raw ENDPOINT BYTES");
    void *context = zmq_ctx_new(), *socket = load_connect(context, argv[raw ? 2 : 1]);
    struct tally tally = {0};
    int64_t start = clock_mono_ns();
    if (raw)
        take_raw(socket, &tally, strtoull(argv[3], NULL, 10));
    else
        follow(socket, &tally, strtoull(argv[2], NULL, 10),
               argc == 4 ? argv[3] : "{\"from\":\"first\",\"credit\":65536}");
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    printf("{\"events\":%llu,\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.4f}\n",
           (unsigned long long)tally.events, (unsigned long long)tally.messages,
           (unsigned long long)tally.bytes, seconds);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
