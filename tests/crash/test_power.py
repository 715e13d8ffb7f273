#!/usr/bin/python3
"""Power cuts: the file system under the store is shut down in the middle of the load, as if the machine had lost its power: what was
not synced is gone. ext4 and xfs, each on a loop device. The control swallows every sync, and must lose what was acknowledged.
Needs root and loop devices: ends with 77 (skipped) without. TELEX_CRASH_CUTS sets the number of cuts on each file system."""

import fcntl
import os
import random
import struct
import subprocess
import time

import crash_case
import ledger
from harness import wire

CUTS = int(os.environ.get("TELEX_CRASH_CUTS") or 5)
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2  # FS_IOC_SHUTDOWN, which is XFS_IOC_GOINGDOWN, too
# The least that each is made with, and room for what is written between the cuts; the image has holes.
ROOM = (2 << 20) * CUTS
SYSTEMS = {"ext4": (64 << 20, ["mkfs.ext4", "-q", "-F"]), "xfs": (320 << 20, ["mkfs.xfs", "-q", "-f"])}


class Disk:
    """A file system on a loop device that can lose its power."""

    def __init__(self, directory, kind):
        size, make = SYSTEMS[kind]
        self.image, self.mount_point = directory / f"{kind}.img", directory / kind
        self.mount_point.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(size + ROOM)
        subprocess.run([*make, self.image], check=True, capture_output=True)

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.mount_point], check=True, capture_output=True)

    def unmount(self):
        """Somebody may still be on it: the daemon's workers end a little after it."""
        deadline = time.monotonic() + wire.seconds(30)
        while (done := subprocess.run(["umount", self.mount_point], capture_output=True, text=True)).returncode:
            if "not mounted" in done.stderr:
                return
            assert time.monotonic() < deadline, done.stderr

    def cut(self):
        fd = os.open(self.mount_point, os.O_RDONLY)
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("<I", NO_LOG_FLUSH))
        os.close(fd)


class Power(crash_case.CrashCase):
    def prepare(self, kind):
        if os.geteuid() != 0:
            self.skipTest("mounting loop devices needs root")
        try:
            disk = Disk(self.directory, kind)
            disk.mount()
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no {kind} can be mounted here: {getattr(error, 'stderr', None) or error}")
        self.addCleanup(disk.unmount)
        return disk, self.begin(SEED, {"store.directory": disk.mount_point / "store"})

    def cut_once(self, disk, daemon, count):
        daemon.start()
        self.load.run(daemon, count, disk.cut, events=self.draw.choice((0, 0, 20)))
        daemon.kill() if daemon.is_running() else daemon.wait()
        disk.unmount()
        disk.mount()

    def check_cuts(self, kind):
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_CUTS={CUTS}", flush=True)
        started = time.monotonic()
        disk, daemon = self.prepare(kind)
        for _ in range(CUTS):
            self.cut_once(disk, daemon, self.draw.choice((1, 20, 80, 200)))
        evidence = self.settle(daemon)
        daemon.stop()
        print(f"{CUTS} power cuts on {kind} in {time.monotonic() - started:.1f} s: {len(evidence['promises'])} articles acknowledged, "
              f"{len(evidence['events'])} events", flush=True)

    def test_ext4(self):
        self.check_cuts("ext4")

    def test_xfs(self):
        self.check_cuts("xfs")

    def check_control(self, kind):
        """Nothing is synced: what was acknowledged is lost, or the store with it."""
        disk, daemon = self.prepare(kind)
        daemon.start()
        self.load.run(daemon, 20)
        daemon.stop()
        subprocess.run(["sync", "-f", disk.mount_point], check=True)
        self.shim.unsync()
        self.cut_once(disk, daemon, 200)
        self.shim.sync_again()
        lost = self.count_lost(daemon)
        self.assertGreater(lost, 0, "the cut lost nothing: it proves nothing")
        print(f"control on {kind}: without syncs {lost} acknowledged articles are lost, as they must be", flush=True)

    def count_lost(self, daemon):
        promises, _ = ledger.read(self.load.path)
        offsets = {promise.offset: uri for uri, made in promises.items() for promise in made}
        try:
            daemon.start()
        except ChildProcessError:
            return len(offsets)
        with daemon.control() as control:
            return sum(not got or got.uri != offsets[offset] for offset, got in ledger.fetch(control, offsets).items())

    def test_control_ext4(self):
        self.check_control("ext4")

    def test_control_xfs(self):
        self.check_control("xfs")


if __name__ == "__main__":
    crash_case.main()
