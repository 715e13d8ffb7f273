#include "proto/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024 };

static int read_all(struct buf *out, int fd)
{
    char bytes[READ_BYTES];
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        bool fits = (size_t)got <= out->limit - out->len;
        buf_put(out, bytes, (size_t)got);
        if (out->failed)
            return fits ? -ENOMEM : -EFBIG;
    }
}

int file_read(struct buf *out, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 ? -errno : read_all(out, fd);
    if (fd >= 0)
        close(fd);
    return failed ? err_set_errno(err, -failed, "cannot read %s", path) : 0;
}

// The umask can be asked for only by setting it.
static mode_t mode_by_umask(mode_t mode)
{
    mode_t mask = umask(077);
    umask(mask);
    return mode & ~mask;
}

static int write_all(int fd, struct slice content)
{
    for (size_t at = 0; at < content.len;) {
        ssize_t written = write(fd, content.ptr + at, content.len - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += (size_t)written;
    }
    return 0;
}

static int write_durably(int fd, struct slice content)
{
    int failed = write_all(fd, content);
    if (!failed && (fchmod(fd, mode_by_umask(0666)) < 0 || fsync(fd) < 0))
        failed = -errno;
    if (close(fd) < 0 && !failed)
        failed = -errno;
    return failed;
}

// So that the new name survives a power cut.
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int failed = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return failed;
}

int file_replace(const char *path, struct slice content, struct err *err)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= PATH_MAX)
        return err_set_errno(err, ENAMETOOLONG, "cannot write %s", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot write %s", path);
    int failed = write_durably(fd, content);
    if (!failed && rename(temporary, path) < 0)
        failed = -errno;
    if (failed)
        unlink(temporary);
    else
        failed = sync_folder(path);
    return failed ? err_set_errno(err, -failed, "cannot write %s", path) : 0;
}

int file_make_folders(const char *path, struct err *err)
{
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", path) >= PATH_MAX)
        return err_set_errno(err, ENAMETOOLONG, "cannot make folders for %s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) < 0 && errno != EEXIST)
            return err_set_errno(err, errno, "cannot make folder %s", folder);
        *slash = '/';
    }
    return 0;
}
