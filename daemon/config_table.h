// The table of configuration keys, for those who walk it.
#pragma once

#include "daemon/config.h"

enum param_type { PARAM_IS_TEXT, PARAM_IS_NUMBER, PARAM_IS_FLAG };

struct param {
    const char *section, *key;
    enum param_type type;
    size_t offset;            // of the value in struct config
    const char *initial_text; // PARAM_IS_TEXT
    int64_t initial, low, high;
    const char *unit, *help;
};

const struct param *config_params(size_t *count);

// A copy of every value, without path and assignments. NULL when memory ran out.
struct config *config_copy(const struct config *config);

static inline void *param_place(struct config *config, const struct param *p)
{
    return (char *)config + p->offset;
}

static inline char **param_text(struct config *config, const struct param *p)
{
    return param_place(config, p);
}

static inline int64_t *param_number(struct config *config, const struct param *p)
{
    return param_place(config, p);
}

static inline bool *param_flag(struct config *config, const struct param *p)
{
    return param_place(config, p);
}
