// Daemon and worker over the worker's stdin and stdout: frames of a 16-byte head and a payload. The
// daemon sends JOB and PING, the worker HELLO (once, first), RESULT and PONG. A worker answers jobs
// in the order it got them, one at a time: the first job without an answer is the one it is working
// on, and the one to blame when it dies. Layout in PROTOCOL.md, appendix B.
#pragma once

#include <stdint.h>

#include "proto/base/buf.h"

enum { WORKER_VERSION = 1, WORKER_HEAD_BYTES = 16, WORKER_PAYLOAD_MAX = 32 * 1024 * 1024 };

enum worker_kind {
    WORKER_HELLO =
        1, // worker: JSON {"worker":"telex-tagger","version":...,"tagger":...,"lexicon":...}
    WORKER_JOB = 2,    // daemon: an article record; id is its offset
    WORKER_RESULT = 3, // worker: result record (result.h); id is the job's
    WORKER_PING = 4,   // daemon, to an idle worker; id is any number
    WORKER_PONG = 5,   // worker: the same id
};

struct worker_head {
    uint8_t version; // WORKER_VERSION
    uint8_t kind;    // enum worker_kind
    uint32_t len;    // bytes of payload, at most WORKER_PAYLOAD_MAX
    uint64_t id;
};

void worker_head_encode(const struct worker_head *head, uint8_t out[WORKER_HEAD_BYTES]);

// 0; -EPROTO for another version ("old and new binaries mixed?" is the caller's text); -EBADMSG for
// anything that is not a head.
int worker_head_decode(const uint8_t in[WORKER_HEAD_BYTES], struct worker_head *head);
