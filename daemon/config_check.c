// What no single key can be blamed for, and what empty values stand for.
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/access.h"
#include "daemon/config_table.h"
#include "daemon/ipc_listener.h"
#include "proto/base/log.h"

enum { RETAIN_BYTES_MIN = 16 }; // MiB: what the indexes need at a time is small against it

// --- resolving ----------------------------------------------------------------------------------

static char *text_of(const char *format, const char *first)
{
    char *text = NULL;
    return asprintf(&text, format, first) < 0 ? NULL : text;
}

static int replace_empty(char **place, const char *format, const char *first)
{
    if (**place)
        return 0;
    char *text = text_of(format, first);
    if (!text)
        return -1;
    free(*place);
    *place = text;
    return 0;
}

// systemd gives a list separated by colons when a unit has several folders; ours is the first.
static int replace_empty_folder(char **place, const char *variable, const char *fallback)
{
    const char *given = getenv(variable);
    if (!given || !*given)
        return replace_empty(place, "%s", fallback);
    char *first = strndup(given, strcspn(given, ":"));
    int result = first ? replace_empty(place, "%s", first) : -1;
    free(first);
    return result;
}

static int add_name(char **place, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", *place, name) < 0)
        return -1;
    free(*place);
    *place = path;
    return 0;
}

static int replace_empty_file(char **place, const char *name)
{
    if (**place)
        return 0;
    int result = replace_empty_folder(place, "CONFIGURATION_DIRECTORY", "/etc/telex");
    return result == 0 ? add_name(place, name) : result;
}

// A credential of the service manager wins over a file in the configuration's folder.
static int resolve_secret_key(struct config *config)
{
    static const char name[] = "telexd.key_secret";
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];
    if (*config->security_secret_key)
        return 0;
    if (credentials && *credentials &&
        snprintf(path, sizeof path, "%s/%s", credentials, name) < (int)sizeof path &&
        access(path, F_OK) == 0)
        return replace_empty(&config->security_secret_key, "%s", path);
    return replace_empty_file(&config->security_secret_key, name);
}

int config_resolve(struct config *config, struct err *err)
{
    int result =
        replace_empty_folder(&config->daemon_runtime_dir, "RUNTIME_DIRECTORY", "/run/telex");
    if (result == 0)
        result =
            replace_empty_folder(&config->store_directory, "STATE_DIRECTORY", "/var/lib/telex");
    if (result == 0)
        result = replace_empty_file(&config->crew_user_lexicon, "lexicon.tlx");
    if (result == 0)
        result = resolve_secret_key(config);
    if (result == 0)
        result = replace_empty_file(&config->security_clients, "clients");
    const struct {
        char **place;
        const char *format;
    } endpoints[] = {{&config->ingest_endpoint, "ipc://%s/ingest.sock"},
                     {&config->stream_endpoint, "ipc://%s/stream.sock"},
                     {&config->live_endpoint, "ipc://%s/live.sock"},
                     {&config->control_endpoint, "ipc://%s/control.sock"}};
    for (size_t i = 0; result == 0 && i < sizeof endpoints / sizeof *endpoints; i++)
        result = replace_empty(endpoints[i].place, endpoints[i].format, config->daemon_runtime_dir);
    return result == 0 ? 0 : err_set(err, "out of memory");
}

// --- checking -----------------------------------------------------------------------------------

// The folder can be used, or made in a folder that can.
static int folder_check(const char *key, const char *path, struct err *err)
{
    struct stat st;
    if (path[0] != '/')
        return err_set(err, "%s: \"%s\" is not an absolute path", key, path);
    if (stat(path, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            return err_set(err, "%s: %s is not a folder", key, path);
        return access(path, R_OK | W_OK | X_OK) == 0
                   ? 0
                   : err_set_errno(err, errno, "%s: %s cannot be used", key, path);
    }
    char copy[PATH_MAX];
    if (errno != ENOENT || snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return err_set_errno(err, errno, "%s: %s", key, path);
    const char *parent = dirname(copy);
    return access(parent, W_OK | X_OK) == 0
               ? 0
               : err_set_errno(err, errno, "%s: %s cannot be made in %s", key, path, parent);
}

static int ipc_check(const char *key, const char *path, struct err *err)
{
    char folder[PATH_MAX];
    if (ipc_path_check(path, err) != 0)
        return err_prefix(err, "%s", key);
    snprintf(folder, sizeof folder, "%s", path); // it fits: a socket's path is far shorter
    return folder_check(key, dirname(folder), err);
}

static int endpoint_check(const char *key, const char *endpoint, struct err *err)
{
    const char *path;
    if (ipc_endpoint_path(endpoint, &path))
        return ipc_check(key, path, err);
    const char *address = strncmp(endpoint, "tcp://", 6) == 0 ? endpoint + 6 : NULL;
    const char *colon = address ? strrchr(address, ':') : NULL;
    if (!colon || colon == address || !colon[1])
        return err_set(err, "%s: \"%s\" is neither ipc:///path nor tcp://address:port", key,
                       endpoint);
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (strcmp(colon + 1, "*") != 0 && (*end || port == 0 || port > 65535))
        return err_set(err, "%s: \"%s\" has no port from 1 to 65535", key, endpoint);
    return 0;
}

static int endpoints_check(const struct config *c, struct err *err)
{
    const struct {
        const char *key, *endpoint;
    } all[] = {{"ingest.endpoint", c->ingest_endpoint},
               {"stream.endpoint", c->stream_endpoint},
               {"control.endpoint", c->control_endpoint},
               {"live.endpoint", c->live_endpoint}};
    size_t count = sizeof all / sizeof *all - (strcmp(c->live_endpoint, "none") == 0);
    for (size_t i = 0; i < count; i++) {
        if (endpoint_check(all[i].key, all[i].endpoint, err) != 0)
            return -1;
        bool wildcard = all[i].endpoint[strlen(all[i].endpoint) - 1] == '*';
        for (size_t k = 0; !wildcard && k < i; k++)
            if (strcmp(all[k].endpoint, all[i].endpoint) == 0)
                return err_set(err, "%s and %s are both %s", all[k].key, all[i].key,
                               all[i].endpoint);
    }
    return 0;
}

static int program_check(const char *key, const char *path, int mode, struct err *err)
{
    return !*path || access(path, mode) == 0 ? 0 : err_set_errno(err, errno, "%s: %s", key, path);
}

static int values_check(const struct config *c, struct err *err)
{
    if (log_level_from_name(c->daemon_log_level) < 0)
        return err_set(err,
                       "daemon.log_level: \"%s\" is none of error, warning, notice, info, "
                       "debug",
                       c->daemon_log_level);
    if (c->store_map_size > c->store_map_limit)
        return err_set(err, "store.map_size is %lld GiB, more than store.map_limit (%lld GiB)",
                       (long long)c->store_map_size, (long long)c->store_map_limit);
    if (c->store_retain_bytes && c->store_retain_bytes < RETAIN_BYTES_MIN)
        return err_set(err, "store.retain_bytes is %lld MiB; 0 for no limit, or at least %d",
                       (long long)c->store_retain_bytes, RETAIN_BYTES_MIN);
    if (c->store_retain_bytes >> 10 >= c->store_map_limit)
        return err_set(err,
                       "store.retain_bytes is %lld MiB, more than store.map_limit (%lld GiB) has "
                       "room for",
                       (long long)c->store_retain_bytes, (long long)c->store_map_limit);
    if (!*c->stream_source)
        return err_set(err, "stream.source is empty; every event needs a source");
    if (program_check("crew.tagger", c->crew_tagger, X_OK, err) != 0)
        return -1;
    return program_check("crew.lexicon", c->crew_lexicon, R_OK, err) == 0 ? 0 : -1;
}

int config_check(const struct config *config, struct err *err)
{
    if (values_check(config, err) != 0)
        return -1;
    struct config *copy = config_copy(config);
    int result = copy ? config_resolve(copy, err) : err_set(err, "out of memory");
    if (result == 0)
        result = folder_check("store.directory", copy->store_directory, err);
    if (result == 0)
        result = endpoints_check(copy, err);
    if (result == 0)
        result = access_check(copy, err);
    config_free(copy);
    return result == 0 ? 0 : -1;
}
