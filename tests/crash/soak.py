#!/usr/bin/python3
"""One daemon, articles all the time, a fault every few seconds, for as long as wanted: its memory, descriptors and threads do not
grow, nothing that was acknowledged is lost, nothing is tagged twice.

    soak.py [--minutes 20] [--rate 40] [--fill 200000] [--seed N]

Faults: workers killed, crashed and stopped; a full disk; jumps of the wall clock; connections that break off in the middle or talk
nonsense; a subscriber that reads nothing; the configuration reloaded; backup and verify under load.

What the daemon keeps on purpose is bounded, and filled before anything is measured: above all the identities of its newest
articles, 65,536 at a time, which move on in rounds that have settled after three times as many (--fill). The first fifth of the run is
left out of the reckoning for the rest of it."""

import argparse
import collections
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

import crash_case
import slope
from harness import daemon as harness_daemon
from harness import wire

WARM = 0.2  # of the run
# Growth over a whole run that nobody would notice, whatever the noise.
LEAST = {"memory": 1 << 20, "descriptors": 1, "threads": 0.5}


def sample(pid):
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return {"memory": 1024 * int(status["RssAnon"].split()[0]), "descriptors": len(os.listdir(process / "fd")),
            "threads": int(status["Threads"])}


class Watch(threading.Thread):
    """Looks at the daemon twice a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.samples, self.over = pid, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            self.samples.append((time.monotonic(), sample(self.pid)))

    def end(self):
        self.over.set()
        self.join()
        return self.samples


class Soak(crash_case.CrashCase):
    minutes, rate, seed, articles = 20.0, 40, 0, 0

    def test_nothing_grows(self):
        harness_daemon.LIFETIME = self.minutes * 60 + 600 + self.articles / 100
        self.daemon = self.begin(self.seed, {"crew.workers": 2})
        self.daemon.start()
        self.mute = []
        self.fill()
        faults, started = collections.Counter(), time.monotonic()
        watch = Watch(self.daemon.pid)
        while time.monotonic() - started < self.minutes * 60:
            self.round(faults)
        samples = watch.end()
        self.assertTrue(self.daemon.is_running(), self.daemon.tail())
        for connection in self.mute:
            connection.close()
        evidence = self.settle(self.daemon)
        self.report(samples, faults, evidence)

    def fill(self):
        self.load.run(self.daemon, self.articles, patience=60)
        with self.daemon.control() as control:
            while control.stats()["pending"]:
                select.select([], [], [], 1)

    def round(self, faults):
        """Two or three seconds of load, one fault in the middle of it."""
        until = time.monotonic() + self.draw.uniform(2, 3)
        strike = self.draw.choice(STRIKES)
        faults[strike.__name__] += 1
        self.load.run(self.daemon, self.rate, lambda: strike(self), events=1, patience=60)
        self.assertTrue(self.daemon.is_running(), self.daemon.tail())
        while time.monotonic() < until:
            self.load.run(self.daemon, max(1, self.rate // 2), patience=60)
            select.select([], [], [], max(0, min(0.5, until - time.monotonic())))

    def report(self, samples, faults, evidence):
        first, last = samples[0][0], samples[-1][0]
        counted = [(at, numbers) for at, numbers in samples if at >= first + WARM * (last - first)]
        found = {name: slope.fit([(at, numbers[name]) for at, numbers in counted]) for name in LEAST}
        print(json.dumps({"minutes": round((last - first) / 60, 2), "articles": len(evidence["promises"]), "events": len(evidence["events"]),
                          "faults": dict(faults), "seed": self.seed, **{name: one._asdict() for name, one in found.items()}}), flush=True)
        for name in LEAST:
            print(f"{name} over the run:", *(f"{number:g}" for _, number in slope.medians([(at, numbers[name]) for at, numbers in samples])), flush=True)
        self.assertEqual([name for name, one in found.items() if slope.grows(one, LEAST[name])], [], found)

    # -- faults

    def signal_a_worker(self, number):
        for pid in self.daemon.workers()[:1]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def worker_killed(self):
        self.signal_a_worker(signal.SIGKILL)

    def worker_crashes(self):
        self.signal_a_worker(signal.SIGSEGV)

    def worker_stopped(self):
        self.signal_a_worker(signal.SIGSTOP)

    def disk_full(self):
        self.shim.rule("write", "fail", self.draw.randint(1, 20), "ENOSPC")

    def clock_jumps(self):
        self.shim.move_clock(self.draw.uniform(-86400, 86400))

    def reload(self):
        self.daemon.signal(signal.SIGHUP)

    def connections_break_off(self):
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(self.daemon.runtime / self.draw.choice(["ingest.sock", "stream.sock", "control.sock"])))
                one.send(self.draw.choice([b"", b"\xff", b"\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", self.draw.randbytes(300)]))

    def nonsense(self):
        for make in (self.daemon.ingest, self.daemon.stream, self.daemon.control):
            with make() as connection:
                connection.send_frames(self.draw.randbytes(16), self.draw.randbytes(100))
                connection.send(wire.PUSH, self.draw.randbytes(100))
                connection.send(wire.OPEN, b'{"from":')

    def subscriber_reads_nothing(self):
        if len(self.mute) > 3:
            self.mute.pop(0).close()
        stream = self.daemon.stream()
        stream.open(credit=50, **{"from": "first"})
        self.mute.append(stream)

    def backup_and_verify(self):
        place = self.directory / "backup"
        with self.daemon.control() as control:
            control.backup(place)
            self.assertEqual(control.verify()["problems"], [])
        shutil.rmtree(place)


STRIKES = [Soak.worker_killed, Soak.worker_crashes, Soak.worker_stopped, Soak.disk_full, Soak.clock_jumps, Soak.reload,
           Soak.connections_break_off, Soak.nonsense, Soak.subscriber_reads_nothing, Soak.backup_and_verify]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=int, default=40, help="articles a round of two or three seconds, and half as many in between")
    parser.add_argument("--fill", type=int, default=200000, help="articles before the first fault")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    Soak.minutes, Soak.rate, Soak.seed, Soak.articles = options.minutes, options.rate, options.seed, options.fill
    print(f"{options.minutes:g} minutes, seed {options.seed}", flush=True)
    return 0 if unittest.TextTestRunner().run(Soak("test_nothing_grows")).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
