#include "proto/wire/keyfile.h"
#include "tests/fuzz/fuzz.h"

// What is read is a pair of keys and texts that end; what is refused says where.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keyfile keys;
    struct err err = {0};
    if (keyfile_parse(&keys, slice_from(data, size), &err) != 0) {
        check_must(err.text[0]);
        return 0;
    }
    check_must(key_is_valid(slice_from_text(keys.public_key)));
    check_must(!keys.secret_key[0] || key_is_valid(slice_from_text(keys.secret_key)));
    check_must(memchr(keys.roles, '\0', sizeof keys.roles));
    check_must(memchr(keys.cursors, '\0', sizeof keys.cursors));
    keyfile_wipe(&keys);
    return 0;
}
