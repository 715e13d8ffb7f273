#include "workers/tagger/own_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// A relative path in these variables is to be ignored, says the XDG base directory specification.
static int find(char out[PATH_MAX], const char *variable, const char *below_home, const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");
    int len;
    if (folder && *folder == '/')
        len = snprintf(out, PATH_MAX, "%s/telex/%s", folder, name);
    else if (home && *home == '/')
        len = snprintf(out, PATH_MAX, "%s/%s/telex/%s", home, below_home, name);
    else
        return -ENOENT;
    return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int own_place_list(char out[PATH_MAX])
{
    return find(out, "XDG_CONFIG_HOME", ".config", "lexicon.tsv");
}

int own_place_compiled(char out[PATH_MAX])
{
    return find(out, "XDG_DATA_HOME", ".local/share", "lexicon.tlx");
}
