// What telexd does with a store that no daemon uses: it tells on standard output.
#pragma once

#include "proto/base/err.h"

// 0 when nothing is damaged; else negative with err.
int offline_verify(const char *directory, struct err *err);

// 0 when the store is sound now, whatever was lost; else negative with err, and nothing was
// changed.
int offline_repair(const char *directory, struct err *err);
