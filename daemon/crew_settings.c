#include "daemon/crew_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "proto/base/path.h"

void crew_settings_fini(struct crew_settings *settings)
{
    free(settings->tagger);
    free(settings->lexicon);
    free(settings->user_lexicon);
    *settings = (struct crew_settings){0};
}

int crew_settings_init(struct crew_settings *settings, const struct config *config,
                       unsigned edition)
{
    *settings = (struct crew_settings){
        .tagger = strdup(config->crew_tagger),
        .lexicon = strdup(config->crew_lexicon),
        .user_lexicon = strdup(config->crew_user_lexicon),
        .workers =
            config->crew_workers ? (unsigned)config->crew_workers : uv_available_parallelism(),
        .window = (unsigned)config->crew_window,
        .timeout_ms = (uint64_t)config->crew_timeout * 1000,
        .edition = edition,
    };
    if (settings->tagger && settings->lexicon && settings->user_lexicon)
        return 0;
    crew_settings_fini(settings);
    return -ENOMEM;
}

int crew_settings_find_tagger(const struct crew_settings *settings, char out[PATH_MAX],
                              struct err *err)
{
    if (*settings->tagger) {
        int len = snprintf(out, PATH_MAX, "%s", settings->tagger);
        return len < PATH_MAX ? 0 : err_set_errno(err, ENAMETOOLONG, "crew.tagger");
    }
    if (path_find_program("telex-tagger", out) == 0)
        return 0;
    return err_set(err, "telex-tagger is neither beside telexd nor in libexec: install it, or set "
                        "crew.tagger"),
           -ENOENT;
}
