// Where the user's own lexicon lies: the list that is edited, and what it is compiled to.
#pragma once

#include <limits.h>

#include "proto/base/err.h"

struct own_place {
    char list[PATH_MAX], compiled[PATH_MAX];
};

// A person's own, which `telex tag` reads: $XDG_CONFIG_HOME/telex/lexicon.tsv, else ~/.config/...;
// $XDG_DATA_HOME/telex/lexicon.tlx, else ~/.local/share/... -ENOENT with err when neither variable
// names an absolute path.
int own_place_of_person(struct own_place *out, struct err *err);

// The service's: what crew.user_lexicon_source and crew.user_lexicon are in this telex.conf, as
// telexd understands it. A file that is not there: the defaults, /etc/telex/lexicon.tsv and
// /etc/telex/lexicon.tlx. 0 or negative errno with err.
int own_place_of_service(struct own_place *out, const char *config, struct err *err);
