// Which subscription gets events next, and the making of its messages.
// 1. Subscriptions with credit and events to look at take turns; each turn makes and sends at most
// one EVENTS message, straight from the store. Nothing is kept for a subscriber between turns, but
// for the last message that was refused.
// 2. Those that have reached the newest event wait for the next; those without credit for credit;
// those whose connection is full for a timer. None of these costs anything.
// 3. Whoever has heard nothing for ten seconds is told the position.
#pragma once

#include <stdint.h>

#include "daemon/subscription.h"

struct delivery;
struct telexd;

enum { DELIVERY_QUIET_MS = 10000 };

// `gone_cb`: the connection is no more; its subscriptions are to be removed, by delivery_remove
// too.
int delivery_create(struct delivery **out, struct telexd *telexd, struct zsock *zsock,
                    void (*gone_cb)(struct peer *peer, void *arg), void *arg);

// An opened subscription takes part, or no longer does. Removing one that does not is harmless.
void delivery_add(struct delivery *delivery, struct subscription *subscription);
void delivery_remove(struct delivery *delivery, struct subscription *subscription);

// It has got credit.
void delivery_credit(struct delivery *delivery, struct subscription *subscription, uint32_t more);

// There may be new events.
void delivery_wake(struct delivery *delivery);

unsigned long delivery_delivered(const struct delivery *delivery);
unsigned long delivery_damaged(const struct delivery *delivery);

// Events that subscriptions were told they had lost.
unsigned long delivery_lost(const struct delivery *delivery);

// Sends nothing any more; closed_cb when the handles are closed.
void delivery_close(struct delivery *delivery, void (*closed_cb)(void *arg), void *arg);
void delivery_destroy(struct delivery *delivery);
