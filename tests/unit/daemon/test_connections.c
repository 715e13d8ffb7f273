// Bounds on connections, on real sockets: how many, and what they sent that is no message.
#include "daemon/connections.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "tests/unit/cmocka_all.h"

struct pair {
    int ours, theirs;
};

static struct pair pair_open(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return (struct pair){fds[0], fds[1]};
}

static void pair_close(struct pair *pair)
{
    close(pair->ours);
    close(pair->theirs);
}

static bool is_shut(const struct pair *pair)
{
    char byte;
    return recv(pair->theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

// All of these come from one process: this one.
static void test_how_many(void **state)
{
    (void)state;
    struct pair pairs[5];
    for (int i = 0; i < 5; i++)
        pairs[i] = pair_open();
    assert_true(connections_admit(pairs[0].ours)); // no bounds yet
    connections_limit(4, 3, 1 << 20);
    for (int i = 0; i < 3; i++)
        assert_true(connections_admit(pairs[i].ours));
    assert_false(connections_admit(pairs[3].ours));
    assert_true(connections_refused() > 0);
    connections_limit(4, 4, 1 << 20);
    assert_true(connections_admit(pairs[3].ours));
    assert_false(connections_admit(pairs[4].ours));
    // Whose number is given to another is no more, and so is what is noticed to have been closed.
    assert_true(connections_admit(pairs[3].ours));
    pair_close(&pairs[0]);
    int64_t deadline = clock_mono_ms() + 30000; // it is looked for at most every 50 ms
    bool admitted = false;
    while (!admitted && clock_mono_ms() < deadline)
        admitted = connections_admit(pairs[4].ours);
    assert_true(admitted);
    for (int i = 1; i < 5; i++)
        pair_close(&pairs[i]);
}

static void test_the_greediest_is_shut_down(void **state)
{
    (void)state;
    struct pair one = pair_open(), other = pair_open(), unknown = pair_open();
    connections_limit(100, 100, 10000);
    assert_true(connections_admit(one.ours));
    assert_true(connections_admit(other.ours));
    int never_admitted = fcntl(unknown.ours, F_DUPFD, 500);
    connections_received(never_admitted, 1 << 20); // not ours to bound
    close(never_admitted);
    for (int i = 0; i < 100; i++) { // what becomes messages does not count
        connections_received(one.ours, 4000);
        connections_delivered(one.ours, 3900, 1);
    }
    assert_int_equal(connections_cut(), 0);
    connections_received(one.ours, 4000);
    connections_received(other.ours, 5900);
    assert_false(is_shut(&one) || is_shut(&other));
    connections_received(one.ours, 200);
    assert_int_equal(connections_cut(), 1);
    assert_true(is_shut(&other));
    assert_false(is_shut(&one));
    connections_received(one.ours, 5000); // what the other held is free again
    assert_false(is_shut(&one));
    pair_close(&one);
    pair_close(&other);
    pair_close(&unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_the_greediest_is_shut_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
