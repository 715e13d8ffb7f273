#!/bin/sh
# Usage: test_library.sh BUILD CC CXX
# libtelex as a stranger finds it: installed on its own, found by pkg-config, every header alone in C and C++, a program linked
# against the archive and against the shared library, and nothing visible but telex_*.
set -eu

build=$1 cc=$2 cxx=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cmake --install "$build" --component libtelex --prefix "$dir" >/dev/null
libdir=$(dirname "$(find "$dir" -name libtelex.a)")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
flags=$(pkg-config --define-variable=prefix="$dir" --cflags telex)

for header in "$dir"/include/telex/*.h; do
    printf '#include <telex/%s>\nint main(void) { return 0; }\n' "$(basename "$header")" >"$dir/alone.c"
    # shellcheck disable=SC2086 # several flags
    "$cc" -std=c17 -Wall -Wextra -Wpedantic -Werror $flags -c "$dir/alone.c" -o "$dir/alone.o"
    cp "$dir/alone.c" "$dir/alone.cc"
    "$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Werror $flags -c "$dir/alone.cc" -o "$dir/alone.o"
done

cat >"$dir/program.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <telex/client.h>

/* Names of a program's own, which are also ours: they must not meet. */
int err_set(void);
int buf_put(void);
int err_set(void) { return 1; }
int buf_put(void) { return 2; }

int main(void)
{
    struct telex_client *client;
    struct telex_error error;
    const struct telex_endpoints at = {.runtime_dir = "/nonexistent"};
    char *answer;
    if (telex_client_open(&client, &at, &error) != 0)
        return 1;
    int asked = telex_ask(client, "stats", NULL, &answer, NULL, 10, &error);
    telex_client_close(client);
    return asked == -1 && error.code == TELEX_TIMEOUT && err_set() + buf_put() == 3 ? 0 : 2;
}
C
# shellcheck disable=SC2046,SC2086
"$cc" -std=c17 $flags "$dir/program.c" -o "$dir/shared" $(pkg-config --define-variable=prefix="$dir" --libs telex)
LD_LIBRARY_PATH="$libdir" "$dir/shared"
# shellcheck disable=SC2046,SC2086
"$cc" -std=c17 $flags "$dir/program.c" -o "$dir/static" "$libdir/libtelex.a" \
    $(pkg-config --libs $(pkg-config --print-requires-private telex))
"$dir/static"

seen=$(nm -D --defined-only "$libdir/libtelex.so" | awk '{print $3}' | grep -v '^telex_\|^TELEX_0$' || true)
[ -z "$seen" ] || { echo "the shared library shows: $seen" >&2; exit 1; }
seen=$(nm -g --defined-only "$libdir/libtelex.a" | awk 'NF == 3 {print $3}' | grep -v '^telex_' || true)
[ -z "$seen" ] || { echo "the archive shows: $seen" >&2; exit 1; }
for declared in $(grep -ho '\btelex_[a-z_]*(' "$dir"/include/telex/*.h | tr -d '(' | sort -u); do
    nm -D --defined-only "$libdir/libtelex.so" | grep -q " $declared@" || { echo "$declared is declared only" >&2; exit 1; }
done
