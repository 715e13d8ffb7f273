// telex keygen: a pair of CURVE keys, for a daemon or a client.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/base/buf.h"
#include "proto/client/command/options.h"
#include "proto/wire/keyfile.h"

enum { TEXT_MAX = 2048 };

// A file that is there is somebody's key: it is never written over.
static int write_new(const char *path, mode_t mode, struct slice text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    ssize_t written = write(fd, text.ptr, text.len);
    int result = written == (ssize_t)text.len ? 0 : written < 0 ? -errno : -ENOSPC;
    if (result == 0 && fsync(fd) != 0)
        result = -errno;
    if (close(fd) != 0 && result == 0)
        result = -errno;
    if (result != 0)
        unlink(path);
    return result;
}

static int write_key(const char *path, mode_t mode, const char *about, const char *roles,
                     const char *public_key, const char *secret_key)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_printf(&text, "# %s\n", about);
    if (roles)
        buf_printf(&text, "metadata\n    roles = \"%s\"\n", roles);
    buf_printf(&text, "curve\n    public-key = \"%s\"\n", public_key);
    if (secret_key)
        buf_printf(&text, "    secret-key = \"%s\"\n", secret_key);
    int result = text.failed ? -ENOMEM : write_new(path, mode, buf_slice(&text));
    if (text.ptr)
        explicit_bzero(text.ptr, text.len);
    buf_fini(&text);
    if (result != 0)
        fprintf(stderr, "telex: cannot write %s: %s\n", path, strerror(-result));
    return result;
}

static int make_keys(const char *name, const char *roles)
{
    char public_key[KEY_LEN + 1], secret_key[KEY_LEN + 1];
    char public_path[PATH_MAX], secret_path[PATH_MAX];
    if (snprintf(public_path, PATH_MAX, "%s.key", name) >= PATH_MAX ||
        snprintf(secret_path, PATH_MAX, "%s.key_secret", name) >= PATH_MAX ||
        zmq_curve_keypair(public_key, secret_key) != 0) {
        fprintf(stderr, "telex: cannot make a key: %s\n", zmq_strerror(zmq_errno()));
        return STATUS_USAGE;
    }
    int result = write_key(secret_path, 0600, "telex: secret key; its owner's alone", NULL,
                           public_key, secret_key);
    if (result == 0) {
        result = write_key(public_path, 0644, "telex: public key", roles, public_key, NULL);
        if (result != 0)
            unlink(secret_path);
    }
    explicit_bzero(secret_key, sizeof secret_key);
    if (result != 0)
        return STATUS_REFUSED;
    printf("%s\n", public_key);
    fprintf(stderr, "telex: %s is secret, %s is for the other side\n", secret_path, public_path);
    return STATUS_OK;
}

static bool roles_are_known(const char *roles)
{
    static const char *const known[] = {"push", "follow", "control"};
    for (const char *at = roles; *at;) {
        size_t len = strcspn(at, ", "), i = 0;
        while (i < 3 && !(strlen(known[i]) == len && strncmp(at, known[i], len) == 0))
            i++;
        if (len && i == 3)
            return false;
        at += len + (at[len] != '\0');
    }
    return *roles != '\0';
}

int command_keygen(struct context *context, int argc, char **argv)
{
    const char *roles = NULL;
    const struct option_row options[] = {
        {"roles", "LIST", OPTION_TEXT, &roles,
         "what a client with this key may do: push, follow, control, with commas between", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "keygen [OPTION...] NAME",
        "Makes a pair of keys for tcp endpoints: NAME.key_secret, which only you can read, and\n"
        "NAME.key, the public one, which it prints too. Files that are there stay as they are.",
        options,
        "A daemon's secret key is its security.secret_key, its public one is what clients give as\n"
        "--server-key. A client's secret key is its --client-key; its public one, with --roles, "
        "goes\n"
        "into the daemon's folder of clients (security.clients).",
        1,
        1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    if (roles && !roles_are_known(roles))
        return options_complain(&usage, "--roles takes push, follow and control, not \"%s\"",
                                roles);
    return make_keys(argv[first], roles);
}
