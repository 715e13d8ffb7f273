// The configuration: INI, every key with a default, read and checked whole before anything uses it.
// The keys, their types, bounds and help stand once, in config_params.def; parser, --print-config
// and the man page are made from it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/err.h"

struct config {
#define PARAM_TEXT(section, key, initial, help)                    char *section##_##key;
#define PARAM_NUMBER(section, key, initial, low, high, unit, help) int64_t section##_##key;
#define PARAM_FLAG(section, key, initial, help)                    bool section##_##key;
#include "daemon/config_params.def"
#undef PARAM_TEXT
#undef PARAM_NUMBER
#undef PARAM_FLAG
    char *path;         // the file it was read from; NULL when all are defaults
    char **assignments; // those of config_set, in order; config_reread takes them over
    size_t assignment_count;
};

// Reads the file (NULL: defaults only). Unknown sections and keys, keys given twice, values out of
// range and lines that are no INI are errors that name file and line. On success *out is owned by
// the caller; on failure it is NULL. 0 or -1.
int config_read(struct config **out, const char *path, struct err *err);

// The same file and the same config_set assignments once more: what SIGHUP does. 0 or -1 with err.
int config_reread(struct config **out, const struct config *old, struct err *err);

// Accepts NULL.
void config_free(struct config *config);

// Sets one key as "section.key=value" would in the file (command line -o); it wins over the file,
// also when that is read again. -1 with err.
int config_set(struct config *config, const char *assignment, struct err *err);

// Checks what needs more than one key (endpoints differ, folders can be used). Changes nothing, in
// the file system neither. -1 with err.
int config_check(const struct config *config, struct err *err);

// Puts what the help texts promise in the place of empty values: daemon.runtime_dir,
// store.directory, the endpoints, security.* and crew.user_lexicon are then never empty
// (live.endpoint and crew.user_lexicon may be "none"). Done by telexd_create before any part is
// made. crew.tagger and crew.lexicon are left to the crew. -1 when memory ran out.
int config_resolve(struct config *config, struct err *err);

// Keys that need a restart keep their old values in `next`; each that differs is logged. Both are
// resolved.
void config_keep_fixed(struct config *next, struct config *old);

// Writes every key with its help and its value, as a file that config_read accepts.
void config_print(const struct config *config, FILE *out);
