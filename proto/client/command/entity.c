// telex entity: an entity and its newest articles.
#include <inttypes.h>
#include <stdio.h>

#include "proto/base/json.h"
#include "proto/client/command/event_print.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static void print_entity(const json_t *answer, bool color)
{
    const json_t *entity = json_object_get(answer, "entity");
    const json_t *events = json_object_get(answer, "events");
    struct slice type = json_get_slice(entity, "type");
    out_begin(stdout, color, out_style_of(type));
    out_line(stdout, json_get_slice(entity, "name"));
    out_end(stdout, color);
    fputs("  ", stdout);
    out_line(stdout, json_get_slice(entity, "id"));
    fputs("  ", stdout);
    out_line(stdout, type);
    printf("  %" PRIu64 " events, the newest is %" PRIu64 "\n", out_integer(entity, "count"),
           out_integer(entity, "newest"));
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event) event_print(stdout, event, color, false);
}

int command_entity(struct context *context, int argc, char **argv)
{
    bool json = false;
    uint64_t limit = 20, before = 0;
    const struct option_row options[] = {
        {"limit", "N", OPTION_NUMBER, &limit, "at most so many articles (20)", 1, 1000},
        {"before", "N", OPTION_NUMBER, &before, "only events below this sequence: the next page", 1,
         INT64_MAX},
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {"entity [OPTION...] ID",
                                "Prints an entity by its id (telex find NAME tells it) and its "
                                "newest events, newest first.",
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
        question_put_text(&question, "id", argv[first]);
        question_put_number(&question, "limit", limit);
        if (before)
            question_put_number(&question, "before", before);
        status = question_ask(&question, "entity", QUESTION_TIMEOUT_S);
    }
    if (status == STATUS_OK && json)
        question_print(&question);
    else if (status == STATUS_OK)
        print_entity(question.answer, out_color(context, stdout));
    question_fini(&question);
    return status;
}
