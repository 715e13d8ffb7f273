// Furniture that no table knows, found by its place and shape: menus, lists of headlines, readers'
// comments, what is repeated.
#pragma once

#include "workers/tagger/lines.h"

// Marks lines (LINE_FURNITURE) by what stands around them. Works on the flags that the table's
// rules have set. Linear in the number of lines. 0 or -ENOMEM.
int furniture_mark_shapes(const struct lines *lines, struct slice text, struct arena *arena);
