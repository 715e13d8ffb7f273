#!/bin/sh
# Usage: test_systemd.sh SERVICE SYSUSERS TMPFILES DROP_IN SOCKET...
# The units, their users and directories are well-formed, and the exposure of the service (tenths of systemd-analyze's 0-10) is
# at most 5, whether it makes its own ipc sockets or is handed SOCKET..., and with DROP_IN, with which it binds TCP itself, at
# most 11. Ends with 77 (skipped) where systemd's tools are missing.
set -eu

for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
    if ! command -v $tool >/dev/null; then
        echo "SKIPPED: $tool is not installed (Debian package systemd); the unit was NOT checked" >&2
        exit 77
    fi
done

service=$1 users=$2 directories=$3 drop_in=$4
shift 4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# verify wants the program to exist; before an installation it does not, and its name is not what is checked here.
sed 's#^\(ExecStart=\)[^ ]*#\1/bin/true#' "$service" >"$dir/telexd.service"
cp "$@" "$dir"
complaints=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$dir"/telexd* 2>&1) || true
if [ -n "$complaints" ]; then
    echo "systemd-analyze verify complains:" >&2
    echo "$complaints" >&2
    exit 1
fi

# Users and directories are made in a root of our own, where both tools look for their files too. Without the lines that
# need files of an installed telex.
root=$dir/root
mkdir -p "$root/etc" "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d"
cp "$users" "$root/usr/lib/sysusers.d/telexd.conf"
grep '^d ' "$directories" >"$root/usr/lib/tmpfiles.d/telexd.conf"
systemd-sysusers --root="$root" telexd.conf
grep -q '^telex:' "$root/etc/passwd" || { echo "no user telex" >&2; exit 1; }
[ "$(id -u)" != 0 ] || systemd-tmpfiles --create --root="$root" telexd.conf
[ "$(id -u)" != 0 ] || [ -d "$root/var/lib/telex" ] || { echo "no state directory" >&2; exit 1; }

systemd-analyze security --offline=true --no-pager --threshold=5 "$dir/telexd.service"

mkdir "$dir/tcp"
cat "$dir/telexd.service" "$drop_in" >"$dir/tcp/telexd.service"
systemd-analyze security --offline=true --no-pager --threshold=11 "$dir/tcp/telexd.service"
