// The store's file and its backups: which descriptor is which, and every call that writes.
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/crash/shim/control.h"

enum file_kind { FILE_OTHER, FILE_STORE, FILE_HEAD, FILE_BACKUP };

enum { FDS = 4096 };

static _Atomic unsigned char kinds[FDS];

static enum file_kind kind_of(int fd)
{
    return fd >= 0 && fd < FDS ? (enum file_kind)kinds[fd] : FILE_OTHER;
}

static void note_kind(int fd, const char *path, int flags)
{
    size_t len = strlen(path), name = sizeof "/data.mdb" - 1;
    if (fd < 0 || fd >= FDS)
        return;
    enum file_kind kind = FILE_STORE;
    if (len < name || strcmp(path + len - name, "/data.mdb") != 0)
        kind = FILE_OTHER;
    else if (flags & O_EXCL)
        kind = FILE_BACKUP;
    else if (flags & O_DSYNC)
        kind = FILE_HEAD;
    kinds[fd] = (unsigned char)kind;
}

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    int kept = flags;
    if (shim_page() && shim_page()->unsynced)
        kept &= ~(O_DSYNC | O_SYNC);
    int fd = (int)syscall(SYS_openat, directory, path, kept, mode);
    if (shim_page())
        note_kind(fd, path, flags);
    return fd;
}

static mode_t take_mode(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = take_mode(flags, args);                                                      \
        va_end(args);                                                                              \
        return open_at(AT_FDCWD, path, flags, mode);                                               \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

int close(int fd)
{
    if (fd >= 0 && fd < FDS)
        kinds[fd] = FILE_OTHER;
    return (int)syscall(SYS_close, fd);
}

// --- writes

static enum shim_action before_write(int fd)
{
    switch (kind_of(fd)) {
    case FILE_STORE:
        return shim_before(SHIM_WRITE);
    case FILE_HEAD:
        return shim_before(SHIM_META);
    case FILE_BACKUP:
        return shim_before(SHIM_COPY);
    default:
        return SHIM_NOTHING;
    }
}

#define DEFINE_WRITE(declaration, fd, len, call)                                                   \
    ssize_t declaration                                                                            \
    {                                                                                              \
        enum shim_action action = before_write(fd);                                                \
        if (action == SHIM_FAIL)                                                                   \
            return -1;                                                                             \
        if (action == SHIM_SWALLOW)                                                                \
            return (ssize_t)(len);                                                                 \
        ssize_t done = call;                                                                       \
        shim_after(action);                                                                        \
        return done;                                                                               \
    }

static size_t total(const struct iovec *parts, int count)
{
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += parts[i].iov_len;
    return len;
}

DEFINE_WRITE(write(int fd, const void *bytes, size_t len), fd, len,
             syscall(SYS_write, fd, bytes, len))
DEFINE_WRITE(pwrite(int fd, const void *bytes, size_t len, off_t at), fd, len,
             syscall(SYS_pwrite64, fd, bytes, len, at))
DEFINE_WRITE(pwrite64(int fd, const void *bytes, size_t len, off64_t at), fd, len,
             syscall(SYS_pwrite64, fd, bytes, len, at))
DEFINE_WRITE(writev(int fd, const struct iovec *parts, int count), fd, total(parts, count),
             syscall(SYS_writev, fd, parts, count))

// --- syncs and room

static int sync_file(long number, int fd)
{
    enum shim_action action = kind_of(fd) == FILE_STORE ? shim_before(SHIM_SYNC) : SHIM_NOTHING;
    if (action == SHIM_FAIL)
        return -1;
    int status = action == SHIM_SWALLOW ? 0 : (int)syscall(number, fd);
    shim_after(action);
    return status;
}

int fdatasync(int fd)
{
    return sync_file(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return sync_file(SYS_fsync, fd);
}

int fallocate(int fd, int mode, off_t from, off_t len)
{
    enum shim_action action = kind_of(fd) == FILE_STORE ? shim_before(SHIM_ALLOCATE) : SHIM_NOTHING;
    if (action == SHIM_FAIL)
        return -1;
    int status = action == SHIM_SWALLOW ? 0 : (int)syscall(SYS_fallocate, fd, mode, from, len);
    shim_after(action);
    return status;
}

int fallocate64(int fd, int mode, off64_t from, off64_t len)
{
    return fallocate(fd, mode, from, len);
}

// --- acknowledgements

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    enum shim_action action = shim_before(SHIM_SEND);
    if (action == SHIM_FAIL)
        return -1;
    ssize_t sent = syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
    shim_after(action);
    return sent;
}
