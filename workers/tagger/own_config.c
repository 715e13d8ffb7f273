#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "workers/tagger/own_place.h"

// telexd's own reading of the file (daemon/config.c) is strict; here two keys matter.
static int value_cb(void *user, const char *section, const char *name, const char *value)
{
    struct own_place *place = user;
    if (strcmp(section, "crew") != 0 || !*value)
        return 1;
    if (strcmp(name, "user_lexicon_source") == 0)
        return snprintf(place->list, PATH_MAX, "%s", value) < PATH_MAX;
    if (strcmp(name, "user_lexicon") == 0)
        return snprintf(place->compiled, PATH_MAX, "%s", value) < PATH_MAX;
    return 1;
}

int own_place_of_service(struct own_place *out, const char *config, struct err *err)
{
    snprintf(out->list, PATH_MAX, "/etc/telex/lexicon.tsv");
    snprintf(out->compiled, PATH_MAX, "/etc/telex/lexicon.tlx");
    FILE *file = fopen(config, "re");
    if (!file)
        return errno == ENOENT ? 0 : err_set_errno(err, errno, "cannot read %s", config);
    int line = ini_parse_file(file, value_cb, out);
    fclose(file);
    if (line)
        return err_set(err, "%s:%d: cannot be read; telexd --check tells more", config,
                       line > 0 ? line : 1),
               -EINVAL;
    if (strcmp(out->compiled, "none") == 0)
        return err_set(err,
                       "crew.user_lexicon is none in %s: the service has no lexicon of its own",
                       config),
               -EINVAL;
    return 0;
}
