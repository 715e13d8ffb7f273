#include "daemon/connections.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "proto/base/clock.h"
#include "proto/base/hash.h"
#include "proto/base/log.h"

enum {
    FDS_MOST = 65536 + 1024, // the most connections there may be, and what else is open
    SWEEP_MS = 50,
    LOG_MS = 1000,
    // What encryption and framing add to a frame, at most. Too much is no harm: below zero nothing
    // is credited.
    FRAME_OVERHEAD = 128,
    // Heartbeats become no messages: so many bytes a second are forgiven.
    FORGIVEN = 64,
};

struct connection {
    ino_t inode;   // of its socket: another with the same fd is another connection; 0: none
    uint64_t peer; // hash of whose it is
    int64_t at_ms; // when bytes were last forgiven
    _Atomic int64_t unread;
};

static struct {
    pthread_mutex_t lock; // of all but the atomic ones
    struct connection by_fd[FDS_MOST];
    int end; // behind the highest descriptor that was used
    unsigned count, total, of_one_peer;
    int64_t swept_ms, refusal_logged_ms, cut_logged_ms;
    unsigned long refusals, cuts;        // since the last line in the log
    _Atomic int64_t unread, unread_most; // unread_most 0: no bounds yet
    _Atomic unsigned long refused, cut;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

void connections_limit(unsigned total, unsigned of_one_peer, int64_t unread)
{
    pthread_mutex_lock(&all.lock);
    all.total = total;
    all.of_one_peer = of_one_peer;
    atomic_store(&all.unread_most, unread);
    pthread_mutex_unlock(&all.lock);
}

unsigned long connections_refused(void)
{
    return atomic_load(&all.refused);
}

unsigned long connections_cut(void)
{
    return atomic_load(&all.cut);
}

// --- whose it is --------------------------------------------------------------------------------

static uint64_t peer_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_storage storage;
    } address = {0};
    struct ucred credentials = {0};
    socklen_t len = sizeof address, credentials_len = sizeof credentials;
    getpeername(fd, &address.any, &len);
    if (address.any.sa_family == AF_INET)
        return hash64(slice_from(&address.in.sin_addr, sizeof address.in.sin_addr), AF_INET);
    if (address.any.sa_family == AF_INET6)
        return hash64(slice_from(&address.in6.sin6_addr, 8), AF_INET6);
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_len);
    return hash64(slice_from(&credentials.pid, sizeof credentials.pid), AF_UNIX);
}

static ino_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

// --- the table, under its lock ------------------------------------------------------------------

static void forget(int fd)
{
    struct connection *connection = &all.by_fd[fd];
    if (!connection->inode)
        return;
    connection->inode = 0;
    all.count--;
    atomic_fetch_sub(&all.unread, atomic_exchange(&connection->unread, 0));
}

// Takes out what is no more.
static void sweep(int64_t now)
{
    if (now - all.swept_ms < SWEEP_MS)
        return;
    all.swept_ms = now;
    for (int fd = 0; fd < all.end; fd++)
        if (all.by_fd[fd].inode && inode_of(fd) != all.by_fd[fd].inode)
            forget(fd);
}

static unsigned count_of(uint64_t peer)
{
    unsigned count = 0;
    for (int fd = 0; fd < all.end; fd++)
        count += all.by_fd[fd].inode && all.by_fd[fd].peer == peer;
    return count;
}

static bool fits(uint64_t peer)
{
    return all.count < all.total && count_of(peer) < all.of_one_peer;
}

static void add(int fd, uint64_t peer, int64_t now)
{
    struct connection *connection = &all.by_fd[fd];
    connection->inode = inode_of(fd);
    connection->peer = peer;
    connection->at_ms = now;
    atomic_store(&connection->unread, 0);
    all.count++;
    if (fd >= all.end)
        all.end = fd + 1;
}

static void note_refusal(int64_t now, uint64_t peer)
{
    atomic_fetch_add(&all.refused, 1);
    all.refusals++;
    if (all.refusal_logged_ms && now - all.refusal_logged_ms < LOG_MS)
        return;
    log_warning("connection turned away count=%lu connections=%u of_this_peer=%u", all.refusals,
                all.count, count_of(peer));
    all.refusal_logged_ms = now;
    all.refusals = 0;
}

static bool admit(int fd)
{
    uint64_t peer = peer_of(fd);
    int64_t now = clock_mono_ms();
    forget(fd); // another one had this number before
    if (!fits(peer))
        sweep(now);
    if (fits(peer)) {
        add(fd, peer, now);
        return true;
    }
    note_refusal(now, peer);
    return false;
}

bool connections_admit(int fd)
{
    if (fd >= FDS_MOST)
        return false;
    pthread_mutex_lock(&all.lock);
    bool admitted = !all.total || admit(fd);
    pthread_mutex_unlock(&all.lock);
    return admitted;
}

// --- what was sent and is no message yet --------------------------------------------------------

// Takes at most what there is.
static void credit(struct connection *connection, int64_t bytes)
{
    int64_t before = atomic_load(&connection->unread), taken;
    do
        taken = before < bytes ? before : bytes;
    while (!atomic_compare_exchange_weak(&connection->unread, &before, before - taken));
    atomic_fetch_sub(&all.unread, taken);
}

static int greediest(void)
{
    int found = -1;
    for (int fd = 0; fd < all.end; fd++)
        if (all.by_fd[fd].inode && (found < 0 || all.by_fd[fd].unread > all.by_fd[found].unread))
            found = fd;
    return found;
}

static void note_cut(int64_t now, int64_t unread)
{
    atomic_fetch_add(&all.cut, 1);
    all.cuts++;
    if (all.cut_logged_ms && now - all.cut_logged_ms < LOG_MS)
        return;
    log_warning("connection shut down, it sent too much that is no message count=%lu bytes=%lld",
                all.cuts, (long long)unread);
    all.cut_logged_ms = now;
    all.cuts = 0;
}

static void cut(void)
{
    int64_t now = clock_mono_ms();
    sweep(now);
    if (atomic_load(&all.unread) <= atomic_load(&all.unread_most))
        return;
    int fd = greediest();
    if (fd < 0)
        return;
    note_cut(now, atomic_load(&all.by_fd[fd].unread));
    // ZeroMQ, whose thread this is, sees its end and frees what it holds of it.
    if (inode_of(fd) == all.by_fd[fd].inode)
        shutdown(fd, SHUT_RDWR);
    forget(fd);
}

void connections_received(int fd, size_t bytes)
{
    if (fd < 0 || fd >= FDS_MOST || !atomic_load(&all.unread_most))
        return;
    pthread_mutex_lock(&all.lock);
    struct connection *connection = &all.by_fd[fd];
    if (connection->inode) {
        int64_t now = clock_mono_ms();
        credit(connection, (now - connection->at_ms) * FORGIVEN / 1000);
        connection->at_ms = now;
        atomic_fetch_add(&connection->unread, (int64_t)bytes);
        if (atomic_fetch_add(&all.unread, (int64_t)bytes) + (int64_t)bytes > all.unread_most)
            cut();
    }
    pthread_mutex_unlock(&all.lock);
}

void connections_delivered(int fd, size_t bytes, unsigned frames)
{
    if (fd >= 0 && fd < FDS_MOST)
        credit(&all.by_fd[fd], (int64_t)(bytes + (size_t)frames * FRAME_OVERHEAD));
}
