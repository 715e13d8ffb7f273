// The wall clock, moved by what the page says; the monotonic ones are left alone, as the kernel
// leaves them. All through one system call, which a worker's sandbox allows.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/shim/control.h"

enum { SECOND_NS = 1000000000 };

static void move(struct timespec *at)
{
    int64_t ns = at->tv_sec * (int64_t)SECOND_NS + at->tv_nsec + shim_page()->clock_ns;
    at->tv_sec = ns / SECOND_NS;
    at->tv_nsec = ns % SECOND_NS;
}

int clock_gettime(clockid_t id, struct timespec *at)
{
    int status = (int)syscall(SYS_clock_gettime, id, at);
    if (status == 0 && shim_page() && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        move(at);
    return status;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *at = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
