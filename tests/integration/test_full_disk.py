#!/usr/bin/python3
"""A full disk: new articles are refused as retryable, nothing acknowledged is lost, reading goes on, and it recovers by itself.
Needs root for a small tmpfs: ends with 77 (skipped) without."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, check, wire
from harness.case import article

SIZE = 24 << 20


class FullDisk(case.DaemonCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounting a small tmpfs needs root")
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "telex-test", self.disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def fill(self, ingest, numbers):
        """Pushes until one is refused. (acknowledged articles, the refused one, why)"""
        stored = {}
        for n in numbers:
            one = article(n, f"Angela Merkel in Berlin, {n}. " + "x" * 20000)
            try:
                [ack] = ingest.push([one])
            except wire.Refused as refused:
                return stored, one, refused.code
            if ack.code != "ok":
                return stored, one, ack.code
            stored[ack.offset] = one
        self.fail("the disk never filled up")

    def test_full_and_free_again(self):
        ballast = self.disk / "ballast"
        ballast.write_bytes(b"x" * (SIZE // 3))
        daemon = self.start({"store.directory": self.disk / "store", "store.map_size": 1})
        with daemon.ingest() as ingest, daemon.control() as control, daemon.stream() as stream:
            stored, refused, code = self.fill(ingest, range(5000))
            self.assertEqual(code, "store_full")
            self.assertIn("store_full", wire.RETRYABLE)
            self.assertGreater(len(stored), 50)
            self.assertTrue(daemon.is_running())
            for offset, one in stored.items():
                self.assertEqual(control.get(offset)["article"]["body"], one.body)
            self.assertEqual(control.stats()["articles"], len(stored))
            stream.open(**{"from": "first"}).batch()
            ballast.unlink()
            ack = self.push_until_taken(ingest, refused)
            stored[ack.offset] = refused
            events = stream.open(**{"from": "first"}).events(len(stored), wait=60)
            self.assertEqual(check.stream_faults(events), [])
            self.assertEqual(sorted(e["data"]["offset"] for _, e in events), sorted(stored))
            self.assertEqual(control.verify()["problems"], [])

    def push_until_taken(self, ingest, one):
        deadline = time.monotonic() + wire.seconds(20)
        while time.monotonic() < deadline:
            [ack] = ingest.push([one])
            if ack.code == "ok":
                return ack
            self.assertEqual(ack.code, "store_full")
        self.fail("it does not recover")

    def test_full_then_killed_then_freed(self):
        ballast = self.disk / "ballast"
        ballast.write_bytes(b"x" * (SIZE // 3))
        daemon = self.start({"store.directory": self.disk / "store", "store.map_size": 1})
        with daemon.ingest() as ingest:
            stored, _, code = self.fill(ingest, range(5000))
            self.assertEqual(code, "store_full")
        daemon.kill()
        ballast.unlink()
        daemon.start()
        with daemon.control() as control, daemon.stream() as stream:
            for offset, one in stored.items():
                self.assertEqual(control.get(offset)["article"]["body"], one.body)
            self.assertEqual(check.stream_faults(stream.open(**{"from": "first"}).events(len(stored), wait=60)), [])
            self.assertEqual(control.verify()["problems"], [])

    def wait_for(self, control, is_there, wait=60):
        deadline = time.monotonic() + wire.seconds(wait)
        while not is_there(control.stats()):
            self.assertLess(time.monotonic(), deadline, control.stats())

    def test_full_and_freed_by_retention(self):
        """Nobody makes room on the disk: what retention removes inside the file is all there is."""
        configuration = self.directory / "telexd.conf"
        configuration.write_text("[store]\n")
        daemon = self.start({"store.directory": self.disk / "store", "store.map_size": 1}, arguments=["-c", configuration])
        with daemon.ingest() as ingest, daemon.control() as control:
            self.assertEqual(self.fill(ingest, range(5000))[2], "store_full")
            self.wait_for(control, lambda s: s["pending"] == 0)  # room was left for the events
            (self.disk / "rest").write_bytes(b"x" * (os.statvfs(self.disk).f_bavail * os.statvfs(self.disk).f_frsize))
            # What tagging and merging have left free inside the file is used up, too.
            self.assertEqual(self.fill(ingest, range(10000, 15000))[2], "store_full")
            length = os.stat(self.disk / "store/data.mdb").st_size
            configuration.write_text("[store]\nretain_events = 50\n")
            daemon.signal(signal.SIGHUP)
            self.wait_for(control, lambda s: s["events"] == 50)
            for n in range(5000, 6200):  # more than the disk holds
                ack = self.push_until_taken(ingest, article(n, f"Angela Merkel in Berlin, {n}. " + "x" * 20000))
            self.wait_for(control, lambda s: s["pending"] == 0)
            self.assertEqual(os.stat(self.disk / "store/data.mdb").st_size, length)
            self.assertEqual(control.get(ack.offset)["article"]["uri"], "urn:test:6199")
            self.assertEqual(control.verify()["problems"], [])
        daemon.kill()
        daemon.start()
        with daemon.ingest() as ingest, daemon.control() as control:
            self.push_until_taken(ingest, article(7000))
            self.assertEqual(control.verify()["problems"], [])

    def test_full_before_the_start(self):
        (self.disk / "ballast").write_bytes(b"x" * (SIZE - 8192))
        daemon = self.make_daemon({"store.directory": self.disk / "store", "store.map_size": 1})
        daemon.launch()
        try:
            daemon.wait_notified("READY", "1")
        except ChildProcessError:
            self.assertRegex(daemon.tail(), r"(?i)space|full|No space left")
            return
        with daemon.ingest() as ingest:
            self.assertEqual(ingest.push([article(1)])[0].code, "store_full")


if __name__ == "__main__":
    case.main()
