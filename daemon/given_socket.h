// Listening sockets that the service manager has opened for us (systemd.socket(5)): with them the
// daemon needs no network of its own, not even for tcp:// endpoints.
#pragma once

#include "proto/base/err.h"

// The socket whose FileDescriptorName= is `name`, for what is configured as `endpoint`. *fd is -1
// when there is none. It stays open until the process ends; it is listening, does not block and is
// closed on exec. 0 or negative errno with err: it is of another family than the endpoint
// (-EINVAL), or none that listens.
int given_socket_find(const char *name, const char *endpoint, int *fd, struct err *err);
