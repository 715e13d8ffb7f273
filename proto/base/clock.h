// Time: wall clock for people, monotonic clock for timeouts, RFC 3339 between them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum { CLOCK_TEXT_BYTES = 25 }; // "2026-11-22T01:36:00.000Z" and NUL

// Milliseconds since 1970-01-01T00:00:00Z. May jump either way.
int64_t clock_wall_ms(void);

// Milliseconds and nanoseconds since some fixed moment. Never goes back.
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

// RFC 3339 in UTC with milliseconds. Years 0 to 9999; others are clamped.
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_BYTES]);

// Reads RFC 3339 ("2026-11-22T01:36:00Z", with fraction and offset), also a date alone and a space
// for the T. False when the text is none of these.
bool clock_parse(struct slice text, int64_t *wall_ms);
