// libtelex: push articles to a telexd, follow its stream of tagged events, ask it questions. One
// thread a client; no callbacks from other threads. Every function that can fail returns 0 or -1
// and fills `error` (which may be NULL).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <telex/article.h>
#include <telex/error.h>
#include <telex/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct telex_client;

// Where the daemon listens. NULL members are taken from `runtime_dir`: ipc://DIR/ingest.sock,
// stream.sock and control.sock. NULL runtime_dir: $TELEX_RUNTIME_DIR, else $RUNTIME_DIRECTORY, else
// /run/telex.
struct telex_endpoints {
    const char *runtime_dir;
    const char *ingest;
    const char *stream;
    const char *control;
    // On tcp endpoints, unless the daemon does without keys: its public key (40 characters of Z85,
    // or a key file) and the file with our own secret one. NULL: $TELEX_SERVER_KEY and
    // $TELEX_CLIENT_KEY; without either tcp is not encrypted.
    const char *server_key;
    const char *client_key;
};

// Connects lazily: no daemon needs to be there yet. The caller closes it.
int telex_client_open(struct telex_client **out, const struct telex_endpoints *endpoints,
                      struct telex_error *error);

// Where it connects to: "ingest", "stream" or "control". Valid as long as the client; NULL for
// another name.
const char *telex_client_endpoint(const struct telex_client *client, const char *name);

// Whether the connection to that endpoint stood when this client last looked, which it does
// whenever it waits there.
bool telex_client_is_connected(const struct telex_client *client, const char *name);

// Drops whatever is unanswered. Accepts NULL.
void telex_client_close(struct telex_client *client);

// --- push
// -----------------------------------------------------------------------------------------------------------------

// What became of one article.
struct telex_ack {
    void *token;          // as given to telex_push
    enum telex_code code; // TELEX_OK: durable
    bool retryable;       // the refusal may be temporary: push it again
    bool duplicate;       // stored before; offset is that of the first time
    uint64_t offset;      // place in the journal, from 1; 0 when refused
    char hash[33];        // of the contents, hexadecimal; empty when refused
    const char *message;  // why it was refused, else ""; valid until the next call with this client
};

// Articles and bytes that may be unacknowledged; telex_push answers 1 when the window is full.
// Defaults: 1024 articles, 16 MiB.
void telex_push_set_window(struct telex_client *client, uint32_t articles, size_t bytes);

// Queues an article (its bytes are copied). 0: taken; 1: window full, wait for acknowledgements
// first; -1: cannot be sent (a field is too long). Articles are sent together where they come
// faster than they leave; telex_push_wait sends what is queued.
int telex_push(struct telex_client *client, const struct telex_article *article, void *token,
               struct telex_error *error);

// Sends what is queued and waits up to timeout_ms (-1: for ever; 0: not at all) for an
// acknowledgement. 1: *ack is filled; 0: none in time, nothing is unacknowledged, or a signal was
// caught; -1: failure. Lost connections are re-made and what was unacknowledged is sent again (the
// daemon stores it once). After a failure nothing is lost either: the next call goes on.
int telex_push_wait(struct telex_client *client, struct telex_ack *ack, int timeout_ms,
                    struct telex_error *error);

// The same, for a program whose articles arrive on a descriptor: answers 2 as soon as `fd` can be
// read, and waits for it also when nothing is unacknowledged.
int telex_push_wait_fd(struct telex_client *client, int fd, struct telex_ack *ack, int timeout_ms,
                       struct telex_error *error);

// Articles that are not acknowledged yet.
uint32_t telex_push_pending(const struct telex_client *client);

// --- follow
// ---------------------------------------------------------------------------------------------------------------

// Lists end with NULL; NULL: no such condition. Within a list any value suffices, all lists must be
// met.
struct telex_follow_options {
    const char *from; // "first", "now", a sequence in decimal, or an RFC 3339 time; NULL: "now", or
                      // the cursor's place
    const char *cursor;           // name of a durable cursor; it wins over `from` once it exists
    const char *const *entities;  // ids
    const char *const *types;     // "person", "organisation", ...
    const char *const *languages; // "pl", ...
    const char *const *sources;
    bool text;       // with the normalised text
    uint32_t credit; // events in flight, 1 to 65536; 0: 1024
};

// One subscription at a time a client; the options are copied. 0 or -1. It is opened in the
// background: what the daemon has against it is told by telex_follow_next.
int telex_follow(struct telex_client *client, const struct telex_follow_options *options,
                 struct telex_error *error);

// Waits up to timeout_ms (-1: for ever) for the next event. 1: *event is filled (valid until the
// next call of telex_follow_next, telex_follow_close or telex_client_close); 0: none in time, the
// subscription has become live, or a signal was caught; -1: failure. A lost connection is re-made
// and the subscription goes on behind the last event handed out: no gap, no duplicate. After a
// retryable failure the next call goes on, too; after another the subscription is over. Where
// events were removed by the daemon's retention before they could be read, it fails once with
// TELEX_LOST (retryable): telex_follow_lost says which, and the next call goes on behind them.
int telex_follow_next(struct telex_client *client, struct telex_event *event, int timeout_ms,
                      struct telex_error *error);

// True when everything that was in the store has been handed out (replay is over).
bool telex_follow_is_live(const struct telex_client *client);

// The range that the last TELEX_LOST was about, both ends included. False when there was none. With
// a filter it is not known how many of these would have been let through.
bool telex_follow_lost(const struct telex_client *client, uint64_t *first, uint64_t *last);

// Everything up to the last event handed out has been dealt with: moves the named cursor. With
// `wait` it returns once that is durable (or with TELEX_TIMEOUT after 30 s, or TELEX_SYSTEM when a
// signal was caught); without, a later call or telex_follow_close makes sure of it.
int telex_follow_seen(struct telex_client *client, bool wait, struct telex_error *error);

// Ends the subscription and waits up to a second for the daemon to confirm it, with whatever
// telex_follow_seen said before. 0 also when there is none; -1: not confirmed.
int telex_follow_close(struct telex_client *client, struct telex_error *error);

// --- ask
// ------------------------------------------------------------------------------------------------------------------

// Sends a control request by name ("get", "find", "entity", "stats", "dead_list", ...) with a JSON
// object as its payload (NULL: {}) and waits for the answer, which the caller frees with free().
// *answer_len may be NULL; the answer ends in NUL. timeout_ms: -1 for ever. Fails with
// TELEX_TIMEOUT when nobody answered, or the connection was lost first, and TELEX_SYSTEM when a
// signal was caught.
int telex_ask(struct telex_client *client, const char *request, const char *json, char **answer,
              size_t *answer_len, int timeout_ms, struct telex_error *error);

#ifdef __cplusplus
}
#endif
