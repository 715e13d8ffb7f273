#!/usr/bin/python3
"""kill -9 under load, again and again, at random moments, also during startup: of the daemon, of its workers, of both. A client
keeps a ledger of what was acknowledged and of the events it saw; at the end every acknowledged article is there with its bytes,
stored once, with exactly one event, and the stream has no gap. TELEX_CRASH_CYCLES sets the number of kills, TELEX_CRASH_SEED
repeats a run. The checker itself is tested against ledgers with planted faults, on the same store."""

import contextlib
import os
import random
import select
import signal
import time

import crash_case
from harness import build

CYCLES = int(os.environ.get("TELEX_CRASH_CYCLES") or (30 if build.sanitizers() else 100))
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))


class Kill(crash_case.CrashCase):
    def test_kill_at_random_moments(self):
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_CYCLES={CYCLES}", flush=True)
        started = time.monotonic()
        daemon = self.begin(SEED)
        self.kills = {"daemon, before READY": 0, "daemon": 0, "workers": 0, "both": 0}
        for _ in range(CYCLES):
            self.cycle(daemon)
        evidence = self.settle(daemon)
        again = sum(len(made) > 1 for made in evidence["promises"].values())
        print(f"{CYCLES} cycles in {time.monotonic() - started:.1f} s, killed: {self.kills}; {len(evidence['promises'])} articles "
              f"acknowledged, {again} of them twice or more, {len(evidence['events'])} events, {len(evidence['seen'])} seen before",
              flush=True)
        self.assertGreater(again, 0, "no duplicate was ever sent")
        self.assertGreater(len(evidence["seen"]), 0, "no event was ever seen before a kill")
        self.check_the_checker(evidence)

    def cycle(self, daemon):
        kind = self.draw.choices(("start", "daemon", "workers", "both"), (20, 50, 15, 15))[0]
        if not daemon.is_running():
            daemon.launch()
            if kind == "start":
                self.kill_during_startup(daemon)
                return
            daemon.wait_notified("READY", "1")
        count = self.draw.choice((1, 5, 20, 80, 200, 400))
        # A worker that dies before its first result is throttled for seconds.
        events = self.draw.choice((1, 20, 200)) if kind in ("workers", "both") or self.draw.random() < 0.3 else 0
        strike = {"daemon": self.kill_daemon, "workers": self.kill_workers, "both": self.kill_both}.get(kind, self.kill_daemon)
        self.load.run(daemon, count, lambda: strike(daemon), events)
        if kind != "workers":
            daemon.kill()  # waits for its workers

    def kill_during_startup(self, daemon):
        """Some milliseconds into the start."""
        fd = os.pidfd_open(daemon.pid)
        select.select([fd], [], [], self.draw.random() * 0.03)
        os.close(fd)
        ready = daemon.notify.values("READY")
        daemon.kill()
        self.kills["daemon" if ready else "daemon, before READY"] += 1

    def kill_daemon(self, daemon):
        daemon.strike()
        self.kills["daemon"] += 1

    def kill_workers(self, daemon):
        for pid in daemon.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills["workers"] += 1

    def kill_both(self, daemon):
        for pid in daemon.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.strike()
        self.kills["both"] += 1


if __name__ == "__main__":
    crash_case.main()
