// HELLO (PROTOCOL.md, section 4.1): answered the same way on every endpoint.
#pragma once

#include "daemon/zsock.h"

struct telexd;

// Answers the request, also with an ERROR when its payload is not understood. `endpoint` is
// "ingest", "stream" or "control".
void hello_answer(struct telexd *telexd, struct zsock *zsock, const struct zsock_message *message,
                  const char *endpoint);
