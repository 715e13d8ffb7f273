// What every fuzz target is: one function that takes any bytes and must neither crash, hang nor
// grow without bound.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/base/check.h"
#include "proto/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
