#!/usr/bin/python3
"""kill -9 at exact points while retention removes the past: what is kept is whole, what is gone was counted, no number is given
twice, and the horizon never goes back. TELEX_CRASH_ROUNDS repeats every point."""

import os
import random
import time

import crash_case
import ledger
from harness import check, wire
from load import make

ROUNDS = int(os.environ.get("TELEX_CRASH_ROUNDS") or 1)
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
KEPT = 150
POINTS = (("delete", "kill_before", 900), ("delete", "kill_after", 900), ("begin", "kill_before", 200), ("commit", "kill_before", 60),
          ("commit", "kill_after", 60), ("write", "kill_after", 60), ("sync", "kill_after", 60), ("meta", "kill_before", 60),
          ("meta", "kill_after", 60))


class Retention(crash_case.CrashCase):
    def test_under_load(self):
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_ROUNDS={ROUNDS}", flush=True)
        daemon = self.begin(SEED, {"store.retain_events": KEPT})
        daemon.start()
        self.load.run(daemon, 2 * KEPT)
        self.horizon, self.number = 1, 0
        for _ in range(ROUNDS):
            for call, action, latest in POINTS:
                self.reckon(daemon)
                self.shim.rule(call, action, self.draw.randint(1, latest))
                for _ in range(100):
                    if self.load.run(daemon, 100) == 0 or not daemon.is_running():
                        break
                self.assertEqual(daemon.wait(), -9, f"{call} {action}")
                self.shim.clear()
                daemon.start()
        self.reckon(daemon)
        self.load.ledger.close()
        self.assertGreater(self.horizon, KEPT)
        print(f"{ROUNDS * len(POINTS)} points, {self.horizon - 1} events removed", flush=True)

    def reckon(self, daemon):
        with daemon.ingest() as ingest, daemon.control() as control, daemon.stream() as stream:
            self.number += 1
            [last] = ingest.push([make(10**9 + self.number)])
            stats = self.wait_until_kept(control)
            self.assertEqual(stats["articles"] + stats["articles_removed_ever"], last.offset)
            self.assertGreaterEqual(stats["horizon"], self.horizon)
            self.horizon = stats["horizon"]
            self.assertEqual(control.verify()["problems"], [])
            events = stream.open(credit=1024, **{"from": "first"}).until_live()
            self.assertEqual(len(events), stats["events"])
            self.assertEqual(check.stream_faults(events, self.horizon), [])
            self.compare(control, events)

    def wait_until_kept(self, control):
        deadline = time.monotonic() + wire.seconds(60)
        while True:
            stats = control.stats()
            if stats["pending"] == 0 and stats["events"] <= KEPT:
                return stats
            self.assertLess(time.monotonic(), deadline, stats)

    def compare(self, control, events):
        """With what was promised and seen: all of it that is not behind the horizon."""
        promises, seen = ledger.read(self.load.path)
        ids = {sequence: event["id"] for sequence, event in events}
        self.assertEqual([(n, i) for n, i in seen if n >= self.horizon and ids.get(n) != i], [])
        got = ledger.fetch(control, [event["data"]["offset"] for _, event in events])
        for _, event in events:
            one, offset = self.load.sent.get(event["subject"]), event["data"]["offset"]
            self.assertEqual(got[offset].uri, event["subject"])
            if one:
                self.assertEqual(got[offset].record(), one.record())
        owners = {promise.offset: uri for uri, made in promises.items() for promise in made}
        self.assertEqual([n for n, one in got.items() if n in owners and one.uri != owners[n]], [])
        # One that was promised is there, or its event is behind the horizon.
        there = ledger.fetch(control, owners)
        self.assertLess(sum(article is None for article in there.values()), self.horizon)


if __name__ == "__main__":
    crash_case.main()
