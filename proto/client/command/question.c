#include "proto/client/command/question.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/json.h"
#include "proto/client/command/out.h"

enum { PATIENCE_MS = 2000, PAYLOAD_MAX = 1024 * 1024 };

int question_fail(const struct telex_error *error)
{
    fputs("telex: ", stderr);
    out_line(stderr, slice_from_text(error->message));
    putc('\n', stderr);
    switch (error->code) {
    case TELEX_TIMEOUT:
    case TELEX_PROTOCOL:
    case TELEX_SYSTEM:
    case TELEX_BAD_VERSION:
        return STATUS_USAGE;
    default:
        return STATUS_REFUSED;
    }
}

int question_init(struct question *question, const struct context *context)
{
    *question = (struct question){.context = context};
    buf_init(&question->json, PAYLOAD_MAX);
    struct telex_error error;
    if (telex_client_open(&question->client, &context->endpoints, &error) == 0)
        return STATUS_OK;
    return question_fail(&error);
}

static void answer_clear(struct question *question)
{
    json_decref(question->answer);
    free(question->text);
    question->answer = NULL;
    question->text = NULL;
}

void question_fini(struct question *question)
{
    answer_clear(question);
    buf_fini(&question->json);
    telex_client_close(question->client);
}

static void put_key(struct question *question, const char *key)
{
    buf_put_byte(&question->json, question->json.len ? ',' : '{');
    json_put_string(&question->json, slice_from_text(key));
    buf_put_byte(&question->json, ':');
}

void question_put_text(struct question *question, const char *key, const char *value)
{
    put_key(question, key);
    json_put_string(&question->json, slice_from_text(value));
}

void question_put_number(struct question *question, const char *key, uint64_t value)
{
    put_key(question, key);
    buf_put_decimal(&question->json, value);
}

void question_put_flag(struct question *question, const char *key, bool value)
{
    put_key(question, key);
    buf_put_text(&question->json, value ? "true" : "false");
}

static int timeout_left(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : timeout_ms > PATIENCE_MS ? timeout_ms - PATIENCE_MS : 1;
}

// Orders must not be given twice, so it is HELLO that finds out whether anybody is there.
static int await_daemon(struct question *question, int timeout_ms, struct telex_error *error)
{
    bool brief = timeout_ms >= 0 && timeout_ms <= PATIENCE_MS;
    char *limits = NULL;
    int result = telex_ask(question->client, "hello", "{\"client\":\"telex/" TELEX_VERSION "\"}",
                           &limits, NULL, brief ? timeout_ms : PATIENCE_MS, error);
    if (result != 0 && error->code == TELEX_TIMEOUT && !brief) {
        fprintf(stderr, "telex: waiting for telexd at %s\n",
                telex_client_endpoint(question->client, "control"));
        result = telex_ask(question->client, "hello", NULL, &limits, NULL, timeout_left(timeout_ms),
                           error);
    }
    free(limits);
    return result;
}

int question_ask(struct question *question, const char *request, uint64_t timeout_s)
{
    struct telex_error error;
    if (question->context->timeout_s != TIMEOUT_UNSET)
        timeout_s = question->context->timeout_s;
    int timeout_ms = timeout_s == 0 || timeout_s > INT_MAX / 1000 ? -1 : (int)timeout_s * 1000;
    answer_clear(question);
    if (question->json.len)
        buf_put_byte(&question->json, '}');
    buf_put_byte(&question->json, '\0');
    const char *payload = question->json.len > 1 ? question->json.ptr : NULL;
    if (question->json.failed) {
        fputs("telex: out of memory\n", stderr);
        return STATUS_USAGE;
    }
    if (await_daemon(question, timeout_ms, &error) != 0 ||
        telex_ask(question->client, request, payload, &question->text, &question->text_len,
                  timeout_ms, &error) != 0)
        return question_fail(&error);
    buf_reset(&question->json);
    // Not json_parse: an article's own fields may be nested as deep as it allows, below ours.
    json_error_t where;
    question->answer = json_loadb(question->text, question->text_len, 0, &where);
    if (question->answer)
        return STATUS_OK;
    fprintf(stderr, "telex: the daemon's answer is not JSON: %s\n", where.text);
    return STATUS_USAGE;
}

int question_print(const struct question *question)
{
    fwrite(question->text, 1, question->text_len, stdout);
    putchar('\n');
    return STATUS_OK;
}
