#include "daemon/clients.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/roles.h"

static const char suffix[] = ".key";
enum { SUFFIX_LEN = sizeof suffix - 1 };

struct clients {
    struct client *list; // by key
    size_t count, room;
};

static int compare_cb(const void *left, const void *right)
{
    return memcmp(((const struct client *)left)->key, ((const struct client *)right)->key, KEY_LEN);
}

size_t clients_count(const struct clients *clients)
{
    return clients ? clients->count : 0;
}

const struct client *clients_find(const struct clients *clients, struct slice key)
{
    struct client wanted;
    if (!clients || key.len != KEY_LEN)
        return NULL;
    memcpy(wanted.key, key.ptr, KEY_LEN);
    return clients->count
               ? bsearch(&wanted, clients->list, clients->count, sizeof wanted, compare_cb)
               : NULL;
}

bool clients_lose(const struct clients *old, const struct clients *next)
{
    for (size_t i = 0; i < clients_count(old); i++) {
        const struct client *now = clients_find(next, slice_from(old->list[i].key, KEY_LEN));
        if (!now || (old->list[i].roles & ~now->roles) ||
            strcmp(old->list[i].cursors, now->cursors) != 0)
            return true;
    }
    return false;
}

void clients_free(struct clients *clients)
{
    if (!clients)
        return;
    free(clients->list);
    free(clients);
}

// --- reading ------------------------------------------------------------------------------------

static bool is_hidden(const char *name)
{
    return name[0] == '.' || name[strlen(name) - 1] == '~';
}

// Its name goes into records and logs: letters, digits, '.', '_', '-' and '@'.
static int read_name(struct client *client, const char *file, struct err *err)
{
    size_t len = strlen(file);
    if (len <= SUFFIX_LEN || strcmp(file + len - SUFFIX_LEN, suffix) != 0)
        return err_set(err, "not NAME.key; only the clients' public keys belong here");
    len -= SUFFIX_LEN;
    if (len > CLIENT_NAME_MAX)
        return err_set(err, "a client's name has at most %d bytes", CLIENT_NAME_MAX);
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    if (strspn(file, fit) < len)
        return err_set(err, "a client's name has letters, digits and \"._-@\" only");
    memcpy(client->name, file, len);
    client->name[len] = '\0';
    return 0;
}

static int read_client(struct client *client, const char *directory, const char *file,
                       struct err *err)
{
    char path[PATH_MAX];
    struct keyfile keys = {0};
    *client = (struct client){0};
    snprintf(path, sizeof path, "%s/%s", directory, file);
    if (read_name(client, file, err) != 0)
        return err_prefix(err, "%s", path);
    int result = keyfile_read(&keys, path, err);
    if (result == 0 && *keys.secret_key)
        result = err_set(
            err, "%s: a secret key, which is its owner's alone; put the public one here", path);
    else if (result == 0 && roles_parse(&client->roles, slice_from_text(keys.roles), err) != 0)
        result = err_prefix(err, "%s: metadata", path);
    memcpy(client->key, keys.public_key, sizeof client->key);
    memcpy(client->cursors, keys.cursors, sizeof client->cursors);
    keyfile_wipe(&keys);
    return result;
}

static int make_room(struct clients *clients, const char *directory, struct err *err)
{
    if (clients->count == CLIENTS_MAX)
        return err_set(err, "%s: more than %d clients", directory, CLIENTS_MAX);
    if (clients->count < clients->room)
        return 0;
    size_t room = clients->room ? clients->room * 2 : 16;
    struct client *list = realloc(clients->list, room * sizeof *list);
    if (!list)
        return err_set_errno(err, ENOMEM, "%s", directory);
    clients->list = list;
    clients->room = room;
    return 0;
}

static int read_all(struct clients *clients, DIR *folder, const char *directory, struct err *err)
{
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (is_hidden(entry->d_name))
            continue;
        int result = make_room(clients, directory, err);
        if (result == 0)
            result = read_client(&clients->list[clients->count], directory, entry->d_name, err);
        if (result != 0)
            return result;
        clients->count++;
    }
    return 0;
}

static int sort(struct clients *clients, const char *directory, struct err *err)
{
    if (clients->count)
        qsort(clients->list, clients->count, sizeof *clients->list, compare_cb);
    for (size_t i = 1; i < clients->count; i++)
        if (compare_cb(&clients->list[i - 1], &clients->list[i]) == 0)
            return err_set(err, "%s: %s.key and %s.key hold the same key", directory,
                           clients->list[i - 1].name, clients->list[i].name);
    return 0;
}

int clients_read(struct clients **out, const char *directory, struct err *err)
{
    *out = NULL;
    DIR *folder = opendir(directory);
    if (!folder)
        return err_set_errno(err, errno, "the clients' keys in %s", directory);
    struct clients *clients = calloc(1, sizeof *clients);
    int result = clients ? read_all(clients, folder, directory, err)
                         : err_set_errno(err, ENOMEM, "%s", directory);
    closedir(folder);
    if (result == 0)
        result = sort(clients, directory, err);
    if (result == 0)
        *out = clients;
    else
        clients_free(clients);
    return result;
}
