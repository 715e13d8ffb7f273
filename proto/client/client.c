#include "proto/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/client/fail.h"

static const char *runtime_dir(const struct telex_endpoints *endpoints)
{
    const char *const places[] = {endpoints ? endpoints->runtime_dir : NULL,
                                  getenv("TELEX_RUNTIME_DIR"), getenv("RUNTIME_DIRECTORY")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i] && *places[i])
            return places[i];
    return "/run/telex";
}

// systemd lists several runtime directories with colons between them: the first is meant.
static int channel_init_in(struct telex_client *client, struct channel *channel, const char *given,
                           const char *dir, const char *name, struct telex_error *error)
{
    if (given)
        return channel_init(channel, client->context, given, &client->curve, error);
    char endpoint[512];
    int len = snprintf(endpoint, sizeof endpoint, "ipc://%.*s/%s.sock", (int)strcspn(dir, ":"), dir,
                       name);
    if (len < 0 || (size_t)len >= sizeof endpoint)
        return fail(error, TELEX_BAD_REQUEST, "the runtime directory's name is too long");
    return channel_init(channel, client->context, endpoint, &client->curve, error);
}

static int client_init(struct telex_client *client, const struct telex_endpoints *endpoints,
                       struct telex_error *error)
{
    static const struct telex_endpoints defaults;
    const struct telex_endpoints *at = endpoints ? endpoints : &defaults;
    const char *dir = runtime_dir(at);
    push_init(&client->push);
    follow_init(&client->follow);
    client->context = zmq_ctx_new();
    if (!client->context)
        return fail(error, TELEX_SYSTEM, "cannot start ZeroMQ: %s", zmq_strerror(zmq_errno()));
    if (curve_read(&client->curve, at, error) != 0)
        return -1;
    if (channel_init_in(client, &client->ingest, at->ingest, dir, "ingest", error) != 0 ||
        channel_init_in(client, &client->stream, at->stream, dir, "stream", error) != 0 ||
        channel_init_in(client, &client->control, at->control, dir, "control", error) != 0)
        return -1;
    return 0;
}

int telex_client_open(struct telex_client **out, const struct telex_endpoints *endpoints,
                      struct telex_error *error)
{
    *out = NULL;
    struct telex_client *client = calloc(1, sizeof *client);
    if (!client)
        return fail(error, TELEX_SYSTEM, "out of memory");
    if (client_init(client, endpoints, error) != 0) {
        telex_client_close(client);
        return -1;
    }
    *out = client;
    return 0;
}

static const struct channel *channel_find(const struct telex_client *client, const char *name)
{
    if (strcmp(name, "ingest") == 0)
        return &client->ingest;
    if (strcmp(name, "stream") == 0)
        return &client->stream;
    return strcmp(name, "control") == 0 ? &client->control : NULL;
}

const char *telex_client_endpoint(const struct telex_client *client, const char *name)
{
    const struct channel *channel = channel_find(client, name);
    return channel ? channel->endpoint : NULL;
}

bool telex_client_is_connected(const struct telex_client *client, const char *name)
{
    const struct channel *channel = channel_find(client, name);
    return channel && channel->connected;
}

void telex_client_close(struct telex_client *client)
{
    if (!client)
        return;
    push_fini(&client->push);
    follow_fini(&client->follow);
    channel_fini(&client->ingest);
    channel_fini(&client->stream);
    channel_fini(&client->control);
    while (client->context && zmq_ctx_term(client->context) != 0 && zmq_errno() == EINTR)
        ;
    curve_wipe(&client->curve);
    free(client);
}
