// The payload of OPEN (PROTOCOL.md, section 8.1), read strictly: what is wrong is named.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/store.h"
#include "proto/base/arena.h"
#include "proto/wire/frame.h"

enum { OPEN_CREDIT = 256 }; // when the client names none

enum open_from { OPEN_FROM_NOW, OPEN_FROM_FIRST, OPEN_FROM_SEQUENCE, OPEN_FROM_TIME };

struct open_request {
    enum open_from from;
    uint64_t sequence;                     // OPEN_FROM_SEQUENCE, from 1
    int64_t time_ms;                       // OPEN_FROM_TIME
    char cursor[WIRE_CURSOR_NAME_MAX + 1]; // empty: none
    uint32_t credit;                       // 1 to WIRE_CREDIT_MAX
    bool text;
    struct store_filter filter; // its values are in the arena
    struct arena arena;
};

// Reads the payload (empty: all defaults). WIRE_OK, and the request is to be finished with
// open_request_fini; else the code to refuse with, and err names the member.
enum wire_code open_request_read(struct open_request *request, struct slice payload,
                                 struct err *err);
void open_request_fini(struct open_request *request);
