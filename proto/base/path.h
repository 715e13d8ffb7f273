// Where our programs and data are: beside the running program, as built or as installed.
#pragma once

#include <limits.h>

// Finds a helper program ("telex-tagger"): in the running program's folder, then ../libexec/telex,
// then the installed place. Writes its path. 0, or -ENOENT when it is in none of these.
int path_find_program(const char *name, char out[PATH_MAX]);

// Finds a data file ("lexicon.tlx"): ../share/telex and ../../share/telex beside the running
// program, then the installed place. 0 or -ENOENT.
int path_find_data(const char *name, char out[PATH_MAX]);
