// Runs a target over its corpus, and over every cut and some flips of each file: what an ordinary
// test run can afford.
//   fuzz-x FOLDER|FILE...
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum { CUTS_MAX = 400, FLIPS_MAX = 400, FILE_MAX = 4 << 20 };

static unsigned long runs;

// A copy of exactly that size, so that a sanitizer sees any read behind it.
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    check_must(copy);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void run_variants(uint8_t *data, size_t size)
{
    size_t step = size / CUTS_MAX + 1;
    for (size_t cut = 0; cut < size; cut += step)
        run(data, cut);
    uint64_t seed = size;
    for (int i = 0; i < FLIPS_MAX && size; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(seed >> 20) % size;
        uint8_t was = data[at];
        data[at] = (uint8_t)(i % 2 ? seed >> 50 : was ^ (1u << (seed >> 60) % 8));
        run(data, size);
        data[at] = was;
    }
}

static int run_file(const char *path)
{
    static uint8_t data[FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        return fprintf(stderr, "%s: %s\n", path, strerror(errno)), 1;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    run(data, size);
    run_variants(data, size);
    return 0;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int failed = folder ? 0 : 1;
    if (!folder)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            failed |= run_file(name);
    }
    if (folder)
        closedir(folder);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        failed |= stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode) ? run_folder(argv[i])
                                                                     : run_file(argv[i]);
    }
    run((const uint8_t *)"", 0);
    printf("%lu runs\n", runs);
    return failed || runs < 2; // an empty corpus tests nothing
}
