#include "tests/unit/daemon/wire_client.h"

void client_open(struct client *client, struct parts *parts, int receive_hwm)
{
    *client = (struct client){.parts = parts};
    client->context = zmq_ctx_new();
    client->socket = zmq_socket(client->context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(client->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (receive_hwm)
        zmq_setsockopt(client->socket, ZMQ_RCVHWM, &receive_hwm, sizeof receive_hwm);
    assert_int_equal(zmq_connect(client->socket, parts->telexd.config->stream_endpoint), 0);
}

void client_close(struct client *client)
{
    zmq_close(client->socket);
    zmq_ctx_term(client->context);
}

void client_send(struct client *client, enum frame_kind kind, uint64_t id, struct slice payload)
{
    struct frame frame = {.version = WIRE_VERSION, .kind = (uint8_t)kind, .id = id};
    uint8_t head[FRAME_BYTES];
    frame_encode(&frame, head);
    assert_int_equal(zmq_send(client->socket, head, sizeof head, ZMQ_SNDMORE), sizeof head);
    assert_true(zmq_send(client->socket, payload.ptr, payload.len, 0) >= 0);
}

void client_send_text(struct client *client, enum frame_kind kind, uint64_t id, const char *json)
{
    client_send(client, kind, id, slice_from_text(json));
}

void client_send_credit(struct client *client, uint64_t id, uint32_t more)
{
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(uint8_t)(more >> (8 * i));
    client_send(client, FRAME_CREDIT, id, slice_from(bytes, sizeof bytes));
}

void client_send_seen(struct client *client, uint64_t id, uint64_t next)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(uint8_t)(next >> (8 * i));
    client_send(client, FRAME_SEEN, id, slice_from(bytes, sizeof bytes));
}

static void take_events(struct client *client, struct slice payload)
{
    struct cursor cursor = cursor_from(payload);
    struct events_head head;
    assert_int_equal(events_head_decode(&cursor, &head), 0);
    for (uint32_t i = 0; i < head.count; i++) {
        struct event_record record;
        assert_int_equal(event_record_decode(&cursor, &record), 0);
        assert_true(client->events < CLIENT_EVENTS && record.sequence < head.next);
        client->sequences[client->events++] = record.sequence;
        snprintf(client->last_json, sizeof client->last_json, "%.*s", (int)record.json.len,
                 record.json.ptr);
    }
    assert_true(cursor_is_done(&cursor));
    client->next = head.next;
    client->live = head.live;
    client->messages++;
    client->positions += !head.count;
}

static void take_message(struct client *client, struct frame frame, struct slice payload)
{
    if (frame.kind == FRAME_EVENTS) {
        take_events(client, payload);
        return;
    }
    client->reply = frame;
    client->replies++;
    client->payload_len = payload.len;
    assert_true(payload.len < sizeof client->payload);
    if (payload.len)
        memcpy(client->payload, payload.ptr, payload.len);
    client->payload[payload.len] = '\0';
}

bool client_step(struct client *client)
{
    uv_run(&client->parts->loop, UV_RUN_NOWAIT);
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, 1) <= 0)
        return false;
    char head[FRAME_BYTES + 1];
    assert_int_equal(zmq_recv(client->socket, head, sizeof head, 0), FRAME_BYTES);
    zmq_msg_t payload;
    zmq_msg_init(&payload);
    assert_true(zmq_msg_recv(&payload, client->socket, 0) >= 0);
    assert_false(zmq_msg_more(&payload));
    struct frame frame;
    assert_int_equal(frame_decode(slice_from(head, FRAME_BYTES), &frame), WIRE_OK);
    take_message(client, frame, slice_from(zmq_msg_data(&payload), zmq_msg_size(&payload)));
    zmq_msg_close(&payload);
    return true;
}

void client_ask(struct client *client, enum frame_kind kind, uint64_t id, const char *json)
{
    unsigned long before = client->replies;
    client_send_text(client, kind, id, json);
    CLIENT_WAIT(client, client->replies > before);
    assert_int_equal(client->reply.id, id);
}

void client_barrier(struct client *client)
{
    for (int i = 0; i < 3; i++)
        client_ask(client, FRAME_HELLO, 999, "{}");
}
