#!/usr/bin/python3
"""A damaged store under the real programs: the daemon ends in a clear state or goes on without what is damaged, never by a signal;
`telexd --verify` says what is wrong; `telex repair` makes it sound, names what was lost, and the rest is there, byte for byte. One
damage each: sectors of zeros, torn pages, a file cut short (also while the daemon runs). Thousands of single damages, in the
store alone: build/tests/crash/crash-flips. TELEX_CRASH_ROUNDS repeats it with other places."""

import os
import random
import re
import subprocess

import crash_case
import ledger
from harness import build, case, wire

ROUNDS = int(os.environ.get("TELEX_CRASH_ROUNDS") or 1)
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
PAGE, SECTOR = 4096, 512
LOST_ARTICLE, LOST_EVENT = re.compile(r"^article (\d+) is lost", re.M), re.compile(r"^event (\d+) is lost", re.M)


def used_pages(data):
    return [at for at in range(2 * PAGE, len(data), PAGE) if any(data[at:at + PAGE])]


def zeros(draw, data):
    for at in draw.sample(used_pages(data), 5):
        data[at:at + PAGE] = data[at:at + PAGE][:2 * SECTOR] + bytes(SECTOR) + data[at + 3 * SECTOR:at + PAGE]


def torn(draw, data):
    for at in draw.sample(used_pages(data), 3):
        other = draw.choice(used_pages(data))
        data[at + 4 * SECTOR:at + PAGE] = data[other + 4 * SECTOR:other + PAGE]


def cut_short(draw, data):
    del data[draw.choice(used_pages(data)[len(used_pages(data)) // 2:]):]


class Damage(crash_case.CrashCase):
    def setUp(self):
        super().setUp()
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_ROUNDS={ROUNDS}", flush=True)

    def fill(self, name="d"):
        daemon = self.begin(SEED, name=name)
        daemon.start()
        self.load.run(daemon, 300, events=200)
        self.load.finish(daemon)
        self.promises, _ = ledger.read(self.load.path)
        with daemon.stream() as stream:
            stream.open(credit=4096, **{"from": "first"}).events(len(self.promises), wait=60)
        daemon.stop()
        return daemon

    def offline(self, program, *arguments):
        return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=wire.seconds(60))

    def test_damages(self):
        for number in range(ROUNDS):
            for damage in (zeros, torn, cut_short):
                with self.subTest(damage=damage.__name__, round=number):
                    self.damage_and_repair(self.fill(f"{damage.__name__}{number}"), damage)
                    self.load.path.unlink()

    def damage_and_repair(self, daemon, damage):
        path = daemon.store / "data.mdb"
        data = bytearray(path.read_bytes())
        damage(self.draw, data)
        path.write_bytes(data)
        state = self.run_damaged(daemon)
        verified = self.offline(build.TELEXD, "--verify", daemon.store)
        self.assertIn(verified.returncode, (0, 1), verified.stderr)  # 0: the damage is where nothing is
        repaired = self.offline(build.TELEX, "repair", daemon.store)
        if "leads to a telex store; only a backup helps" in repaired.stderr:
            # Both lists of the tables are gone, which no record can stand in for: it says so, and touches nothing.
            self.assertEqual((repaired.returncode, verified.returncode), (1, 1))
            print(f"{damage.__name__}: the daemon {state}; beyond repair", flush=True)
            return
        self.assertEqual(repaired.returncode, 0, repaired.stdout + repaired.stderr)
        again = self.offline(build.TELEXD, "--verify", daemon.store)
        self.assertEqual(again.returncode, 0, again.stdout)
        kept, lost = self.check_repaired(daemon, repaired.stdout)
        print(f"{damage.__name__}: the daemon {state}; verify found {len(verified.stdout.splitlines()) - 1} problems; after repair "
              f"{kept} articles are there and {lost} are named as lost", flush=True)

    def run_damaged(self, daemon):
        """What is handed out is what was sent; the process ends by itself or on request, never by a signal."""
        try:
            daemon.start()
        except ChildProcessError:
            self.assertEqual(daemon.wait(), 1, daemon.tail())
            self.assertRegex(daemon.tail(), r"damaged|cannot")
            return "did not start"
        if not self.outlives_reading(daemon):
            return "ended while it read"
        daemon.stop()
        return "went on"

    def outlives_reading(self, daemon):
        """What it hands out is what was sent; False when the damage ended it, and it said so."""
        try:
            with daemon.control() as control:
                for uri, made in self.promises.items():
                    self.check_served(daemon, control, uri, made[0].offset)
        except ConnectionError:
            self.assertEqual(daemon.wait(), 1, daemon.tail())
            self.assertIn("is damaged", daemon.tail())
            return False
        return True

    def check_served(self, daemon, control, uri, offset):
        request = control.send(wire.GET, b'{"offset":%d}' % offset)
        while not control.socket.poll(50):
            if not daemon.is_running():
                raise ConnectionError
        try:
            reply = wire.json.loads(control.reply_to(request, wire.GET))
        except wire.Refused:
            return
        if reply["article"]["uri"] == uri:
            self.assertEqual(wire.Article(**reply["article"]).record(), self.load.sent[uri].record())

    def check_repaired(self, daemon, report):
        """Everything is there but what repair has named; what it says of those is what the daemon says."""
        named = {int(offset) for offset in LOST_ARTICLE.findall(report)}
        daemon.start()
        with daemon.control() as control:
            got = ledger.fetch(control, [made[0].offset for made in self.promises.values()])
            for uri, [first, *_] in self.promises.items():
                if first.offset in named:
                    self.assertEqual(got[first.offset].uri, f"urn:telex:damaged:{first.offset}")
                else:
                    self.assertEqual(got[first.offset].record(), self.load.sent[uri].record(), uri)
            self.assertEqual(control.verify()["problems"], [])
        daemon.stop()
        return len(got) - len(named), len(named)

    def test_cut_short_while_it_runs(self):
        """Reading behind the file's end raises SIGBUS: the daemon says that the store is damaged, and ends with 1."""
        daemon = self.fill()
        daemon.start()
        os.truncate(daemon.store / "data.mdb", 4 * PAGE)
        if not self.outlives_reading(daemon):
            return
        # A commit in that moment made the file long again, with zeros: they are refused one by one.
        self.assertRegex(daemon.tail(), "Bad message|damaged")
        daemon.kill()

    def test_a_sound_store(self):
        """The control: repair of a store without damage loses and names nothing."""
        daemon = self.fill()
        repaired = self.offline(build.TELEX, "repair", daemon.store)
        self.assertEqual(repaired.returncode, 0, repaired.stderr)
        self.assertIn("lost: 0 articles, 0 events; to be tagged again: 0 articles", repaired.stdout)
        self.assertEqual(len(repaired.stdout.splitlines()), 3, repaired.stdout)
        self.assertEqual(self.check_repaired(daemon, repaired.stdout)[1], 0)

    def test_in_use(self):
        daemon = self.fill()
        daemon.start()
        repaired = self.offline(build.TELEX, "repair", daemon.store)
        self.assertEqual(repaired.returncode, 1)
        self.assertIn("in use", repaired.stderr)


if __name__ == "__main__":
    case.main()
