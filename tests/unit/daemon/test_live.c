// The live endpoint, seen from a raw SUB socket.
#include "daemon/live.h"

#include <zmq.h>

#include "tests/unit/daemon/parts.h"

static void *subscribe(struct parts *parts, void *context, const char *topic)
{
    void *socket = zmq_socket(context, ZMQ_SUB);
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
    assert_int_equal(zmq_connect(socket, parts->telexd.config->live_endpoint), 0);
    return socket;
}

// Takes one message if there is one.
static bool receive(struct parts *parts, void *socket, char topic[256], char body[4096])
{
    uv_run(&parts->loop, UV_RUN_NOWAIT);
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, 1) <= 0)
        return false;
    int len = zmq_recv(socket, topic, 255, 0);
    assert_true(len > 0);
    topic[len] = '\0';
    len = zmq_recv(socket, body, 4095, 0);
    assert_true(len > 0);
    body[len] = '\0';
    return true;
}

// What came before the wanted topic may still have been on its way.
static void expect(struct parts *parts, void *socket, const char *wanted)
{
    char topic[256] = "", body[4096] = "";
    uv_timer_again(&parts->deadline);
    while (strcmp(topic, wanted) != 0 && !parts->late)
        receive(parts, socket, topic, body);
    assert_string_equal(topic, wanted);
    assert_int_equal(body[0], '{');
}

// Subscriptions need a moment to arrive: events are made until the first comes.
static unsigned long add_until_received(struct parts *parts, void *socket,
                                        const struct parts_event *event)
{
    char topic[256], body[4096];
    bool got = false;
    uv_timer_again(&parts->deadline);
    while (!got && !parts->late) {
        parts_add_events(parts, event, 1);
        got = receive(parts, socket, topic, body);
    }
    assert_true(got);
    while (receive(parts, socket, topic, body))
        ;
    return parts_count(parts).events;
}

static void test_publishes_by_topic(void **state)
{
    (void)state;
    static const struct parts_event event = {"pl", "Q7747\tperson\tA Person"};
    static const struct parts_event plain = {"de-AT", NULL};
    struct parts parts;
    parts_open(&parts);
    parts_add_events(&parts, &event, 3);
    parts_make_live(&parts);
    void *context = zmq_ctx_new();
    void *all = subscribe(&parts, context, "event/");
    void *one = subscribe(&parts, context, "entity/Q7747/");
    uint64_t newest = add_until_received(&parts, all, &event);
    uint64_t newer = add_until_received(&parts, one, &event);
    char topic[256], body[4096];
    while (receive(&parts, all, topic, body))
        ;
    assert_true(newest > 3 && newer > newest);
    parts_add_events(&parts, &plain, 1);
    parts_add_events(&parts, &event, 1);
    snprintf(topic, sizeof topic, "event/de/%llu", (unsigned long long)newer + 1);
    expect(&parts, all, topic);
    snprintf(topic, sizeof topic, "event/pl/%llu", (unsigned long long)newer + 2);
    expect(&parts, all, topic);
    snprintf(topic, sizeof topic, "entity/Q7747/%llu", (unsigned long long)newer + 2);
    expect(&parts, one, topic);
    assert_true(live_published(parts.telexd.live) >= 2);
    zmq_close(all);
    zmq_close(one);
    zmq_ctx_term(context);
    parts_close(&parts);
}

static void test_can_be_switched_off(void **state)
{
    (void)state;
    static const struct parts_event event = {"pl", NULL};
    struct parts parts;
    parts_open(&parts);
    parts_set(&parts, "live.endpoint=none");
    parts_make_live(&parts);
    parts_add_events(&parts, &event, 2);
    assert_int_equal(live_published(parts.telexd.live), 0);
    parts_close(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publishes_by_topic),
        cmocka_unit_test(test_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
