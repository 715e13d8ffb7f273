#include "proto/base/path.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Folder of the running program, without a trailing slash. False when /proc is not there.
static int own_folder(char out[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (len <= 0)
        return 0;
    out[len] = '\0';
    char *slash = strrchr(out, '/');
    if (!slash)
        return 0;
    *slash = '\0';
    return 1;
}

static int find_in(const char *const *places, size_t count, const char *installed, const char *name,
                   char out[PATH_MAX])
{
    char folder[PATH_MAX];
    int have_folder = own_folder(folder);
    for (size_t i = 0; have_folder && i < count; i++) {
        int len = snprintf(out, PATH_MAX, "%s/%s%s", folder, places[i], name);
        if (len < PATH_MAX && access(out, R_OK) == 0)
            return 0;
    }
    int len = snprintf(out, PATH_MAX, "%s/%s", installed, name);
    return len < PATH_MAX && access(out, R_OK) == 0 ? 0 : -ENOENT;
}

int path_find_program(const char *name, char out[PATH_MAX])
{
    static const char *const places[] = {"", "../libexec/telex/"};
    return find_in(places, 2, TELEX_LIBEXECDIR, name, out);
}

int path_find_data(const char *name, char out[PATH_MAX])
{
    static const char *const places[] = {"../share/telex/", "../../share/telex/"};
    return find_in(places, 2, TELEX_DATADIR, name, out);
}
