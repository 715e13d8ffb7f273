// Where a person's own lexicon lies unless something else is said.
#pragma once

#include <limits.h>

// The list that `telex lexicon` edits: $XDG_CONFIG_HOME/telex/lexicon.tsv, else ~/.config/...; and
// what it is compiled to: $XDG_DATA_HOME/telex/lexicon.tlx, else ~/.local/share/... 0; -ENOENT when
// neither variable names an absolute path; -ENAMETOOLONG.
int own_place_list(char out[PATH_MAX]);
int own_place_compiled(char out[PATH_MAX]);
