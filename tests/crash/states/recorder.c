#include "tests/crash/states/recorder.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/base/check.h"

static struct {
    pthread_mutex_t lock;
    const char *path; // NULL: nothing is kept
    struct record *records;
    size_t count, capacity;
} recorder = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_recorded(int fd)
{
    struct stat wanted, given;
    return recorder.path && stat(recorder.path, &wanted) == 0 && fstat(fd, &given) == 0 &&
           wanted.st_ino == given.st_ino && wanted.st_dev == given.st_dev;
}

static void keep(enum record_kind kind, uint64_t at, const void *bytes, size_t len)
{
    struct record record = {.kind = kind, .at = at, .len = len};
    if (len) {
        record.bytes = malloc(len);
        check_must(record.bytes);
        memcpy(record.bytes, bytes, len);
    }
    pthread_mutex_lock(&recorder.lock);
    if (recorder.count == recorder.capacity) {
        recorder.capacity = recorder.capacity ? recorder.capacity * 2 : 4096;
        recorder.records = realloc(recorder.records, recorder.capacity * sizeof *recorder.records);
        check_must(recorder.records);
    }
    recorder.records[recorder.count++] = record;
    pthread_mutex_unlock(&recorder.lock);
}

static enum record_kind kind_of(int fd)
{
    return fcntl(fd, F_GETFL) & O_DSYNC ? RECORD_HEAD : RECORD_WRITE;
}

// --- in place of the C library

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, len, at);
    if (done > 0 && is_recorded(fd))
        keep(kind_of(fd), (uint64_t)at, bytes, (size_t)done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    bool recorded = is_recorded(fd);
    uint64_t at = recorded ? (uint64_t)lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t done = syscall(SYS_writev, fd, parts, count);
    for (int i = 0; done > 0 && recorded && i < count; i++) {
        keep(kind_of(fd), at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    return done;
}

int fdatasync(int fd)
{
    if (is_recorded(fd))
        keep(RECORD_SYNC, 0, NULL, 0);
    return 0;
}

int fsync(int fd)
{
    return fdatasync(fd);
}

int fallocate(int fd, int mode, off_t from, off_t len)
{
    int status = (int)syscall(SYS_fallocate, fd, mode, from, len);
    if (status == 0 && is_recorded(fd))
        keep(RECORD_SIZE, (uint64_t)(from + len), NULL, 0);
    return status;
}

int fallocate64(int fd, int mode, off64_t from, off64_t len)
{
    return fallocate(fd, mode, from, len);
}

// --- what the test calls

void recorder_start(const char *path)
{
    recorder.path = path;
}

void recorder_stop(void)
{
    recorder.path = NULL;
}

void recorder_mark(size_t promises)
{
    keep(RECORD_MARK, promises, NULL, 0);
}

const struct record *recorder_records(size_t *count)
{
    *count = recorder.count;
    return recorder.records;
}

void recorder_free(void)
{
    for (size_t i = 0; i < recorder.count; i++)
        free(recorder.records[i].bytes);
    free(recorder.records);
    recorder.records = NULL;
    recorder.count = recorder.capacity = 0;
}
