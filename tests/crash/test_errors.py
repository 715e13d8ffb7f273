#!/usr/bin/python3
"""Calls that fail: the disk's with EIO and ENOSPC, the allocator's with nothing to give. After an error of the disk nothing more is
acknowledged and the daemon ends; a full disk is refused and recovered from; when memory is short there is a clean error or a
clean end. In every case what was acknowledged is there afterwards. TELEX_CRASH_ROUNDS repeats everything, at other calls."""

import collections
import os
import random
import time
import unittest

import crash_case
from harness import build, wire

ROOM_REQUESTS = 5000  # more than the free pages of the file hold
ROUNDS = int(os.environ.get("TELEX_CRASH_ROUNDS") or 1)
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))

DISK_ERRORS = {
    "a sync": ("sync", "EIO", 80),
    "a write of pages": ("write", "EIO", 80),
    "the write of a commit's head": ("meta", "EIO", 80),
}


class Errors(crash_case.CrashCase):
    def setUp(self):
        super().setUp()
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_ROUNDS={ROUNDS}", flush=True)
        self.started = time.monotonic()

    def test_disk_errors_under_load(self):
        daemon = self.begin(SEED)
        count = 0
        for _ in range(ROUNDS):
            for what, (call, error, latest) in DISK_ERRORS.items():
                daemon.start()
                self.shim.rule(call, "fail", self.draw.randint(1, latest), error)
                self.load.run(daemon, 20000)
                self.assertEqual(daemon.wait(5), 1, f"{what}: {daemon.tail()}")
                self.assertIn("store_failed", daemon.tail(), what)
                self.check_silence(daemon, what)
                self.shim.clear()
                count += 1
        evidence = self.settle(daemon)
        print(f"{count} errors of the disk in {time.monotonic() - self.started:.1f} s, {len(evidence['promises'])} articles acknowledged",
              flush=True)

    def check_silence(self, daemon, what):
        """Nothing was written after the first error, although every later call would have succeeded."""
        self.assertEqual(self.shim.fired, 1, what)
        self.shim.forget()

    def test_the_control_of_disk_errors(self):
        """Were the error not reported, the commit would be acknowledged and gone: so it is with a head that is swallowed
        (test_points.py). Here: a sync that fails unnoticed lets the daemon go on, which the test above would refuse."""
        daemon = self.begin(SEED)
        daemon.start()
        self.shim.rule("sync", "swallow", 3)
        self.load.run(daemon, 200)
        self.assertTrue(daemon.is_running())
        self.assertEqual(self.shim.fired, 1)
        self.settle(daemon)

    def test_disk_errors_at_the_start(self):
        daemon = self.begin(SEED)
        for call in ("write", "sync", "meta"):
            self.shim.rule(call, "fail")
            daemon.launch()
            self.assertEqual(daemon.wait(), 1, call)
            self.assertRegex(daemon.tail(), r"(?i)store|Input/output", call)
            self.shim.clear()
        daemon.start()
        self.load.run(daemon, 20)
        self.settle(daemon)

    def test_no_room(self):
        """Room is taken before it is needed: once that fails and the pages that are free inside the file are used up, articles are refused."""
        daemon = self.begin(SEED)
        daemon.start()
        self.load.run(daemon, 50)
        daemon.kill()
        self.shim.rule("allocate", "fail", error="ENOSPC", onward=True)
        daemon.start()
        with daemon.ingest() as ingest, daemon.control() as control:
            flying = {}
            for _ in range(ROOM_REQUESTS):
                self.load.send(ingest, flying)
                self.load.await_message(daemon, ingest, 30)
                self.load.collect(ingest, flying)
                if self.load.refused:
                    break
            self.assertEqual(set(self.load.refused), {"store_full"})
            self.assertEqual(control.verify()["problems"], [])
            self.shim.clear()
        self.load.run(daemon, 50)
        self.settle(daemon)

    def test_a_write_that_finds_no_room_after_all(self):
        """The batch is refused as retryable, and the daemon goes on."""
        daemon = self.begin(SEED)
        daemon.start()
        for number in range(5 * ROUNDS):
            self.shim.rule("write", "fail", self.draw.randint(1, 20), "ENOSPC")
            for _ in range(100):  # how many articles share a write is a matter of time
                self.load.run(daemon, 100)
                self.assertTrue(daemon.is_running(), daemon.tail())
                if self.shim.fired > number:
                    break
        self.assertEqual(self.shim.fired, 5 * ROUNDS)
        self.settle(daemon)

    @unittest.skipIf(build.sanitizers(), "a sanitizer has an allocator of its own")
    def test_memory_at_the_start(self):
        daemon = self.begin(SEED, memory=True)
        before = self.shim.calls("malloc")
        daemon.start()
        self.load.run(daemon, 50)
        needed = self.shim.calls("malloc") - before
        daemon.kill()
        daemon.start()
        daemon.kill()
        ends = collections.Counter()
        for _ in range(25 * ROUNDS):
            at = self.draw.randint(1, max(2, needed // 8))
            self.shim.rule("malloc", "fail", at, "ENOMEM")
            daemon.launch()
            try:
                daemon.wait_notified("READY", "1")
                ends["went on"] += 1
                daemon.kill()
            except ChildProcessError:
                ends[self.end_of(daemon, f"malloc {at}")] += 1
            self.shim.clear()
        self.settle(daemon)
        print(f"memory fails once at the start: {dict(ends)}", flush=True)

    def end_of(self, daemon, what):
        """How it ended. libzmq, libuv and C++ abort when they cannot have memory, libuv without a word; anything else but an error
        with a text is a failure, and so are checks of our own that do not hold (`complaints`)."""
        status = daemon.wait()
        if status == 1:
            self.assertRegex(daemon.tail(), r"telexd: ", what)
            return "ended with an error"
        self.assertEqual(status, -6, f"{what}: {daemon.tail()}")
        return "ended by a library"

    @unittest.skipIf(build.sanitizers(), "a sanitizer has an allocator of its own")
    def test_memory_under_load(self):
        daemon = self.begin(SEED, memory=True)
        ends = collections.Counter()
        for _ in range(20 * ROUNDS):
            if not daemon.is_running():
                daemon.start()
            at = self.draw.randint(1, 700)
            self.shim.rule("malloc", "fail", at, "ENOMEM")
            ends[self.load_while_memory_fails(daemon, f"malloc {at}")] += 1
            self.shim.clear()
        evidence = self.settle(daemon)
        print(f"memory fails {self.shim.fired} times under load: {dict(ends)}, refused {len(self.load.refused)}, "
              f"{len(evidence['promises'])} articles acknowledged", flush=True)

    def load_while_memory_fails(self, daemon, what):
        """An answer for which there was no memory is not given, or is a refusal: then the outcome is unknown, and the client asks
        again, as after any lost connection."""
        end = "went on"
        try:
            self.load.run(daemon, 100, events=20, patience=2)
        except TimeoutError:
            end = "did not answer once"
        except wire.Refused:
            end = "refused once"
        if not daemon.is_running():
            return self.end_of(daemon, what)
        self.shim.clear()
        with daemon.control() as control:
            self.assertEqual(control.stats()["state"], "running", what)
        return end


if __name__ == "__main__":
    crash_case.main()
