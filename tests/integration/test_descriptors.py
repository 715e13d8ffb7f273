"""File descriptors run out: connections beyond the bound are turned away, the daemon goes on for those it has."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import case  # noqa: E402
from harness.build import TELEXD  # noqa: E402

PRLIMIT = "/usr/bin/prlimit"


class Descriptors(case.DaemonCase):
    def launch(self, limit):
        daemon = self.make_daemon(arguments=[f"--nofile={limit}:{limit}", TELEXD])
        return daemon.launch(program=PRLIMIT)

    def flood(self, daemon, count):
        """Connections that say nothing; they are open until the end of the test."""
        for _ in range(count):
            connection = self.enter(socket.socket(socket.AF_UNIX))
            connection.settimeout(10)
            connection.connect(str(daemon.runtime / "ingest.sock"))

    def test_more_connections_than_descriptors(self):
        daemon = self.launch(128)
        daemon.wait_notified("READY", "1")
        ingest, control = self.enter(daemon.ingest()), self.enter(daemon.control())
        self.assertEqual(ingest.push([case.article(1)])[0].code, "ok")
        for _ in range(4):
            self.flood(daemon, 100)
            self.assertEqual(control.stats()["state"], "running")
        refused = control.stats()["connections_refused"]
        self.assertGreater(refused, 200)
        self.assertTrue(daemon.is_running())
        self.assertEqual(ingest.push([case.article(2)])[0].offset, 2)
        daemon.stop()

    def test_too_few_descriptors_to_start(self):
        daemon = self.launch(32)
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("file descriptors", daemon.tail())


if __name__ == "__main__":
    case.main()
