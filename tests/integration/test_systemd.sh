#!/bin/sh
# Usage: test_systemd.sh SERVICE SYSUSERS TMPFILES EXPOSURE
# The unit, its users and its directories are well-formed, and the unit's exposure (tenths of systemd-analyze's 0-10) is at
# most EXPOSURE. Ends with 77 (skipped) where systemd's tools are missing.
set -eu

for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
    if ! command -v $tool >/dev/null; then
        echo "SKIPPED: $tool is not installed (Debian package systemd); the unit was NOT checked" >&2
        exit 77
    fi
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# verify wants the program to exist; before an installation it does not, and its name is not what is checked here.
sed 's#^\(ExecStart=\)[^ ]*#\1/bin/true#' "$1" >"$dir/telexd.service"
complaints=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$dir/telexd.service" 2>&1) || true
if [ -n "$complaints" ]; then
    echo "systemd-analyze verify complains:" >&2
    echo "$complaints" >&2
    exit 1
fi

# Users and directories are made in a root of our own, where both tools look for their files too. Without the lines that
# need files of an installed telex.
root=$dir/root
mkdir -p "$root/etc" "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d"
cp "$2" "$root/usr/lib/sysusers.d/telexd.conf"
grep '^d ' "$3" >"$root/usr/lib/tmpfiles.d/telexd.conf"
systemd-sysusers --root="$root" telexd.conf
grep -q '^telex:' "$root/etc/passwd" || { echo "no user telex" >&2; exit 1; }
[ "$(id -u)" != 0 ] || systemd-tmpfiles --create --root="$root" telexd.conf
[ "$(id -u)" != 0 ] || [ -d "$root/var/lib/telex" ] || { echo "no state directory" >&2; exit 1; }

systemd-analyze security --offline=true --no-pager --threshold="$4" "$dir/telexd.service"
