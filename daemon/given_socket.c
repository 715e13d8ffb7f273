#include "daemon/given_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "daemon/ipc_listener.h"

static int find_by_name(const char *name)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names), found = -1;
    for (int i = 0; i < count; i++) {
        if (found < 0 && strcmp(names[i], name) == 0)
            found = SD_LISTEN_FDS_START + i;
        free(names[i]);
    }
    free(names);
    return found;
}

// What clients may do hangs on the endpoint that is configured: a socket of another kind would have
// the rules of that one.
static int check_family(int fd, const char *name, const char *endpoint, struct err *err)
{
    const char *path;
    bool ipc = ipc_endpoint_path(endpoint, &path);
    bool fits = sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
    if (!ipc)
        fits = sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0;
    if (fits)
        return 0;
    return err_set(err,
                   "the socket given for %s is no listening %s socket, as %s.endpoint = %s needs: "
                   "change the socket unit or the configuration",
                   name, ipc ? "unix" : "tcp", name, endpoint),
           -EINVAL;
}

int given_socket_find(const char *name, const char *endpoint, int *fd, struct err *err)
{
    *fd = find_by_name(name);
    if (*fd < 0)
        return 0;
    int failed = check_family(*fd, name, endpoint, err);
    if (!failed && fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK) < 0)
        failed = err_set_errno(err, errno, "cannot use the socket given for %s", name);
    return failed;
}
