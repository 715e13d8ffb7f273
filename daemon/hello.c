#include "daemon/hello.h"

#include "daemon/telexd.h"
#include "proto/base/json.h"
#include "proto/base/log.h"

enum { HELLO_REPLY_MAX = 1024, CLIENT_NAME_MAX = 64 };

// The client's name for the log, or -1 when the payload is not what HELLO takes.
static int read_client(struct slice payload, char *name, size_t size, struct err *err)
{
    snprintf(name, size, "unnamed");
    if (!payload.len)
        return 0;
    json_t *root = json_parse(payload, err);
    if (!root)
        return -1;
    json_t *client = json_object_get(root, "client");
    int result = 0;
    if (!json_is_object(root))
        result = err_set(err, "the payload of HELLO is a JSON object");
    else if (client && !json_is_string(client))
        result = err_set(err, "client is not a string");
    else if (client)
        snprintf(name, size, "%s", json_string_value(client));
    json_decref(root);
    // It is quoted in the log.
    for (char *at = name; *at; at++)
        if (*at == '"' || (unsigned char)*at < 0x20)
            *at = '?';
    return result;
}

static void put_reply(struct buf *out, const struct telexd *telexd, const char *endpoint)
{
    buf_printf(out,
               "{\"server\":\"telexd/%s\",\"protocol\":%d,\"store\":\"%s\",\"endpoint\":\"%s\","
               "\"limits\":{\"body\":%lld,\"payload\":%d,\"batch\":%d,\"credit\":%d}}",
               TELEX_VERSION, WIRE_VERSION, store_uuid(telexd->store), endpoint,
               (long long)telexd->config->ingest_article_max, WIRE_PAYLOAD_MAX, WIRE_BATCH_ARTICLES,
               WIRE_CREDIT_MAX);
}

void hello_answer(struct telexd *telexd, struct zsock *zsock, const struct zsock_message *message,
                  const char *endpoint)
{
    struct zsock_reply_to to = zsock_reply_to(message);
    struct err err = {""};
    char client[CLIENT_NAME_MAX];
    if (read_client(zsock_payload(message), client, sizeof client, &err) != 0) {
        zsock_send_error(zsock, &to, message->frame.id, WIRE_BAD_REQUEST, err_text(&err));
        return;
    }
    log_debug("hello endpoint=%s client=\"%s\"", endpoint, client);
    struct buf reply;
    buf_init(&reply, HELLO_REPLY_MAX);
    put_reply(&reply, telexd, endpoint);
    zsock_send_reply(zsock, &to, &message->frame, buf_slice(&reply));
    buf_fini(&reply);
}
