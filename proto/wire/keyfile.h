// Key files: CURVE keys in the form that czmq and pyzmq write (ZPL, rfc.zeromq.org/spec/4), so that
// each can use the other's.
//
//     metadata
//         roles = "push follow"
//     curve
//         public-key = "..."          40 characters of Z85
//         secret-key = "..."          in secret files only
//
// Lines that begin with # are comments. What metadata says beside `roles` and `cursors` is left
// alone.
#pragma once

#include <stdbool.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"

enum {
    KEY_LEN = 40,
    KEYFILE_BYTES_MAX = 16 * 1024,
    KEYFILE_VALUE_MAX = 255,
};

struct keyfile {
    char public_key[KEY_LEN + 1]; // never empty
    char secret_key[KEY_LEN + 1]; // empty: the file holds none
    char roles[KEYFILE_VALUE_MAX + 1];
    char cursors[KEYFILE_VALUE_MAX + 1];
};

// Whether the text is a key: 40 characters of Z85.
bool key_is_valid(struct slice text);

// Reads what a key file says. 0, or -1 with err that names the line ("line 3: ...").
int keyfile_parse(struct keyfile *out, struct slice text, struct err *err);

// The same for a file; err names it as well. 0, -errno when it cannot be read, or -1.
int keyfile_read(struct keyfile *out, const char *path, struct err *err);

// The same for one that must hold a secret key, and that others on this machine must not be able to
// read. Wipe the result with keyfile_wipe.
int keyfile_read_secret(struct keyfile *out, const char *path, struct err *err);

void keyfile_wipe(struct keyfile *keys);
