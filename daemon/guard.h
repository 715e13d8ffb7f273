// Watches the daemon's own memory. ZeroMQ bounds frames and whole messages, but not a message that
// never ends: what it holds of one is seen nowhere but in the process's memory. Above
// daemon.memory_limit every connection is dropped with what it holds (PROTOCOL.md, section 12).
#pragma once

#include <stdint.h>

#include "proto/base/err.h"

struct telexd;
struct guard;

// 0 or negative errno with err.
int guard_create(struct guard **out, struct telexd *telexd, struct err *err);

// Accepts NULL. The memory is freed by guard_destroy, a turn of the loop later.
void guard_close(struct guard *guard);
void guard_destroy(struct guard *guard);

// Anonymous memory of the process in bytes (the store's map is not among it), and how often
// connections were dropped.
uint64_t guard_memory(const struct guard *guard);
unsigned long guard_recycles(const struct guard *guard);
