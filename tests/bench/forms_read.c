// Reads files as `telex push` would and prints a line of JSON for every article and every refusal:
//   {"file":...,"item":N,"line":N,"article":{...}} or {...,"code":"bad_json","reason":"..."}
// With -q only the sums: {"files":N,"articles":N,"refused":N,"bytes":N,"seconds":S}
#include <stdio.h>
#include <string.h>

#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/forms/source.h"

struct sums {
    uint64_t files;
    uint64_t articles;
    uint64_t refused;
    uint64_t bytes;
};

static void print_answer(const struct forms_source *source, const struct forms_place *place,
                         int answer, const struct article *article, const struct err *err)
{
    struct buf line;
    buf_init(&line, SIZE_MAX);
    buf_put_text(&line, "{\"file\":");
    json_put_string(&line, slice_from_text(place->name));
    buf_put_text(&line, ",\"item\":");
    buf_put_decimal(&line, place->item);
    buf_put_text(&line, ",\"line\":");
    buf_put_decimal(&line, place->line);
    if (answer > 0) {
        buf_put_text(&line, ",\"article\":");
        article_put_json(&line, article);
    } else {
        buf_printf(&line,
                   ",\"code\":\"%s\",\"reason\":", wire_code_name((uint8_t)forms_code(source)));
        json_put_string(&line, slice_from_text(err_text(err)));
    }
    buf_put_text(&line, "}\n");
    fwrite(line.ptr, 1, line.len, stdout);
    buf_fini(&line);
}

static void read_file(const char *path, bool quiet, struct sums *sums)
{
    struct forms_source *source;
    struct article article;
    struct forms_place place = {.name = path};
    struct err err;
    int answer;
    sums->files++;
    if (forms_open(&source, path, NULL, &err) != 0) {
        fprintf(stderr, "forms-read: %s\n", err.text);
        return;
    }
    while ((answer = forms_next(source, &article, &place, &err)) != 0) {
        sums->articles += answer > 0;
        sums->refused += answer < 0;
        if (!quiet)
            print_answer(source, &place, answer, &article, &err);
    }
    sums->bytes += forms_bytes(source);
    forms_close(source);
}

int main(int argc, char **argv)
{
    bool quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
    struct sums sums = {.files = 0};
    int64_t begin = clock_mono_ns();
    for (int i = quiet ? 2 : 1; i < argc; i++)
        read_file(argv[i], quiet, &sums);
    if (quiet)
        printf(
            "{\"files\":%llu,\"articles\":%llu,\"refused\":%llu,\"bytes\":%llu,\"seconds\":%.4f}\n",
            (unsigned long long)sums.files, (unsigned long long)sums.articles,
            (unsigned long long)sums.refused, (unsigned long long)sums.bytes,
            (double)(clock_mono_ns() - begin) / 1e9);
    return 0;
}
