#include "tests/unit/daemon/store/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int errnums[FAULT_CALLS];
static bool held;
static int waiting;

void fault_set(enum fault_call call, int errnum)
{
    pthread_mutex_lock(&lock);
    errnums[call] = errnum;
    pthread_mutex_unlock(&lock);
}

static int fault_of(enum fault_call call)
{
    pthread_mutex_lock(&lock);
    int errnum = errnums[call];
    pthread_mutex_unlock(&lock);
    return errnum;
}

void fault_hold_sync(void)
{
    pthread_mutex_lock(&lock);
    held = true;
    pthread_mutex_unlock(&lock);
}

void fault_wait_until_held(void)
{
    pthread_mutex_lock(&lock);
    while (!waiting)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void fault_release_sync(void)
{
    pthread_mutex_lock(&lock);
    held = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_while_held(void)
{
    pthread_mutex_lock(&lock);
    waiting++;
    pthread_cond_broadcast(&changed);
    while (held)
        pthread_cond_wait(&changed, &lock);
    waiting--;
    pthread_mutex_unlock(&lock);
}

static int failed(int errnum)
{
    errno = errnum;
    return -1;
}

// The C library's names, which LMDB's calls bind to.

int fdatasync(int fd)
{
    wait_while_held();
    int errnum = fault_of(FAULT_FDATASYNC);
    return errnum ? failed(errnum) : (int)syscall(SYS_fdatasync, fd);
}

enum { PAGE_BYTES = 4096 };

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    int errnum = len >= PAGE_BYTES ? fault_of(FAULT_PAGES) : 0;
    return errnum ? failed(errnum) : syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    int errnum = count && parts[0].iov_len >= PAGE_BYTES ? fault_of(FAULT_PAGES) : 0;
    return errnum ? failed(errnum) : syscall(SYS_writev, fd, parts, count);
}

int fallocate(int fd, int mode, off_t from, off_t len)
{
    int errnum = fault_of(FAULT_FALLOCATE);
    return errnum ? failed(errnum) : (int)syscall(SYS_fallocate, fd, mode, from, len);
}

int fallocate64(int fd, int mode, off_t from, off_t len)
{
    return fallocate(fd, mode, from, len);
}
