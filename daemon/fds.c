#include "daemon/fds.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/connections.h"
#include "proto/base/log.h"

enum { RESERVE_MOST = 1024 };

// Read by ZeroMQ's thread. They belong to the process, as its descriptors do.
static _Atomic int connection_bound = 1 << 30;
static _Atomic unsigned long refused;

int fds_prepare(struct err *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return err_set_errno(err, errno, "cannot read the limit on file descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warning("cannot raise the limit on file descriptors limit=%llu",
                    (unsigned long long)limit.rlim_max);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < FDS_LEAST)
        return err_set(err,
                       "only %llu file descriptors are allowed, at least %d are needed; raise "
                       "LimitNOFILE or ulimit -n",
                       (unsigned long long)limit.rlim_cur, FDS_LEAST);
    rlim_t reserve = limit.rlim_cur / 4 < RESERVE_MOST ? limit.rlim_cur / 4 : RESERVE_MOST;
    rlim_t bound = limit.rlim_cur - reserve;
    atomic_store(&connection_bound, bound < 1 << 30 ? (int)bound : 1 << 30);
    return 0;
}

unsigned long fds_refused(void)
{
    return atomic_load(&refused);
}

// Takes the place of the C library's: libzmq receives everything by it.
ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    ssize_t got = syscall(SYS_recvfrom, fd, bytes, len, flags, NULL, NULL);
    if (got > 0)
        connections_received(fd, (size_t)got);
    return got;
}

// Takes the place of the C library's for libzmq, which has no limit on connections and aborts on
// EMFILE. A new descriptor has the lowest free number, so a high one says that few are left.
// ECONNABORTED is what libzmq takes for a connection that ended before it was accepted.
int accept4(int fd, __SOCKADDR_ARG address, socklen_t *restrict len, int flags)
{
    int accepted = (int)syscall(SYS_accept4, fd, address.__sockaddr__, len, flags);
    if (accepted < 0 && errno != EMFILE && errno != ENFILE)
        return -1;
    bool few = accepted < 0 || accepted >= atomic_load(&connection_bound);
    if (!few && connections_admit(accepted))
        return accepted;
    atomic_fetch_add(&refused, few);
    if (accepted >= 0)
        close(accepted);
    errno = ECONNABORTED;
    return -1;
}
