// The configuration: INI, every key with a default, read and checked whole before anything uses it.
// The keys, their types, bounds and help stand once, in config_params.def; parser, --print-config
// and the man page are made from it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct config {
#define PARAM_TEXT(section, key, initial, help)                    char *section##_##key;
#define PARAM_NUMBER(section, key, initial, low, high, unit, help) int64_t section##_##key;
#define PARAM_FLAG(section, key, initial, help)                    bool section##_##key;
#include "daemon/config_params.def"
#undef PARAM_TEXT
#undef PARAM_NUMBER
#undef PARAM_FLAG
    char *path; // the file it was read from; NULL when all are defaults
};

// Reads the file (NULL: defaults only). Unknown sections and keys, values out of range and lines
// that are no INI are errors that name file and line. On success *out is owned by the caller.
int config_read(struct config **out, const char *path, struct err *err);
void config_free(struct config *config);

// Sets one key as "section.key=value" would in the file (command line -o). -1 with err.
int config_set(struct config *config, const char *assignment, struct err *err);

// Checks what needs more than one key (endpoints differ, folders can be used). -1 with err.
int config_check(const struct config *config, struct err *err);

// Writes every key with its help and the value in force, as a file that config_read accepts.
void config_print(const struct config *config);
