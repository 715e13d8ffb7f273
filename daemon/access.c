#include "daemon/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clients.h"
#include "daemon/connections.h"
#include "daemon/ipc_listener.h"
#include "daemon/telexd.h"
#include "daemon/zap.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum { LOG_MS = 1000 };

struct access {
    struct telexd *telexd;
    struct zap *zap;
    struct keyfile keys; // the daemon's own
    bool secured;        // some endpoint asks for keys
    struct senders *senders;
    uint64_t generation; // of the allow-list, from 1
    uint64_t forbidden, limited, logged;
    int64_t logged_ms;
};

// --- endpoints ----------------------------------------------------------------------------------

enum { ENDPOINTS = 4 };

struct endpoint {
    const char *name, *address;
    unsigned roles; // that let a key connect; each request is looked at again
};

static void list_endpoints(const struct config *config, struct endpoint out[ENDPOINTS])
{
    const struct endpoint all[ENDPOINTS] = {
        {"ingest", config->ingest_endpoint, ROLE_PUSH},
        {"stream", config->stream_endpoint, ROLE_FOLLOW},
        {"live", config->live_endpoint, ROLE_FOLLOW},
        {"control", config->control_endpoint, ROLE_FOLLOW | ROLE_CONTROL},
    };
    memcpy(out, all, sizeof all);
}

static bool is_tcp(const char *address)
{
    return strncmp(address, "tcp://", 6) == 0;
}

static const char *first_tcp(const struct config *config)
{
    struct endpoint endpoints[ENDPOINTS];
    list_endpoints(config, endpoints);
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (is_tcp(endpoints[i].address))
            return endpoints[i].name;
    return NULL;
}

static bool needs_keys(const struct config *config)
{
    return !config->security_insecure && first_tcp(config) != NULL;
}

// --- keys ---------------------------------------------------------------------------------------

static int read_keys(const struct config *config, struct keyfile *keys, struct clients **clients,
                     struct err *err)
{
    *clients = NULL;
    if (keyfile_read_secret(keys, config->security_secret_key, err) != 0)
        return err_prefix(err,
                          "%s.endpoint is on tcp, which takes a key (telex keygen makes one) or "
                          "security.insecure = yes",
                          first_tcp(config));
    int result = clients_read(clients, config->security_clients, err);
    if (result != 0)
        keyfile_wipe(keys);
    return result == 0 ? 0 : -1;
}

int access_check(const struct config *config, struct err *err)
{
    struct keyfile keys;
    struct clients *clients;
    if (!needs_keys(config))
        return 0;
    if (read_keys(config, &keys, &clients, err) != 0)
        return -1;
    keyfile_wipe(&keys);
    clients_free(clients);
    return 0;
}

// --- life ---------------------------------------------------------------------------------------

static int start_zap(struct access *access, struct clients *clients, struct err *err)
{
    const struct config *config = access->telexd->config;
    struct endpoint endpoints[ENDPOINTS];
    struct zap_rule rules[ENDPOINTS];
    list_endpoints(config, endpoints);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        rules[i] = (struct zap_rule){.domain = endpoints[i].name,
                                     .roles = endpoints[i].roles,
                                     .open = config->security_insecure};
        if (!ipc_endpoint_path(endpoints[i].address, &rules[i].path))
            rules[i].path = NULL;
    }
    int result = zap_start(&access->zap, zsock_context_zmq(access->telexd->zmq), rules, ENDPOINTS,
                           clients, err);
    if (!access->zap)
        clients_free(clients);
    return result;
}

static void tell(const struct access *access)
{
    const struct config *config = access->telexd->config;
    const char *tcp = first_tcp(config);
    if (access->secured)
        log_notice("clients read folder=%s clients=%zu", config->security_clients,
                   clients_count(zap_clients(access->zap)));
    else if (tcp)
        log_warning("tcp without encryption or keys: whoever reaches %s.endpoint may use it "
                    "(security.insecure)",
                    tcp);
}

static void limit_connections(const struct config *config)
{
    connections_limit((unsigned)config->limits_connections,
                      (unsigned)config->limits_peer_connections,
                      (config->daemon_memory_limit << 20) / 2);
}

int access_create(struct access **out, struct telexd *telexd, struct err *err)
{
    struct clients *clients = NULL;
    struct access *access = *out = calloc(1, sizeof *access);
    if (!access || !(access->senders = senders_create()))
        return err_set_errno(err, ENOMEM, "access");
    access->telexd = telexd;
    access->generation = 1;
    access->secured = needs_keys(telexd->config);
    limit_connections(telexd->config);
    if (access->secured && read_keys(telexd->config, &access->keys, &clients, err) != 0)
        return -EINVAL;
    int result = start_zap(access, clients, err);
    if (result == 0)
        tell(access);
    return result;
}

void access_destroy(struct access *access)
{
    if (!access)
        return;
    zap_end(access->zap);
    senders_destroy(access->senders);
    keyfile_wipe(&access->keys);
    free(access);
}

int access_reload(struct access *access, const struct config *next_config, struct err *err)
{
    struct clients *next;
    if (!access->secured) {
        limit_connections(next_config);
        return 0;
    }
    if (clients_read(&next, next_config->security_clients, err) != 0)
        return -1;
    limit_connections(next_config);
    bool lost = clients_lose(zap_clients(access->zap), next);
    clients_free(zap_exchange(access->zap, next));
    access->generation++;
    log_notice("clients read folder=%s clients=%zu", next_config->security_clients,
               clients_count(next));
    // Which connection is whose only ZeroMQ knows: all come anew, and those who may not stay out.
    if (lost) {
        log_notice("a client may do less than before, dropping every connection");
        zsock_context_recycle(access->telexd->zmq);
    }
    return 0;
}

void access_secure(const struct access *access, const char *name, struct zsock_options *options)
{
    if (!access)
        return;
    options->zap_domain = name;
    options->curve_secret =
        access->secured && is_tcp(options->endpoint) ? access->keys.secret_key : NULL;
}

// --- requests -----------------------------------------------------------------------------------

static void note(struct access *access, const struct sender *sender, const char *why)
{
    int64_t now = clock_mono_ms();
    uint64_t refused = access->forbidden + access->limited;
    if (refused > 1 && now - access->logged_ms < LOG_MS)
        return;
    log_warning("request refused peer=%s count=%llu reason=\"%s\"",
                sender ? sender->identity : "unknown",
                (unsigned long long)(refused - access->logged), why);
    access->logged = refused;
    access->logged_ms = now;
}

static enum wire_code forbid(struct access *access, const struct sender *sender,
                             const struct err *err)
{
    access->forbidden++;
    note(access, sender, err_text(err));
    return WIRE_FORBIDDEN;
}

static enum wire_code limit(struct access *access, const struct sender *sender,
                            const struct err *err)
{
    access->limited++;
    note(access, sender, err_text(err));
    return WIRE_TOO_MANY;
}

// What the allow-list in force says of it.
static void look_up(const struct access *access, struct sender *sender)
{
    struct slice user = slice_from_text(sender->user);
    sender->generation = access->generation;
    sender->roles = ROLE_ALL;
    if (!slice_begins(user, "key:")) {
        // "uid:1000:4711": a process has limits of its own, but no name of its own.
        size_t len = slice_begins(user, "uid:") ? 4 + strcspn(user.ptr + 4, ":") : user.len;
        memcpy(sender->identity, user.ptr, len);
        return;
    }
    struct slice key = slice_from(user.ptr + 4, user.len - 4);
    const struct client *client = clients_find(zap_clients(access->zap), key);
    sender->roles = client ? client->roles : 0;
    snprintf(sender->cursors, sizeof sender->cursors, "%s", client ? client->cursors : "");
    snprintf(sender->identity, sizeof sender->identity, "key:%s:%.*s", client ? client->name : "",
             (int)key.len, key.ptr);
}

static struct sender *sender_of(struct access *access, const struct zsock_message *message)
{
    const char *user = zmq_msg_gets(message->payload, "User-Id");
    struct sender *sender =
        user && *user ? senders_get(access->senders, slice_from_text(user)) : NULL;
    if (sender && sender->generation != access->generation)
        look_up(access, sender);
    return sender;
}

static bool within_rate(struct access *access, struct sender *sender, bool question)
{
    const struct config *config = access->telexd->config;
    uint64_t now = uv_now(access->telexd->loop);
    return question ? rate_take(&sender->questions, config->limits_questions, 1, now)
                    : rate_take(&sender->requests, config->limits_requests, 1, now);
}

enum wire_code access_admit(struct access *access, const struct zsock_message *message,
                            unsigned roles, struct sender **sender, struct err *err)
{
    *sender = NULL;
    if (!access)
        return WIRE_OK;
    bool question = roles & ROLE_CONTROL;
    *sender = sender_of(access, message);
    if (!*sender) {
        err_set(err, "more different clients than can be told apart are at work; try again later");
        return limit(access, NULL, err);
    }
    if (!((*sender)->roles & roles)) {
        err_set(err, "this takes the role %s, which your key does not have", roles_name(roles));
        return forbid(access, *sender, err);
    }
    if (within_rate(access, *sender, question))
        return WIRE_OK;
    err_set(err, "more requests than a client may send in a second (limits.%s)",
            question ? "questions" : "requests");
    return limit(access, *sender, err);
}

enum wire_code access_admit_articles(struct access *access, struct sender *sender,
                                     uint64_t articles, struct err *err)
{
    if (!sender || rate_take(&sender->articles, access->telexd->config->limits_articles, articles,
                             uv_now(access->telexd->loop)))
        return WIRE_OK;
    err_set(err, "more articles than a client may push in a second (limits.articles); push them "
                 "again later");
    return limit(access, sender, err);
}

enum wire_code access_admit_subscription(struct access *access, const struct sender *sender,
                                         const char *cursor, struct err *err)
{
    if (!sender)
        return WIRE_OK;
    if (*cursor && strncmp(cursor, sender->cursors, strlen(sender->cursors)) != 0) {
        err_set(err, "your key may use cursors that begin with \"%s\" only", sender->cursors);
        return forbid(access, sender, err);
    }
    if (sender->subscriptions < (uint64_t)access->telexd->config->limits_subscriptions)
        return WIRE_OK;
    err_set(err, "more subscriptions than a client may hold (limits.subscriptions)");
    return limit(access, sender, err);
}

void access_get_stats(const struct access *access, struct access_stats *out)
{
    *out = (struct access_stats){0};
    if (!access)
        return;
    out->peers_refused = access->zap ? zap_refused(access->zap) : 0;
    out->forbidden = access->forbidden;
    out->limited = access->limited;
    out->clients = access->zap ? clients_count(zap_clients(access->zap)) : 0;
}
