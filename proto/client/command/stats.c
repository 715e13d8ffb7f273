// telex stats: what the daemon counts.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

// Numbers by name, nested objects with a dot between the names, lists of objects with a number.
static void print_value(const char *name, const json_t *value, bool objects);

static void print_members(const char *name, const json_t *object, bool objects)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        char inner[256];
        snprintf(inner, sizeof inner, "%s%s%s", name, *name ? "." : "", key);
        if ((json_is_object(value) || json_is_array(value)) == objects || *name)
            print_value(inner, value, objects);
    }
}

static void print_items(const char *name, const json_t *array, bool objects)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
    {
        char inner[256];
        snprintf(inner, sizeof inner, "%s.%zu", name, i);
        print_value(inner, value, objects);
    }
}

static void print_value(const char *name, const json_t *value, bool objects)
{
    if (json_is_object(value)) {
        print_members(name, value, objects);
        return;
    }
    if (json_is_array(value)) {
        print_items(name, value, objects);
        return;
    }
    out_cell(stdout, slice_from_text(name), 36);
    putchar(' ');
    if (json_is_string(value)) {
        out_line(stdout, slice_from(json_string_value(value), json_string_length(value)));
    } else {
        struct buf text;
        buf_init(&text, 1024);
        json_put_value(&text, value);
        printf("%.*s", (int)text.len, text.len ? text.ptr : "");
        buf_fini(&text);
    }
    putchar('\n');
}

int command_stats(struct context *context, int argc, char **argv)
{
    bool openmetrics = false, json = false;
    const struct option_row options[] = {
        {"openmetrics", NULL, OPTION_FLAG, &openmetrics, "OpenMetrics 1.0 text, for a collector", 0,
         0},
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {"stats [OPTION...]",
                                "Prints the daemon's state, counters and gauges.",
                                options,
                                NULL,
                                0,
                                0};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK) {
        if (openmetrics)
            question_put_text(&question, "format", "openmetrics");
        status = question_ask(&question, "stats", QUESTION_TIMEOUT_S);
    }
    struct slice text = json_get_slice(question.answer, "text");
    if (status == STATUS_OK && json)
        question_print(&question);
    else if (status == STATUS_OK && openmetrics)
        fwrite(text.ptr, 1, text.len, stdout);
    else if (status == STATUS_OK) {
        print_members("", question.answer, false);
        print_members("", question.answer, true);
    }
    question_fini(&question);
    return status;
}
