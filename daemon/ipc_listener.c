#include "daemon/ipc_listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

bool ipc_endpoint_path(const char *endpoint, const char **path)
{
    static const char scheme[] = "ipc://";
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0)
        return false;
    *path = endpoint + sizeof scheme - 1;
    return true;
}

int ipc_path_check(const char *path, struct err *err)
{
    size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    if (path[0] != '/')
        return err_set(err, "ipc path \"%s\" is not absolute", path);
    if (strlen(path) > most)
        return err_set(err,
                       "ipc path %s is %zu bytes long, the system takes at most %zu; choose a "
                       "shorter daemon.runtime_dir",
                       path, strlen(path), most);
    return 0;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    return address;
}

static int make_folder(const char *path, struct err *err)
{
    char *folder = strdup(path);
    if (!folder)
        return err_set_errno(err, ENOMEM, "ipc path %s", path);
    int result = 0;
    char *slash = strrchr(folder, '/');
    if (slash > folder) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            result = err_set_errno(err, errno, "cannot make the folder %s", folder);
    }
    free(folder);
    return result;
}

// A file left by a daemon that was killed refuses connections; one that answers belongs to
// somebody.
static int clear_place(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : err_set_errno(err, errno, "cannot look at %s", path);
    if (!S_ISSOCK(st.st_mode))
        return err_set_errno(err, EEXIST, "%s is there and is no socket; remove it", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot make a socket");
    struct sockaddr_un address = address_of(path);
    int rc = connect(fd, (struct sockaddr *)&address, sizeof address);
    int why = rc == 0 ? 0 : errno;
    close(fd);
    if (why != ECONNREFUSED && why != ENOENT)
        return err_set_errno(err, why == 0 || why == EAGAIN ? EADDRINUSE : why,
                             "%s: another process listens there", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set_errno(err, errno, "cannot remove the dead socket %s", path);
    return 0;
}

// The mode is set between bind and listen: before listen nobody can connect.
static int bind_and_listen(struct ipc_listener *listener, struct err *err)
{
    struct sockaddr_un address = address_of(listener->path);
    if (bind(listener->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return err_set_errno(err, errno, "cannot bind %s", listener->path);
    struct stat st;
    if (stat(listener->path, &st) != 0 ||
        chmod(listener->path, st.st_mode & S_IWGRP ? 0660 : 0600) != 0)
        return err_set_errno(err, errno, "cannot set the mode of %s", listener->path);
    listener->device = st.st_dev;
    listener->inode = st.st_ino;
    if (listen(listener->fd, BACKLOG) != 0)
        return err_set_errno(err, errno, "cannot listen on %s", listener->path);
    return 0;
}

int ipc_listener_open(struct ipc_listener *listener, const char *path, struct err *err)
{
    *listener = (struct ipc_listener){.fd = -1};
    if (ipc_path_check(path, err) != 0)
        return -ENAMETOOLONG;
    int result = make_folder(path, err);
    if (result == 0)
        result = clear_place(path, err);
    if (result != 0)
        return result;
    listener->path = strdup(path);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!listener->path || listener->fd < 0)
        result = err_set_errno(err, errno, "cannot make the socket %s", path);
    else
        result = bind_and_listen(listener, err);
    if (result != 0)
        ipc_listener_close(listener);
    return result;
}

void ipc_listener_close(struct ipc_listener *listener)
{
    if (!listener->path)
        return;
    if (listener->fd >= 0)
        close(listener->fd);
    struct stat st;
    if (listener->inode && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
        st.st_ino == listener->inode)
        unlink(listener->path);
    free(listener->path);
    *listener = (struct ipc_listener){.fd = -1};
}
