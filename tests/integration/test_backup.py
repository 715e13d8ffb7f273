#!/usr/bin/python3
"""Backups made under load: each is a store that holds all that was acknowledged before it began, nothing that was not pushed,
and a prefix of the stream, byte for byte; and a daemon goes on from it."""

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, check, wire
from harness.case import article
from harness.load import Load

class Backup(case.DaemonCase):
    def back_up_under_load(self, daemon, rounds, horizon=1):
        """[(folder, what was acknowledged before)], and all that was acknowledged."""
        load, copies = Load(daemon), []
        load.start()
        try:
            with daemon.control() as control:
                for n in range(rounds):
                    before = load.wait_for(len(copies and copies[-1][1]) + 400)
                    self.wait_for_horizon(control, horizon)
                    copy = self.directory / f"copy{n}"
                    control.backup(copy)
                    copies.append((copy, before))
            load.wait_for(len(copies[-1][1]) + 100)  # it went on
        finally:
            stored = load.stop()
        return copies, stored

    def wait_for_horizon(self, control, horizon):
        deadline = time.monotonic() + wire.seconds(60)
        while control.stats()["horizon"] < horizon:
            self.assertLess(time.monotonic(), deadline, control.stats())

    def restore(self, copy):
        """A daemon on the copy, and what was in it before it did anything: (articles, events, pending)."""
        daemon = self.start({"store.directory": copy}, name=copy.name + "-d")
        opened = re.search(r"store opened .* articles=(\d+) events=(\d+) pending=(\d+)", daemon.log.text())
        return daemon, *map(int, opened.groups())

    def events_of(self, daemon, first, last):
        with daemon.stream() as stream:
            events = [(n, e) for n, e in stream.open(**{"from": first}).until_next(last + 1, wait=60) if n <= last]
        self.assertEqual(check.stream_faults(events, first), [])
        return events

    def expect_articles(self, control, articles):
        for offset in sorted(articles)[::7]:
            found = control.get(offset)
            self.assertEqual((found["hash"], found["article"]["body"]), (articles[offset].hash, articles[offset].body))

    def test_a_copy_is_a_prefix(self):
        daemon = self.start()
        copies, stored = self.back_up_under_load(daemon, 2)
        for copy, before in copies:
            restored, articles, events, pending = self.restore(copy)
            with restored.control() as control, restored.ingest() as ingest:
                self.assertEqual(articles, events + pending)
                self.assertLessEqual(max(before), articles)
                self.assertLessEqual(articles, max(stored))
                self.expect_articles(control, {n: stored[n] for n in range(1, articles + 1)})
                self.assertEqual(control.verify()["problems"], [])
                self.assertEqual(self.events_of(restored, 1, events), self.events_of(daemon, 1, events))
                [old, new] = ingest.push([stored[1], article("new")])
                self.assertEqual((old.offset, old.duplicate, new.offset), (1, True, articles + 1))
                self.events_of(restored, 1, articles + 1)  # and what was pending has its event
            restored.stop()

    def test_a_copy_is_whole_while_retention_removes(self):
        daemon = self.start({"store.retain_events": 300})
        copies, stored = self.back_up_under_load(daemon, 2, horizon=2)
        for copy, before in copies:
            restored, articles, events, pending = self.restore(copy)
            with restored.control() as control, restored.ingest() as ingest:
                first = control.stats()["horizon"]
                self.assertEqual(articles, events + pending)
                self.assertGreater(first, 1)
                self.assertEqual(control.verify()["problems"], [])
                found = self.events_of(restored, first, first + events - 1)
                self.expect_articles(control, {e["data"]["offset"]: stored[e["data"]["offset"]] for _, e in found})
                [new] = ingest.push([article("new")])
                self.assertGreater(new.offset, max(before))
                self.assertEqual(control.verify()["problems"], [])
            restored.stop()


if __name__ == "__main__":
    case.main()
