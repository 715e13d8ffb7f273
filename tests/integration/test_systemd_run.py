#!/usr/bin/python3
"""The unit under a real systemd: what was built is installed into a container (systemd-nspawn) that boots, and systemd_probe.py
looks at it from inside. Root only; nothing outside the container is touched.

The container sees this machine's /usr and nothing else of it: /etc and /var are empty and kept in memory."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build
from harness.case import SKIPPED

BOOT_SECONDS = 300
PROBE = """[Unit]
After=telexd.service network.target
[Service]
Type=oneshot
Environment=PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
ExecStart=/bin/sh -c '/usr/bin/python3 /telex/tests/integration/systemd_probe.py >/out/log 2>&1; systemctl poweroff -ff'
"""


def reason_to_skip():
    if os.geteuid() != 0:
        return "not root"
    if not shutil.which("systemd-nspawn"):
        return "systemd-nspawn is not installed (Debian package systemd-container)"
    if build.sanitizers():
        return "a sanitizer needs more than the unit allows"
    if not Path("/usr/lib/systemd/systemd").exists():
        return "systemd is not installed"
    if "CMAKE_INSTALL_PREFIX:PATH=/usr/local\n" not in (build.BUILD / "CMakeCache.txt").read_text():
        return "this build is not for /usr/local"
    return None


def install(folder):
    subprocess.run(["cmake", "--install", build.BUILD], env={**os.environ, "DESTDIR": str(folder)}, check=True,
                   stdout=subprocess.DEVNULL, timeout=120)


def boot(folder):
    """The container's whole life; what it printed is in <folder>/console."""
    wants, out = folder / "wants", folder / "out"
    for directory in (wants, out):
        directory.mkdir()
    (folder / "probe.service").write_text(PROBE)
    for unit in ("probe.service", "telexd.service"):
        (wants / unit).symlink_to(f"/usr/local/lib/systemd/system/{unit}")
    shutil.copy(folder / "probe.service", folder / "root/usr/local/lib/systemd/system/probe.service")
    calls = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"
    with open(folder / "console", "wb") as console:
        subprocess.run(["systemd-nspawn", "-q", f"--system-call-filter={calls}", "-D", "/", "--volatile=yes", "--register=no",
                        "--keep-unit", "--private-network", "-b", f"--bind={out}:/out", f"--bind-ro={build.ROOT / 'tests'}:/telex/tests", f"--bind-ro={build.ROOT / 'proto'}:/telex/proto",
                        f"--bind-ro={folder}/root/usr/local:/usr/local",
                        f"--bind-ro={wants}:/etc/systemd/system/multi-user.target.wants",
                        "systemd.unit=multi-user.target", "systemd.firstboot=no", "systemd.mask=nftables.service"],
                       stdin=subprocess.DEVNULL, stdout=console, stderr=console, timeout=BOOT_SECONDS)


def main():
    reason = reason_to_skip()
    if reason:
        print(f"SKIPPED: {reason}; the unit was NOT run under a real systemd", file=sys.stderr)
        return SKIPPED
    folder = Path(tempfile.mkdtemp(prefix="telex-boot-"))
    try:
        install(folder / "root")
        boot(folder)
        log = folder / "out/log"
        print(log.read_text() if log.exists() else (folder / "console").read_text(errors="replace"), file=sys.stderr)
        result = folder / "out/result"
        return 0 if result.exists() and result.read_text() == "passed" else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
