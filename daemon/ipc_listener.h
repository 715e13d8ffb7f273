// The listening socket of an ipc:// endpoint, made here and lent to ZeroMQ (ZMQ_USE_FD). ZeroMQ's
// own would take the file of a running daemon away, would be open to all for a moment, and would
// remove the file of its successor when it is closed late.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "proto/base/err.h"

struct ipc_listener {
    char *path; // NULL: not open
    int fd;     // listening, close-on-exec
    dev_t device;
    ino_t inode;
};

// True when `endpoint` is ipc://; *path is then what stands behind it.
bool ipc_endpoint_path(const char *endpoint, const char **path);

// 0 or -1 with err: `path` is absolute and fits a socket address.
int ipc_path_check(const char *path, struct err *err);

// Makes the folder (0700) when missing, replaces a dead socket, binds and listens. 0; -EADDRINUSE
// when somebody listens there; another negative errno with err.
int ipc_listener_open(struct ipc_listener *listener, const char *path, struct err *err);

// Closes it and removes its file, unless another file has taken the place. Accepts one that was
// never opened but zeroed.
void ipc_listener_close(struct ipc_listener *listener);
