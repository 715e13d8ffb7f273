// Names to entity ids, by asking the daemon.
#pragma once

#include "proto/client/command/options.h"

// Whether the text is an id itself: a Wikidata QID, "geonames:N" or "local:...".
bool entities_is_id(const char *text);

// Replaces names among `values` by the ids of every entity that is spelled so; `ids` gets the
// result and owns it. STATUS_OK, or an exit status after the reason was printed.
int entities_resolve(const struct context *context, const struct option_values *values,
                     struct option_values *ids);
