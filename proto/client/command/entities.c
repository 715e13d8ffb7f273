#include "proto/client/command/entities.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/client/command/question.h"

bool entities_is_id(const char *text)
{
    if (strncmp(text, "local:", 6) == 0 || strncmp(text, "geonames:", 9) == 0)
        return true;
    return text[0] == 'Q' && isdigit((unsigned char)text[1]) &&
           text[1 + strspn(text + 1, "0123456789")] == '\0';
}

static int ids_add(struct option_values *ids, const char *id)
{
    char *copy = id && ids->count < OPTION_VALUES_MAX ? strdup(id) : NULL;
    if (!copy)
        return STATUS_USAGE;
    ids->memory[ids->copies++] = copy;
    ids->values[ids->count++] = copy;
    ids->values[ids->count] = NULL;
    return STATUS_OK;
}

static int resolve_name(const struct context *context, const char *name, struct option_values *ids)
{
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK) {
        question_put_text(&question, "name", name);
        question_put_number(&question, "limit", OPTION_VALUES_MAX);
        status = question_ask(&question, "find", QUESTION_TIMEOUT_S);
    }
    json_t *found = json_object_get(question.answer, "entities"), *entity;
    size_t i;
    if (status == STATUS_OK && !json_array_size(found)) {
        fprintf(stderr, "telex: nothing is known by the name \"%s\"\n", name);
        status = STATUS_REFUSED;
    }
    json_array_foreach(found, i, entity) if (status == STATUS_OK)
        ids_add(ids, json_string_value(json_object_get(entity, "id")));
    question_fini(&question);
    return status;
}

int entities_resolve(const struct context *context, const struct option_values *values,
                     struct option_values *ids)
{
    int status = STATUS_OK;
    for (size_t i = 0; i < values->count && status == STATUS_OK; i++) {
        if (entities_is_id(values->values[i]))
            status = ids_add(ids, values->values[i]);
        else
            status = resolve_name(context, values->values[i], ids);
    }
    return status;
}
