#!/usr/bin/python3
"""kill -9 at exact points, which a preloaded library (tests/crash/shim) finds by the calls that the daemon makes: before, within
and after a commit, between the commit and its acknowledgement, as the acknowledgement leaves, while indexes are merged, during
the start, a backup, and when the map grows. After each the ledger is compared with what is there. TELEX_CRASH_ROUNDS repeats
every point, at later calls each time."""

import os
import random
import time

import crash_case
import ledger
from harness import wire

ROUNDS = int(os.environ.get("TELEX_CRASH_ROUNDS") or 1)
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))

# Under load: what to count, what to do, and at which call at the latest.
UNDER_LOAD = {
    "before a write transaction": ("begin", "kill_before", 400),
    "before a commit": ("commit", "kill_before", 60),
    "before the first page of a commit is written": ("write", "kill_before", 60),
    "when pages of a commit are written": ("write", "kill_after", 60),
    "before a commit's sync": ("sync", "kill_before", 60),
    "after a commit's sync, before its head": ("sync", "kill_after", 60),
    "before a commit's head": ("meta", "kill_before", 60),
    "after a commit's head, before anyone is told": ("meta", "kill_after", 60),
    "between a commit and its acknowledgement": ("commit", "kill_after", 60),
    "as an acknowledgement leaves": ("send", "kill_before", 60),
    "when an acknowledgement has left": ("send", "kill_after", 60),
    "while an article stops being pending": ("delete", "kill_before", 300),
    "in the middle of merging indexes": ("merge", "kill_before", 400),
    "before merged indexes are committed": ("merge_commit", "kill_before", 2),
    "after merged indexes are committed": ("merge_commit", "kill_after", 2),
}
# From the start of a store that is there, and of one that is not yet.
STARTS = {
    "before the start's first transactions": ("begin", "kill_before", 4),
    "before the start's commit": ("commit", "kill_before", 1),
    "after the start's commit": ("commit", "kill_after", 1),
}
BIRTHS = {
    "before anything is written": ("write", "kill_before", 1),
    "when the first pages are written": ("write", "kill_after", 2),
    "before the first sync": ("sync", "kill_before", 1),
    "before the first head": ("meta", "kill_before", 1),
    "after the first head": ("meta", "kill_after", 1),
    "before room is taken on disk": ("allocate", "kill_before", 1),
    "when room was taken on disk": ("allocate", "kill_after", 1),
}


class Points(crash_case.CrashCase):
    def setUp(self):
        super().setUp()
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_ROUNDS={ROUNDS}", flush=True)
        self.started, self.points = time.monotonic(), 0

    def died(self, daemon, point):
        """It was the shim that killed it."""
        self.assertEqual(daemon.wait(), -9, point)
        self.shim.clear()
        self.points += 1

    def tell(self, evidence):
        print(f"{self.points} points in {time.monotonic() - self.started:.1f} s: {len(evidence['promises'])} articles acknowledged, "
              f"{len(evidence['events'])} events", flush=True)

    def test_under_load(self):
        daemon = self.begin(SEED)
        for _ in range(ROUNDS):
            for point, (call, action, latest) in UNDER_LOAD.items():
                daemon.start()
                self.shim.rule(call, action, self.draw.randint(1, latest))
                self.push_until_dead(daemon, point)
                self.died(daemon, point)
        self.tell(self.settle(daemon))

    def push_until_dead(self, daemon, point):
        """Merging begins when the writer has nothing else to do: so there are pauses, too."""
        for _ in range(200):
            if self.load.run(daemon, self.draw.choice((1, 20, 100))) == 0 or not daemon.is_running():
                return
            self.wait_until_quiet(daemon)
        self.fail(f"never reached: {point}")

    def wait_until_quiet(self, daemon):
        """Until every event is there and indexed, or the daemon has died."""
        with daemon.control() as control:
            while daemon.is_running():
                ask = control.send(wire.STATS)
                while daemon.is_running() and not control.socket.poll(20):
                    pass
                if not control.socket.poll(0):
                    return
                stats = wire.json.loads(control.reply_to(ask, wire.STATS))
                if stats["pending"] == 0 and stats["indexed"] == stats["events"]:
                    return

    def test_starting(self):
        daemon = self.begin(SEED)
        daemon.start()
        self.load.run(daemon, 50)
        daemon.kill()
        for _ in range(ROUNDS):
            for point, (call, action, latest) in STARTS.items():
                self.shim.rule(call, action, self.draw.randint(1, latest))
                daemon.launch()
                self.died(daemon, point)
        self.tell(self.settle(daemon))

    def test_a_store_is_born(self):
        for round_ in range(ROUNDS):
            for number, (point, (call, action, latest)) in enumerate(BIRTHS.items()):
                with self.subTest(point):
                    self.birth(f"{round_}.{number}", point, call, action, latest)

    def birth(self, name, point, call, action, latest):
        daemon = self.begin(SEED, name=name)
        self.shim.rule(call, action, self.draw.randint(1, latest))
        daemon.launch()
        if call == "allocate":
            daemon.wait_notified("READY", "1")
            self.load.run(daemon, 1)
        self.died(daemon, point)
        daemon.start()
        self.load.run(daemon, 20)
        self.settle(daemon)
        self.load.path.unlink()
        daemon.close()

    def test_the_map_grows(self):
        """From 1 MiB on, which is soon full."""
        for round_ in range(ROUNDS):
            for action in ("kill_before", "kill_after"):
                with self.subTest(action):
                    daemon = self.begin(SEED + round_, name=f"grows{round_}.{action}")
                    self.shim.shrink_map(10)
                    daemon.start()
                    self.shim.rule("grow", action, self.draw.randint(1, 3))
                    self.push_until_dead(daemon, f"the map grows: {action}")
                    self.died(daemon, action)
                    daemon.start()
                    self.load.run(daemon, 100)
                    evidence = self.settle(daemon)
                    self.load.path.unlink()
                    daemon.close()
        self.tell(evidence)

    def test_control(self):
        """A commit whose head never reaches the file: what it acknowledged is gone, and this must be noticed."""
        daemon = self.begin(SEED)
        daemon.start()
        self.load.run(daemon, 50)
        self.wait_until_quiet(daemon)
        self.shim.rule("meta", "swallow")
        with daemon.ingest() as ingest:
            flying = {}
            self.load.send(ingest, flying)
            self.load.collect_from(daemon, ingest, flying, 20)
        daemon.kill()
        daemon.start()
        promises, _ = ledger.read(self.load.path)
        with daemon.control() as control:
            offsets = {promise.offset: uri for uri, made in promises.items() for promise in made}
            lost = [offset for offset, got in ledger.fetch(control, offsets).items()
                    if not got or got.uri != offsets[offset]]
        self.assertNotEqual(lost, [], "the ledger would not have noticed a lost commit")
        print(f"control: a commit without its head loses {len(lost)} articles, as it must", flush=True)

    def test_backup(self):
        daemon = self.begin(SEED)
        daemon.start()
        self.load.run(daemon, 300)
        for number in range(ROUNDS):
            for action in ("kill_before", "kill_after"):
                copy = self.directory / f"copy{number}{action}"
                self.shim.rule("copy", action)
                with daemon.control() as control:
                    control.send(wire.BACKUP, wire.json.dumps({"directory": str(copy)}).encode())
                    self.died(daemon, f"backup: {action}")
                daemon.start()
                self.load.run(daemon, 20)
                with daemon.control() as control:
                    control.backup(copy.with_suffix(".whole"))
                self.check_copy(copy.with_suffix(".whole"), number)
        self.tell(self.settle(daemon))

    def check_copy(self, path, number):
        """Another daemon serves it as it is: a valid prefix."""
        with self.make_daemon({"store.directory": path, "crew.workers": 1, "store.map_size": 1}, name=f"copy-{number}-{path.name}").start().control() as control:
            stats, verified = control.stats(), control.verify()
        self.assertGreaterEqual(stats["articles"], 300)
        self.assertEqual(verified["problems"], [])


if __name__ == "__main__":
    crash_case.main()
