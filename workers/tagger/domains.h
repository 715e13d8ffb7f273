// Internet names in running text: "kremlin.ru", "Kresy.pl".
#pragma once

#include <stdbool.h>

#include "proto/base/slice.h"

// True for the last label of a domain name as news text has them ("pl", "com", "info"): lower case,
// two letters or more.
bool domain_is_top_level(struct slice label);

// True for one whole domain name, "www." and path excluded.
bool domain_is_name(struct slice text);

// True for one web address without spaces: http://, https:// or www.
bool domain_is_url(struct slice text);
