// What a worker is started with: the configuration's section crew, as it was at one moment.
#pragma once

#include <limits.h>
#include <stdint.h>

#include "daemon/config.h"
#include "proto/base/err.h"

// An edition of workers is what was started with the same settings.
struct crew_settings {
    char *tagger, *lexicon, *user_lexicon;
    unsigned workers, window;
    uint64_t timeout_ms;
    unsigned edition;
};

// Copies what it needs. 0 or -ENOMEM; end it with crew_settings_fini, which accepts all zero.
int crew_settings_init(struct crew_settings *settings, const struct config *config,
                       unsigned edition);
void crew_settings_fini(struct crew_settings *settings);

// The path of the worker's program. 0 or negative errno with err.
int crew_settings_find_tagger(const struct crew_settings *settings, char out[PATH_MAX],
                              struct err *err);
