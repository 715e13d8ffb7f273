// One DEALER socket to one endpoint of the daemon, and what ZeroMQ tells of its connection. A lost
// connection is never mended underneath: the socket is dropped and a new one opened, so that
// nothing half-sent lingers, and the caller says again what is still unanswered.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include <telex/error.h>

#include "proto/base/slice.h"
#include "proto/client/curve.h"
#include "proto/wire/frame.h"

struct channel {
    void *context;             // ZeroMQ's; borrowed
    char *endpoint;            // owned
    const struct curve *curve; // keys, used on tcp; NULL: none. Borrowed
    void *socket;              // NULL: not open
    void *monitor;             // tells when the connection comes and goes
    bool connected;            // the handshake is done
    uint16_t refused;          // the event of the monitor that ended the last handshake; 0: none
    int64_t heard_ms;          // monotonic: when something last came in, or the connection was made
    int64_t reopen_ms;         // monotonic: not to be opened before
    int64_t backoff_ms; // the pause before the next opening but one; 0 after something came in
};

// What ended a wait.
enum channel_wake {
    CHANNEL_TIMEOUT,
    CHANNEL_READABLE,    // try channel_receive
    CHANNEL_LOST,        // the connection is gone: drop
    CHANNEL_CHANGED,     // the connection was made, or may be
    CHANNEL_INTERRUPTED, // by a signal
    CHANNEL_FD,          // the descriptor can be read
    CHANNEL_FAILED,      // error is filled
};

// A message that came in. The receiver closes `payload` with zmq_msg_close.
struct channel_message {
    struct frame frame;
    zmq_msg_t payload;
};

// `endpoint` is copied. -1 with error. Opens nothing yet.
int channel_init(struct channel *channel, void *context, const char *endpoint,
                 const struct curve *curve, struct telex_error *error);
void channel_fini(struct channel *channel);

// Opens the socket unless it is open, or it is too early after a loss (socket is then still NULL).
// Connects in the background. 0, or -1 with error.
int channel_open(struct channel *channel, struct telex_error *error);

// Closes the socket with everything unsent and unread in it. It may be opened again at once the
// first time, then after 0.1 s doubling to 2 s, until something comes in. `pause_ms`: not before so
// many milliseconds.
void channel_drop(struct channel *channel, int64_t pause_ms);

// Sends a header and a copy of `payload`. Never blocks; what is not connected yet is queued. 0, or
// -1 with error (the channel is then dropped).
int channel_send(struct channel *channel, uint8_t kind, uint64_t id, struct slice payload,
                 struct telex_error *error);

// The same with a message of which a reference is sent: the caller still has to close it.
int channel_send_message(struct channel *channel, uint8_t kind, uint64_t id, zmq_msg_t *payload,
                         struct telex_error *error);

// Takes one message if there is one. 1; 0; -1 with TELEX_PROTOCOL or TELEX_SYSTEM (the channel is
// then dropped).
int channel_receive(struct channel *channel, struct channel_message *message,
                    struct telex_error *error);

// Waits until there is something to receive, the connection comes or goes, `fd` (-1: none) can be
// read, or the monotonic `deadline_ms` has passed (INT64_MAX: for ever). A channel that is not open
// is waited for until it may be opened (CHANNEL_CHANGED).
enum channel_wake channel_wait(struct channel *channel, int fd, int64_t deadline_ms,
                               struct telex_error *error);

// Reads what the monitor has to say, without waiting. CHANNEL_LOST, CHANNEL_CHANGED or
// CHANNEL_TIMEOUT (no news).
enum channel_wake channel_news(struct channel *channel);

// Monotonic deadline for a timeout in milliseconds; -1: INT64_MAX.
int64_t channel_deadline(int timeout_ms);

static inline struct slice channel_payload(struct channel_message *message)
{
    return slice_from(zmq_msg_data(&message->payload), zmq_msg_size(&message->payload));
}
