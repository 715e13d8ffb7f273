// The live endpoint: an XPUB for those who accept loss (PROTOCOL.md, section 9).
#pragma once

#include <stdint.h>

#include "proto/base/err.h"

struct telexd;
struct live;

int live_create(struct live **out, struct telexd *telexd, struct err *err);

// Publishes the events behind the last published sequence, up to the newest. Does nothing but move
// on while nobody has subscribed.
void live_wake(struct live *live);

void live_close(struct live *live);
void live_destroy(struct live *live);
unsigned long live_published(const struct live *live);
