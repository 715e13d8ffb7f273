#include "workers/tagger/own_place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool put_path(char out[PATH_MAX], const char *folder, const char *below, const char *name)
{
    return snprintf(out, PATH_MAX, "%s%s/%s", folder, below, name) < PATH_MAX;
}

// A relative path in these variables is to be ignored, says the XDG base directory specification.
static int find(char out[PATH_MAX], const char *variable, const char *below_home, const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");
    bool fits;
    if (folder && *folder == '/')
        fits = put_path(out, folder, "/telex", name);
    else if (home && *home == '/')
        fits = put_path(out, home, below_home, name);
    else
        return -ENOENT;
    return fits ? 0 : -ENAMETOOLONG;
}

int own_place_of_person(struct own_place *out, struct err *err)
{
    int failed = find(out->list, "XDG_CONFIG_HOME", "/.config/telex", "lexicon.tsv");
    if (!failed)
        failed = find(out->compiled, "XDG_DATA_HOME", "/.local/share/telex", "lexicon.tlx");
    return failed
               ? err_set_errno(err, -failed, "no place for a lexicon of your own: HOME says none")
               : 0;
}
