#include "proto/client/curve.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "proto/client/fail.h"

static const char *named(const char *given, const char *variable)
{
    const char *name = given ? given : getenv(variable);
    return name && *name ? name : NULL;
}

// The key itself, or a key file.
static int read_server(struct curve *curve, const char *name, struct telex_error *error)
{
    struct keyfile keys;
    struct err err = {""};
    if (key_is_valid(slice_from_text(name))) {
        memcpy(curve->server, name, KEY_LEN);
        return 0;
    }
    if (keyfile_read(&keys, name, &err) != 0)
        return fail(error, TELEX_SYSTEM, "the server's key: %s", err_text(&err));
    memcpy(curve->server, keys.public_key, KEY_LEN);
    keyfile_wipe(&keys);
    return 0;
}

static int read_own(struct curve *curve, const char *path, struct telex_error *error)
{
    struct keyfile keys;
    struct err err = {""};
    if (keyfile_read_secret(&keys, path, &err) != 0)
        return fail(error, TELEX_SYSTEM, "the client's key: %s", err_text(&err));
    memcpy(curve->public_key, keys.public_key, KEY_LEN);
    memcpy(curve->secret_key, keys.secret_key, KEY_LEN);
    keyfile_wipe(&keys);
    return 0;
}

int curve_read(struct curve *curve, const struct telex_endpoints *endpoints,
               struct telex_error *error)
{
    const char *server = named(endpoints ? endpoints->server_key : NULL, "TELEX_SERVER_KEY");
    const char *own = named(endpoints ? endpoints->client_key : NULL, "TELEX_CLIENT_KEY");
    *curve = (struct curve){.on = server && own};
    if (!server && !own)
        return 0;
    if (!server || !own)
        return fail(error, TELEX_BAD_REQUEST,
                    server ? "a server's key takes a key of the client too (TELEX_CLIENT_KEY)"
                           : "a client's key takes the key of the server too (TELEX_SERVER_KEY)");
    return read_server(curve, server, error) == 0 ? read_own(curve, own, error) : -1;
}

int curve_apply(const struct curve *curve, void *socket)
{
    const struct {
        int option;
        const char *key;
    } keys[] = {{ZMQ_CURVE_SERVERKEY, curve->server},
                {ZMQ_CURVE_PUBLICKEY, curve->public_key},
                {ZMQ_CURVE_SECRETKEY, curve->secret_key}};
    for (size_t i = 0; curve->on && i < sizeof keys / sizeof *keys; i++)
        if (zmq_setsockopt(socket, keys[i].option, keys[i].key, KEY_LEN + 1) != 0)
            return -1;
    return 0;
}

void curve_wipe(struct curve *curve)
{
    explicit_bzero(curve, sizeof *curve);
}
