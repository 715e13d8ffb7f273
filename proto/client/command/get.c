// telex get: one article, with its event.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/client/command/event_print.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static const char *const own_fields[] = {"uri", "title", "source", "language", "published", "body"};

static void print_field(const char *name, struct slice value)
{
    if (!value.len)
        return;
    printf("%-10s ", name);
    out_line(stdout, value);
    putchar('\n');
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        if (strcmp(name, own_fields[i]) == 0)
            return true;
    return false;
}

// Fields that telex only keeps, as compact JSON.
static void print_extra(json_t *article)
{
    const char *name;
    json_t *value;
    json_object_foreach(article, name, value)
    {
        if (is_own(name))
            continue;
        struct buf text;
        buf_init(&text, SIZE_MAX);
        json_put_value(&text, value);
        print_field(name, buf_slice(&text));
        buf_fini(&text);
    }
}

// What the article says of who wrote and sent it, on one line.
static void print_credits(const json_t *credits)
{
    size_t i;
    json_t *credit;
    if (json_array_size(credits))
        printf("%-10s ", "credits");
    json_array_foreach(credits, i, credit)
    {
        fputs(i ? "; " : "", stdout);
        out_line(stdout, json_get_slice(credit, "exact"));
    }
    if (json_array_size(credits))
        putchar('\n');
}

static void print_article(json_t *answer, bool color)
{
    json_t *article = json_object_get(answer, "article");
    const json_t *event = json_object_get(answer, "event");
    const json_t *data = json_object_get(event, "data");
    const json_t *entities = json_object_get(data, "entities");
    out_begin(stdout, color, STYLE_BOLD);
    out_line(stdout, json_get_slice(article, "title"));
    out_end(stdout, color);
    putchar('\n');
    printf("%-10s %" PRIu64 "\n", "offset", out_integer(answer, "offset"));
    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        if (strcmp(own_fields[i], "title") != 0 && strcmp(own_fields[i], "body") != 0)
            print_field(own_fields[i], json_get_slice(article, own_fields[i]));
    print_field("received", json_get_slice(answer, "received"));
    print_field("pushed by", json_get_slice(answer, "pushed_by"));
    print_field("hash", json_get_slice(answer, "hash"));
    print_extra(article);
    print_field("event", json_get_slice(event, "sequence"));
    print_credits(json_object_get(data, "credits"));
    if (json_array_size(entities)) {
        printf("%-10s ", "entities");
        event_print_entities(stdout, entities, color, 11);
        putchar('\n');
    }
    putchar('\n');
    out_block(stdout, json_get_slice(article, "body"), "");
}

// The article as it can be pushed again.
static void print_raw(const json_t *answer)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    json_put_value(&text, json_object_get(answer, "article"));
    fwrite(text.ptr, 1, text.len, stdout);
    putchar('\n');
    buf_fini(&text);
}

static void put_which(struct question *question, const char *which)
{
    size_t digits = strspn(which, "0123456789");
    if (digits && digits < 19 && !which[digits])
        question_put_number(question, "offset", strtoull(which, NULL, 10));
    else
        question_put_text(question, "uri", which);
}

int command_get(struct context *context, int argc, char **argv)
{
    bool raw = false, json = false;
    const struct option_row options[] = {
        {"raw", NULL, OPTION_FLAG, &raw, "the article alone as one JSON line: telex push takes it",
         0, 0},
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is, with the event", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "get [OPTION...] OFFSET|URI",
        "Prints the article with this offset (its place in the journal: what an acknowledgement\n"
        "gives, and @N in the stream), or the newest with this uri, as it was submitted.",
        options,
        NULL,
        1,
        1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK) {
        put_which(&question, argv[first]);
        status = question_ask(&question, "get", QUESTION_TIMEOUT_S);
    }
    if (status == STATUS_OK && json)
        question_print(&question);
    else if (status == STATUS_OK && raw)
        print_raw(question.answer);
    else if (status == STATUS_OK)
        print_article(question.answer, out_color(context, stdout));
    question_fini(&question);
    return status;
}
