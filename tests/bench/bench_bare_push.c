// The yardstick for replay: the same bytes in the same number of messages, pushed with nothing
// between.
//   bench-bare-push ENDPOINT MESSAGES EVENTS BYTES   waits for one request, then sends; ends when
//   standard input is closed
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/wire/events.h"
#include "tests/bench/load.h"

// One EVENTS payload with `count` events that is about `bytes` long.
static void make_payload(struct buf *out, uint32_t count, size_t bytes)
{
    static char json[1 << 20];
    memset(json, ' ', sizeof json);
    events_head_encode(out, &(struct events_head){.next = 1, .count = count});
    size_t each = bytes / count > EVENT_HEAD_BYTES ? bytes / count - EVENT_HEAD_BYTES : 1;
    for (uint32_t i = 0; i < count; i++)
        event_record_encode(
            out, &(struct event_record){.sequence = i + 1, .json = slice_from(json, each)});
}

int main(int argc, char **argv)
{
    if (argc != 5)
        load_die("usage: bench-bare-push ENDPOINT MESSAGES EVENTS BYTES");
    uint64_t messages = strtoull(argv[2], NULL, 10), events = strtoull(argv[3], NULL, 10),
             bytes = strtoull(argv[4], NULL, 10);
    struct buf payload;
    buf_init(&payload, WIRE_PAYLOAD_MAX);
    make_payload(&payload, (uint32_t)(events / messages), bytes / messages);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    int unbounded = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_LINGER, &unbounded, sizeof unbounded);
    if (zmq_bind(socket, argv[1]) != 0)
        load_die("%s: %s", argv[1], zmq_strerror(zmq_errno()));
    puts("ready");
    fflush(stdout);
    char peer[256];
    int peer_len = zmq_recv(socket, peer, sizeof peer, 0);
    for (int more = 1; more;) {
        size_t size = sizeof more;
        char rest[64];
        zmq_recv(socket, rest, sizeof rest, 0);
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    uint8_t head[FRAME_BYTES];
    frame_encode(&(struct frame){.version = WIRE_VERSION, .kind = FRAME_EVENTS, .id = 1}, head);
    for (uint64_t i = 0; i < messages + 1;
         i++) { // one more, so that rounding leaves nobody waiting
        zmq_send(socket, peer, (size_t)peer_len, ZMQ_SNDMORE);
        zmq_send(socket, head, sizeof head, ZMQ_SNDMORE);
        zmq_send(socket, payload.ptr, payload.len, 0);
    }
    char end;
    while (read(STDIN_FILENO, &end, 1) > 0)
        ;
    buf_fini(&payload);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
