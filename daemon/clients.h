// The allow-list: a folder with one key file (keyfile.h) for each client, NAME.key, that says its
// public key and its roles. Read whole, then never changed: a new one takes its place.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/err.h"
#include "proto/base/slice.h"
#include "proto/wire/keyfile.h"

enum { CLIENT_NAME_MAX = 64, CLIENTS_MAX = 16384 };

struct client {
    char key[KEY_LEN + 1];
    char name[CLIENT_NAME_MAX + 1];      // of its file, without .key
    char cursors[KEYFILE_VALUE_MAX + 1]; // it may use cursors whose names begin so; empty: any
    unsigned roles;                      // enum role
};

struct clients;

// 0 or negative errno (or -1) with err, which names the file and its line. What is neither a key
// file nor hidden (".name", "name~") is an error too: a client that was meant to be let in, or a
// secret key that does not belong there.
int clients_read(struct clients **out, const char *directory, struct err *err);
void clients_free(struct clients *clients); // accepts NULL

size_t clients_count(const struct clients *clients); // accepts NULL: none

// By its key, NULL when there is none. Accepts NULL.
const struct client *clients_find(const struct clients *clients, struct slice key);

// Whether a client of `old` is gone or may do less in `next`: then its connections must end.
bool clients_lose(const struct clients *old, const struct clients *next);
