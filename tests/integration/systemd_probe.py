"""Runs inside the container of test_systemd_run.py, as root, beside telexd as it was installed: what the unit promises."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from zmq.auth import load_certificate

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import check, wire
from harness.case import article
from harness.daemon import open_pid_fds, wait_for_end

RUNTIME = "/run/telex"
DROP_INS = Path("/run/systemd/system/telexd.service.d")
CONFIGURATION = Path("/etc/telex/telex.conf")
CLIENTS = Path("/etc/telex/clients")
SECRETS = Path("/root/keys")  # where the daemon itself sees nothing
PORTS = {"ingest": 5550, "stream": 5551, "control": 5552}


def systemctl(*arguments, check=True):
    return subprocess.run(["systemctl", *arguments], check=check, capture_output=True, text=True, timeout=120).stdout


def show(name, unit="telexd"):
    return systemctl("show", "--value", "-p", name, unit).strip()


def wait_until(is_so, what, wait=60):
    deadline = time.monotonic() + wire.seconds(wait)
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {wait} s")
        select.select([], [], [], 0.1)


def ipc(name):
    return f"ipc://{RUNTIME}/{name}.sock"


def tcp(name):
    return f"tcp://127.0.0.1:{PORTS[name]}"


def workers(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def make_key(name, *options):
    """(public, secret), and the two files in SECRETS."""
    SECRETS.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["/usr/local/bin/telex", "keygen", *options, SECRETS / name], check=True, capture_output=True)
    return tuple(key.decode() for key in load_certificate(str(SECRETS / f"{name}.key_secret")))


class Unit(unittest.TestCase):
    numbers = 0
    keys = None

    @classmethod
    def setUpClass(cls):
        """The daemon's secret key is a credential; a client's public one lies where the daemon looks for it."""
        server, _ = make_key("telexd")
        cls.keys = (server, *make_key("desk", "--roles", "push,follow,control"))
        shutil.copy(SECRETS / "desk.key", CLIENTS)

    def setUp(self):
        systemctl("reset-failed", check=False)
        systemctl("start", "telexd")

    def pid(self):
        return int(show("MainPID"))

    def push(self, count, endpoint=None):
        Unit.numbers += count
        with wire.Ingest(endpoint or ipc("ingest"), keys=endpoint and self.keys) as ingest:
            acks = ingest.push_all(article(Unit.numbers - n) for n in range(count))
        self.assertEqual({ack.code for ack in acks}, {"ok"})

    def assert_all_tagged(self, endpoint=None):
        with wire.Stream(endpoint or ipc("stream"), keys=endpoint and self.keys) as stream:
            events = stream.open(**{"from": "first"}).events(Unit.numbers, wait=60)
        self.assertEqual(check.stream_faults(events), [])
        self.assertEqual({event["type"] for _, event in events}, {"telex.article.tagged"})

    def drop_in(self, text):
        DROP_INS.mkdir(parents=True, exist_ok=True)
        (DROP_INS / "test.conf").write_text(text)
        self.addCleanup(self.without_drop_in)
        systemctl("daemon-reload")

    def without_drop_in(self):
        systemctl("stop", "telexd", check=False)
        shutil.rmtree(DROP_INS)
        systemctl("daemon-reload")

    def configure(self, text):
        before = CONFIGURATION.read_text()
        self.addCleanup(CONFIGURATION.write_text, before)
        CONFIGURATION.write_text(text)

    def test_start_means_served(self):
        """READY=1 comes when it is: no retry of the first request, on no endpoint, after a kill with work left over either."""
        for _ in range(2):
            self.assertEqual((show("ActiveState"), show("SubState")), ("active", "running"))
            self.assertTrue(show("StatusText"))
            for name in PORTS:
                with wire.Connection(ipc(name)) as connection:
                    self.assertEqual(connection.hello()["endpoint"], name)
            self.push(300)
            os.kill(self.pid(), signal.SIGKILL)
            wait_until(lambda: show("ActiveState") != "active", "the kill is noticed")
            systemctl("start", "telexd")
        self.assert_all_tagged()

    def test_runs_as_nobody_in_particular(self):
        status = Path(f"/proc/{self.pid()}/status").read_text()
        self.assertRegex(status, rf"(?m)^Uid:\s+{shutil.os.stat('/var/lib/telex').st_uid}\s")
        self.assertNotRegex(status, r"(?m)^Uid:\s+0\s")
        for line in (r"CapEff:\s+0+$", r"NoNewPrivs:\s+1$", r"Seccomp:\s+2$"):
            self.assertRegex(status, rf"(?m)^{line}")
        self.assertNotEqual(os.readlink(f"/proc/{self.pid()}/ns/net"), os.readlink("/proc/self/ns/net"))
        self.assertEqual(oct(os.stat("/var/lib/telex").st_mode & 0o777), "0o700")

    def test_workers_sandbox_inside_the_units(self):
        self.push(1)
        self.assert_all_tagged()
        filters = {}
        for pid in (self.pid(), *workers(self.pid())):
            status = Path(f"/proc/{pid}/status").read_text()
            self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
            filters[pid] = int(re.search(r"(?m)^Seccomp_filters:\s+(\d+)$", status)[1])
        daemon, *crew = filters.values()
        self.assertTrue(crew)
        for pid, count in list(filters.items())[1:]:
            self.assertEqual(count, daemon + 1, "the worker's own filter is missing")
            self.assertEqual(sorted(os.listdir(f"/proc/{pid}/fd")), ["0", "1", "2"])
            self.assertRegex(Path(f"/proc/{pid}/limits").read_text(), r"address space\s+1073741824\s+1073741824\s")

    def test_reload(self):
        self.push(50)
        pid = self.pid()
        old = open_pid_fds(workers(pid))
        systemctl("reload", "telexd")
        self.assertTrue(wait_for_end(old, 60), "an old worker stayed")
        self.assertEqual((self.pid(), show("ActiveState")), (pid, "active"))
        self.push(50)
        self.assert_all_tagged()

    def test_watchdog(self):
        self.drop_in("[Service]\nWatchdogSec=2\n")
        systemctl("restart", "telexd")
        self.push(100)
        pid, restarts = self.pid(), int(show("NRestarts"))
        crew = open_pid_fds(workers(pid))
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: int(show("NRestarts")) == restarts + 1 and show("ActiveState") == "active", "the watchdog's restart")
        self.assertTrue(wait_for_end(crew, 20), "a worker outlived its daemon")
        self.assertNotEqual(self.pid(), pid)
        self.push(100)
        self.assert_all_tagged()

    def test_stop_drains(self):
        self.push(2000)
        pid = self.pid()
        gone = open_pid_fds([pid, *workers(pid)])
        systemctl("stop", "telexd")
        self.assertTrue(wait_for_end(gone, 1))
        self.assertEqual([show(name) for name in ("Result", "ExecMainStatus", "ExecMainCode")], ["success", "0", "1"])
        systemctl("start", "telexd")
        self.assert_all_tagged()

    def configure_tcp(self):
        self.configure("".join(f"[{name}]\nendpoint = {tcp(name)}\n" for name in PORTS))

    def assert_serves_by_key(self):
        self.push(50, tcp("ingest"))
        self.assert_all_tagged(tcp("stream"))
        with wire.Connection(tcp("control")) as stranger:
            stranger.send(wire.HELLO)
            self.assertEqual(stranger.socket.poll(1000), 0, "without a key it was answered")

    def test_sockets_handed_over(self):
        """TCP, although the daemon's network is empty."""
        self.drop_in(f"[Service]\n{CREDENTIAL}")
        self.configure_tcp()
        units = [f"telexd-{name}.socket" for name in PORTS]
        systemctl("stop", "telexd")
        systemctl("start", *units)
        self.addCleanup(systemctl, "stop", "telexd", *units)
        self.assertEqual(show("ActiveState"), "inactive")
        with wire.Connection(tcp("control"), keys=self.keys) as connection:
            self.assertEqual(connection.hello()["endpoint"], "control")
        self.assertEqual(show("ActiveState"), "active")
        self.assertNotEqual(os.readlink(f"/proc/{self.pid()}/ns/net"), os.readlink("/proc/self/ns/net"))
        self.assert_serves_by_key()

    def test_direct_bind(self):
        self.drop_in(Path("/usr/local/share/doc/telex/telexd-tcp.conf").read_text() + CREDENTIAL)
        self.configure_tcp()
        systemctl("restart", "telexd")
        self.assert_serves_by_key()

    def test_tcp_without_a_key_is_refused(self):
        self.configure_tcp()
        systemctl("stop", "telexd")
        self.assertEqual(subprocess.run(["systemctl", "start", "telexd"], capture_output=True).returncode, 1)
        systemctl("stop", "telexd")


CREDENTIAL = f"LoadCredential=telexd.key_secret:{SECRETS}/telexd.key_secret\n"

if __name__ == "__main__":
    failed = not unittest.main(exit=False, verbosity=2).result.wasSuccessful()
    if failed:
        print(subprocess.run(["journalctl", "-u", "telexd", "--no-pager", "-n", "200"], capture_output=True, text=True).stdout)
    Path("/out/result").write_text("failed" if failed else "passed")
