#include "daemon/guard.h"

#include "proto/base/log.h"
#include "proto/wire/ack.h"
#include "tests/unit/daemon/client.h"
#include "tests/unit/daemon/parts.h"

enum { LIMIT_MIB = 64, FLOOD_MIB = 512, CHUNK = 1024 * 1024 };

struct flood {
    struct parts *parts;
    struct client hostile, honest;
};

// A message that never ends. ZeroMQ takes frame after frame: no limit of its own counts them.
static void send_without_end(void *arg)
{
    struct flood *flood = arg;
    static char chunk[CHUNK];
    int patience = 2000;
    zmq_setsockopt(flood->hostile.socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
    for (int i = 0; i < FLOOD_MIB; i++)
        if (zmq_send(flood->hostile.socket, chunk, sizeof chunk, ZMQ_SNDMORE) < 0)
            return; // disconnected
}

// An honest client sends again what was not answered, and is served.
static void push_again(void *arg)
{
    struct flood *flood = arg;
    int patience = 200;
    char text[1024];
    zmq_setsockopt(flood->honest.socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    for (int i = 0; i < 100; i++) {
        client_send(&flood->honest, FRAME_PUSH_JSON, 1, "{\"uri\":\"urn:h:1\",\"body\":\"b\"}");
        if (zmq_recv(flood->honest.socket, text, sizeof text, 0) >= 0)
            return;
    }
    fail_msg("no answer");
}

static void test_an_endless_message_is_dropped(void **state)
{
    (void)state;
    struct parts parts;
    struct err err = {""};
    parts_open(&parts);
    parts_make_ingest(&parts);
    parts.telexd.config->daemon_memory_limit = LIMIT_MIB;
    assert_int_equal(guard_create(&parts.telexd.guard, &parts.telexd, &err), 0);
    const char *endpoint = parts.telexd.config->ingest_endpoint;
    struct flood flood = {.parts = &parts,
                          .hostile = client_connect(endpoint, ZMQ_DEALER),
                          .honest = client_connect(endpoint, ZMQ_DEALER)};
    test_run_beside(&parts.loop, push_again, &flood);
    assert_int_equal(guard_recycles(parts.telexd.guard), 0);
    test_run_beside(&parts.loop, send_without_end, &flood);
    PARTS_WAIT(&parts, guard_recycles(parts.telexd.guard) > 0);
    client_disconnect(&flood.hostile); // its own buffers are this process's memory too
    PARTS_WAIT(&parts, guard_memory(parts.telexd.guard) < (uint64_t)LIMIT_MIB << 20);
    test_run_beside(&parts.loop, push_again, &flood);
    client_disconnect(&flood.honest);
    guard_close(parts.telexd.guard);
    parts_close(&parts);
    guard_destroy(parts.telexd.guard);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR - 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_an_endless_message_is_dropped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
