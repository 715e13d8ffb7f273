// Bounds on connections that ZeroMQ does not have: how many there are, in all and of one peer, and
// how much they have sent that has not become a message yet. It sees what libzmq's thread accepts
// and receives (fds.c), and what of that has been handed out as messages (zsock.c).
//
// A peer is an address on tcp (of IPv6 its /64), a process on ipc. When a connection ends ZeroMQ
// tells nobody; so before anybody is turned away the table is looked through for those that are no
// more. Descriptors belong to the process, and so does the table.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bounds from now on; what is there stays. Before the first call nothing is bounded. `unread` in
// bytes.
void connections_limit(unsigned total, unsigned of_one_peer, int64_t unread);

// Whether the connection that was just accepted may stay; it is then counted. False: the caller
// closes it. Logs at a bounded rate.
bool connections_admit(int fd);

// So many bytes came in. When all connections together have sent more than the bound that is not
// handed out, the one that sent most is shut down: what it sent is freed, nobody else is disturbed.
// Only from the thread that also closes connections.
void connections_received(int fd, size_t bytes);

// A message of so many bytes in so many frames was handed out.
void connections_delivered(int fd, size_t bytes, unsigned frames);

// Connections turned away, and shut down, since the start.
unsigned long connections_refused(void);
unsigned long connections_cut(void);
