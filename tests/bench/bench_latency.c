// Pushes single articles at a fixed rate and measures from push to event.
//   bench-latency INGEST STREAM RECORDS COUNT RATE
// RATE in articles a second. Prints
// {"ack_p50_us":...,"ack_p99_us":...,"event_p50_us":...,"event_p99_us":...}.
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/wire/events.h"
#include "tests/bench/load.h"

struct run {
    uint64_t count, sent, acked, seen;
    int64_t *sent_ns, *ack_ns, *event_ns;
    uint32_t credit_used;
};

static const char prefix[] = "latency";

// Number of the article in an event's subject "urn:bench:latency:N".
static uint64_t event_index(struct slice json)
{
    static const char mark[] = "\"subject\":\"urn:bench:latency:";
    const char *at = memmem(json.ptr, json.len, mark, sizeof mark - 1);
    if (!at)
        load_die("an event of somebody else's article");
    return strtoull(at + sizeof mark - 1, NULL, 10);
}

static void take_acks(struct run *run, void *socket)
{
    while (run->acked < run->count) {
        struct frame frame;
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, 0) <= 0)
            return;
        zmq_msg_t payload;
        load_receive(socket, &frame, &payload);
        zmq_msg_close(&payload);
        run->ack_ns[frame.id] = clock_mono_ns() - run->sent_ns[frame.id];
        run->acked++;
    }
}

static void take_events(struct run *run, void *socket)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    while (zmq_poll(&item, 1, 0) > 0) {
        struct frame frame;
        zmq_msg_t payload;
        load_receive(socket, &frame, &payload);
        struct cursor cursor =
            cursor_from(slice_from(zmq_msg_data(&payload), zmq_msg_size(&payload)));
        struct events_head head;
        struct event_record record;
        if (frame.kind == FRAME_EVENTS && events_head_decode(&cursor, &head) == 0)
            for (uint32_t i = 0; i < head.count && event_record_decode(&cursor, &record) == 0;
                 i++, run->seen++) {
                uint64_t index = event_index(record.json);
                run->event_ns[index] = clock_mono_ns() - run->sent_ns[index];
                run->credit_used++;
            }
        zmq_msg_close(&payload);
    }
    if (run->credit_used > 16384) {
        const unsigned char more[4] = {0, 0x40, 0, 0}; // 16,384
        load_send(socket, FRAME_CREDIT, 1, slice_from(more, sizeof more));
        run->credit_used -= 16384;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double quantile_us(int64_t *values, uint64_t count, double share)
{
    qsort(values, count, sizeof *values, compare);
    return (double)values[(uint64_t)((double)(count - 1) * share)] / 1000.0;
}

static void open_stream(void *socket)
{
    struct frame frame;
    zmq_msg_t payload;
    load_send(socket, FRAME_OPEN, 1, slice_from_text("{\"from\":\"now\",\"credit\":65536}"));
    load_receive(socket, &frame, &payload);
    zmq_msg_close(&payload);
}

static void drive(struct run *run, const struct load *load, void *ingest, void *stream, double rate)
{
    struct buf payload;
    buf_init(&payload, WIRE_PAYLOAD_MAX);
    zmq_pollitem_t items[] = {{ingest, 0, ZMQ_POLLIN, 0}, {stream, 0, ZMQ_POLLIN, 0}};
    int64_t start = clock_mono_ns();
    while (run->acked < run->count || run->seen < run->count) {
        int64_t due = start + (int64_t)((double)run->sent * 1e9 / rate);
        if (run->sent < run->count && clock_mono_ns() >= due) {
            buf_reset(&payload);
            load_put(load, &payload, run->sent, prefix);
            run->sent_ns[run->sent] = clock_mono_ns();
            load_send(ingest, FRAME_PUSH, run->sent, buf_slice(&payload));
            run->sent++;
        } else {
            zmq_poll(items, 2, run->sent < run->count ? 1 : 60000);
        }
        take_acks(run, ingest);
        take_events(run, stream);
    }
    buf_fini(&payload);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        load_die("usage: bench-latency INGEST STREAM RECORDS COUNT RATE");
    struct load load;
    load_read(&load, argv[3]);
    struct run run = {.count = strtoull(argv[4], NULL, 10)};
    run.sent_ns = calloc(run.count * 3, sizeof *run.sent_ns);
    if (!run.sent_ns)
        load_die("out of memory");
    run.ack_ns = run.sent_ns + run.count;
    run.event_ns = run.ack_ns + run.count;
    void *context = zmq_ctx_new(), *ingest = load_connect(context, argv[1]),
         *stream = load_connect(context, argv[2]);
    open_stream(stream);
    drive(&run, &load, ingest, stream, strtod(argv[5], NULL));
    printf("{\"ack_p50_us\":%.0f,\"ack_p99_us\":%.0f,", quantile_us(run.ack_ns, run.count, 0.5),
           quantile_us(run.ack_ns, run.count, 0.99));
    printf("\"event_p50_us\":%.0f,\"event_p99_us\":%.0f}\n",
           quantile_us(run.event_ns, run.count, 0.5), quantile_us(run.event_ns, run.count, 0.99));
    free(run.sent_ns);
    load_free(&load);
    zmq_close(ingest);
    zmq_close(stream);
    zmq_ctx_term(context);
    return 0;
}
