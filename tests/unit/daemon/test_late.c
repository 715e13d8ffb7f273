#include "daemon/late.h"

#include <errno.h>

#include "tests/unit/cmocka_all.h"

// Connections by the first byte of their id; each takes so many replies before it is full.
struct peers {
    int room[4];
    bool gone[4];
    char log[256]; // peer and payload of each that went
};

static int send_to(const struct zsock_reply_to *to, const struct frame *frame, struct slice payload,
                   void *arg)
{
    struct peers *peers = arg;
    unsigned who = to->peer[0];
    assert_int_equal(frame->id, (uint64_t)payload.ptr[0]);
    if (peers->gone[who])
        return -EHOSTUNREACH;
    if (peers->room[who] == 0)
        return -EAGAIN;
    peers->room[who]--;
    size_t used = strlen(peers->log);
    snprintf(peers->log + used, sizeof peers->log - used, "%u%.*s ", who, (int)payload.len,
             payload.ptr);
    return 0;
}

static struct zsock_reply_to peer(uint8_t who)
{
    return (struct zsock_reply_to){.peer = {who, 7}, .peer_len = 2};
}

static int keep(struct late *late, uint8_t who, const char *text)
{
    struct zsock_reply_to to = peer(who);
    struct frame frame = {.version = 1, .kind = 0xa0, .id = (uint64_t)text[0]};
    return late_keep(late, &to, &frame, slice_from_text(text));
}

static void test_each_connection_in_order(void **state)
{
    (void)state;
    struct late late;
    struct peers peers = {.room = {0, 2, 9}};
    late_init(&late);
    assert_true(late_is_empty(&late));
    for (const char *text = "abc"; *text; text++)
        for (uint8_t who = 1; who <= 2; who++)
            assert_int_equal(keep(&late, who, (char[]){*text, '\0'}), 0);
    assert_true(late_flush(&late, send_to, &peers));
    assert_string_equal(peers.log, "1a 1b 2a 2b 2c ");
    assert_true(late_has(&late, &(struct zsock_reply_to){.peer = {1, 7}, .peer_len = 2}));
    assert_false(late_has(&late, &(struct zsock_reply_to){.peer = {2, 7}, .peer_len = 2}));
    assert_false(late_flush(&late, send_to, &peers));
    peers.room[1] = 1;
    assert_true(late_flush(&late, send_to, &peers));
    assert_string_equal(peers.log, "1a 1b 2a 2b 2c 1c ");
    assert_true(late_is_empty(&late));
    assert_int_equal(late.bytes, 0);
}

static void test_who_has_gone_is_forgotten(void **state)
{
    (void)state;
    struct late late;
    struct peers peers = {.gone = {[3] = true}};
    late_init(&late);
    assert_int_equal(keep(&late, 3, "a"), 0);
    assert_int_equal(keep(&late, 3, "b"), 0);
    late_flush(&late, send_to, &peers);
    assert_true(late_is_empty(&late));
    assert_string_equal(peers.log, "");
}

static void test_bounds(void **state)
{
    (void)state;
    struct late late;
    late_init(&late);
    static char large[1 << 20];
    memset(large, 'x', sizeof large - 1);
    unsigned kept[6] = {0};
    for (uint8_t who = 0; who < 6; who++)
        while (keep(&late, who, large) == 0)
            kept[who]++;
    for (int who = 0; who < 4; who++)
        assert_int_equal(kept[who], LATE_PEER_BYTES / sizeof large - 1); // each costs a little more
    assert_true(late.bytes <= LATE_BYTES);
    assert_int_equal(keep(&late, 0, large), -EAGAIN);
    late_fini(&late);
    assert_true(late_is_empty(&late));
    assert_int_equal(late.bytes, 0);
    assert_int_equal(keep(&late, 0, large), 0);
    late_fini(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_connection_in_order),
        cmocka_unit_test(test_who_has_gone_is_forgotten),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
