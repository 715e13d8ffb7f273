// What the service manager hears (sd_notify): READY, STATUS, RELOADING, STOPPING, and WATCHDOG from
// the loop's thread for as long as the loop turns and the writer gets on. Without a service manager
// nothing is sent.
#pragma once

#include "proto/base/err.h"

struct telexd;
struct notify;

// 0 or negative errno with err.
int notify_create(struct notify **out, struct telexd *telexd, struct err *err);

// The lifecycle has entered another state: READY=1 when it runs, STOPPING=1 when it ends.
void notify_state(struct notify *notify);

// Around a reload.
void notify_reloading(struct notify *notify);
void notify_reloaded(struct notify *notify);

// Accepts NULL. The memory is freed by notify_destroy, a turn of the loop later.
void notify_close(struct notify *notify);
void notify_destroy(struct notify *notify);
