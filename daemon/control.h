// The control endpoint: questions and orders (PROTOCOL.md, section 11), one const table of them in
// control.c. Questions are answered from the loop's own reader; orders that change the store are
// answered after their commit; VERIFY and BACKUP run beside the loop, one at a time.
#pragma once

#include <stdint.h>

#include "proto/base/err.h"

struct telexd;
struct control;

// Binds the endpoint of the configuration. 0 or negative errno with err.
int control_create(struct control **out, struct telexd *telexd, struct err *err);

// Ends a VERIFY that runs as soon as it can; a BACKUP is finished. Accepts NULL.
void control_cancel(struct control *control);

// No more requests; what runs beside the loop is waited for. closed_cb is called on the loop, at
// once when `control` is NULL.
void control_close(struct control *control, void (*closed_cb)(void *arg), void *arg);
void control_destroy(struct control *control);

const char *control_endpoint(const struct control *control);

// Requests answered, by outcome.
uint64_t control_requests(const struct control *control);
uint64_t control_refused(const struct control *control);
