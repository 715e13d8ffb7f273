"""The page that is shared with a daemon under test: what it called how often, and what is to happen at which call.
tests/crash/shim/control.h says what everything means."""

import errno
import mmap
import struct
from pathlib import Path

from harness import build

CALLS = "sync write meta allocate begin commit merge merge_commit delete grow copy send malloc".split()
ACTIONS = "nothing kill_before kill_after fail swallow stop".split()
MAGIC, RULES = 0x7E1E0001, 4
_HEAD = struct.Struct("<IIqQ16Q")
_COUNTS = struct.Struct("<16Q")
_RULE = struct.Struct("<QIIII")
_COUNTS_AT = 24
_MAP_SHIFT_AT = _HEAD.size + RULES * _RULE.size
_UNSYNCED_AT, _CLOCK_AT, _FIRED_AT = 4, 8, 16


class Shim:
    """One page, for one daemon after the other; `environment` is what those are started with."""

    def __init__(self, path, memory=False):
        self.path = Path(path)
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        struct.pack_into("<I", self.page, 0, MAGIC)
        library = build.BUILD / "shim" / ("telex_shim_memory.so" if memory else "telex_shim.so")
        if not library.exists():
            raise FileNotFoundError(library)
        self.environment = {"LD_PRELOAD": str(library), "TELEX_SHIM_PAGE": str(self.path), "TELEX_SHIM_PROGRAM": "telexd",
                            "ASAN_OPTIONS": "quarantine_size_mb=16:verify_asan_link_order=0"}

    def calls(self, call):
        return _COUNTS.unpack_from(self.page, _COUNTS_AT)[CALLS.index(call)]

    @property
    def fired(self):
        return struct.unpack_from("<Q", self.page, _FIRED_AT)[0]

    def forget(self):
        struct.pack_into("<Q", self.page, _FIRED_AT, 0)

    def rule(self, call, action, after=1, error="EIO", onward=False, slot=0):
        """At the call `after` from now (1: the next one)."""
        at = _HEAD.size + slot * _RULE.size
        struct.pack_into("<Q", self.page, at, 0)
        struct.pack_into("<IIII", self.page, at + 8, CALLS.index(call), ACTIONS.index(action), getattr(errno, error), onward)
        struct.pack_into("<Q", self.page, at, self.calls(call) + after)

    def clear(self):
        """No rule is in force."""
        for slot in range(RULES):
            struct.pack_into("<Q", self.page, _HEAD.size + slot * _RULE.size, 0)

    def unsync(self):
        """From the next start on nothing is synced: the control of what depends on syncing."""
        struct.pack_into("<I", self.page, _UNSYNCED_AT, 1)
        self.rule("sync", "swallow", onward=True, slot=RULES - 1)

    def sync_again(self):
        struct.pack_into("<I", self.page, _UNSYNCED_AT, 0)
        self.clear()

    def shrink_map(self, bits):
        """From the next start on the map begins with 2^bits times less than is configured, so that it soon has to grow."""
        struct.pack_into("<I", self.page, _MAP_SHIFT_AT, bits)

    def move_clock(self, seconds):
        """The wall clock is so far ahead (behind: negative)."""
        struct.pack_into("<q", self.page, _CLOCK_AT, int(seconds * 1e9))
