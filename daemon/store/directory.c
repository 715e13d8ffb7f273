#include "daemon/store/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void classify_name(const char *name, struct directory_contents *contents)
{
    if (strcmp(name, "data.mdb") == 0)
        contents->has_data = true;
    else if (strcmp(name, "telexd.lock") == 0)
        contents->has_lock = true;
    else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "lock.mdb") != 0 &&
             strcmp(name, "lost+found") != 0)
        contents->has_other = true;
}

int directory_scan(const char *path, struct directory_contents *contents, struct err *err)
{
    *contents = (struct directory_contents){0};
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT) {
        contents->missing = true;
        return 0;
    }
    if (!directory)
        return err_set_errno(err, errno, "cannot read the store's directory %s", path);
    for (const struct dirent *entry; (entry = readdir(directory));)
        classify_name(entry->d_name, contents);
    closedir(directory);
    return 0;
}

int directory_sync(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) {
        int status = err_set_errno(err, errno, "cannot sync the directory %s", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    close(fd);
    return 0;
}

int directory_sync_parent(const char *path, struct err *err)
{
    char *copy = strdup(path);
    if (!copy)
        return err_set_errno(err, ENOMEM, "cannot sync the parent of %s", path);
    int status = directory_sync(dirname(copy), err);
    free(copy);
    return status;
}

int directory_create(const char *path, struct err *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_set_errno(err, errno, "cannot create the directory %s", path);
    return directory_sync_parent(path, err);
}

static int refuse_locked(int fd, const char *path, struct err *err)
{
    char pid[24] = "";
    ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    long holder = got > 0 ? strtol(pid, NULL, 10) : 0;
    if (holder > 0)
        err_set(err, "the store %s is in use by the process with pid %ld", path, holder);
    else
        err_set(err, "the store %s is in use by another process", path);
    return -EBUSY;
}

static int write_pid(int fd)
{
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0)
        return -errno;
    return pwrite(fd, pid, (size_t)len, 0) == len ? 0 : -errno;
}

static int lock_fd(int fd, const char *path, bool read_only, struct err *err)
{
    if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return refuse_locked(fd, path, err);
        return err_set_errno(err, errno, "cannot lock the store %s", path);
    }
    int status = read_only ? 0 : write_pid(fd);
    // On a full disk the pid may be missing; the lock holds all the same.
    if (status < 0 && status != -ENOSPC && status != -EDQUOT)
        return err_set_errno(err, -status, "cannot write %s/telexd.lock", path);
    return 0;
}

int directory_lock(const char *path, bool read_only, int *fd, struct err *err)
{
    char name[PATH_MAX];
    if ((size_t)snprintf(name, sizeof name, "%s/telexd.lock", path) >= sizeof name)
        return err_set_errno(err, ENAMETOOLONG, "%s", path);
    *fd = open(name, read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 && read_only && errno == ENOENT)
        return 0; // a backup, where no daemon has been yet
    if (*fd < 0)
        return err_set_errno(err, errno, "cannot open %s", name);
    int status = lock_fd(*fd, path, read_only, err);
    if (status < 0) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

uint64_t directory_file_bytes(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}
