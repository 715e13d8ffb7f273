#include <stdio.h>
#include <unistd.h>

#include "daemon/config.h"
#include "tests/fuzz/fuzz.h"

// A file that is read can be printed and read again; one that is refused says where.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/telex-fuzz-config-%d", (int)getpid());
    FILE *file = fopen(path, "wb");
    check_must(file);
    fwrite(data, 1, size, file);
    fclose(file);
    struct config *config;
    struct err err = {0};
    if (config_read(&config, path, &err) < 0) {
        check_must(err.text[0]);
    } else {
        file = fopen(path, "wb");
        check_must(file);
        config_print(config, file);
        fclose(file);
        config_free(config);
        check_must(config_read(&config, path, &err) == 0);
        config_free(config);
    }
    unlink(path);
    return 0;
}
