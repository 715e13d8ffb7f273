#include "proto/base/json.h"
#include "proto/base/json_check.h"
#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"

// The check and the parser agree on what an object is, but for what the check does not look at:
// doubled keys and huge numbers.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size);
    if (!utf8_is_valid(text))
        return 0;
    bool whole = size && data[0] == '{' && data[size - 1] == '}';
    struct err err = {0};
    json_t *root = json_parse(text, &err);
    bool parsed = json_is_object(root) && whole;
    json_decref(root);
    bool checked = json_is_object_text(text);
    check_must(checked || !parsed);
    check_must(parsed || !checked || strstr(err.text, "duplicate") || strstr(err.text, "too big") ||
               strstr(err.text, "overflow"));
    return 0;
}
