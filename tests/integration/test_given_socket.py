#!/usr/bin/python3
"""Sockets that the service manager opened: the daemon serves on them, and refuses those that do not fit its configuration."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, wire
from harness.case import article

FIRST = 3  # SD_LISTEN_FDS_START


class GivenSockets(case.DaemonCase):
    def launch(self, options, **sockets):
        """As systemd does: descriptors from 3 on, their names, and the process they are meant for."""
        shell = self.directory / "run"
        # Moved up first: the numbers they have here may be those they are to have there.
        moves = " ".join(f"{60 + n}<&{one.fileno()}" for n, one in enumerate(sockets.values()))
        moves += " " + " ".join(f"{FIRST + n}<&{60 + n} {60 + n}<&-" for n in range(len(sockets)))
        shell.write_text(f'#!/bin/bash\nexec {moves}\nexport LISTEN_PID=$$\nexec {build.TELEXD} "$@"\n')
        shell.chmod(0o755)
        daemon = self.make_daemon({"live.endpoint": "none", **options}, environment={
            "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(sockets)}, descriptors=[s.fileno() for s in sockets.values()])
        return daemon.launch(program=shell)

    def listen(self, family=socket.AF_INET):
        one = self.enter(socket.socket(family))
        one.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(self.directory / "given.sock"))
        one.listen()
        return one

    def test_serves_on_them(self):
        given = {name: self.listen() for name in ("ingest", "stream")}
        # Another address than the configured one: the socket that is there is the one that counts.
        daemon = self.launch({f"{name}.endpoint": f"tcp://127.0.0.1:{n}" for n, name in enumerate(given, 1)} | OPEN, **given)
        daemon.wait_notified("READY", "1")
        ingest, stream = (f"tcp://127.0.0.1:{one.getsockname()[1]}" for one in given.values())
        with wire.Ingest(ingest) as ingest, wire.Stream(stream) as stream:
            self.assertEqual([ack.code for ack in ingest.push([article(1), article(2)])], ["ok", "ok"])
            stream.open(**{"from": "first"}).events(2)
        with daemon.control() as control:
            self.assertEqual(control.stats()["articles"], 2)
        daemon.stop()

    def test_of_another_kind_is_refused(self):
        daemon = self.launch({}, ingest=self.listen())
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(daemon.tail(), "the socket given for ingest is no listening unix socket")

    def test_a_unix_socket(self):
        daemon = self.launch({}, ingest=self.listen(socket.AF_UNIX))
        daemon.wait_notified("READY", "1")
        with wire.Ingest(f"ipc://{self.directory}/given.sock") as ingest:
            self.assertEqual(ingest.push([article(1)])[0].code, "ok")
        daemon.stop()


# What a tcp endpoint without keys needs.
OPEN = {"security.insecure": "yes"}

if __name__ == "__main__":
    case.main()
