"""What the fault tests share: one load, one ledger, one reckoning at the end, and a checker that is itself checked."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import ledger
from harness import case, wire
from load import Load
from shim import Shim


class CrashCase(case.DaemonCase):
    def begin(self, seed, options=None, memory=False, **kinds):
        """A daemon that is not started yet, under a shim, and the load for it."""
        self.draw = random.Random(seed)
        self.load = Load(self.draw, self.directory / "ledger")
        self.addCleanup(self.load.ledger.close)
        self.shim = Shim(self.directory / "shim", memory)
        options = {"crew.workers": 1, "crew.attempts": 100, "store.map_size": 1, **(options or {})}
        return self.make_daemon(options, environment=self.shim.environment, **kinds)

    def settle(self, daemon):
        """Starts it without faults, sends what is left, and compares everything. The evidence, for whoever wants more of it."""
        self.shim.clear()
        if not daemon.is_running():
            daemon.start()
        self.load.finish(daemon)
        evidence = self.collect_evidence(daemon)
        self.assertEqual(ledger.faults(**evidence)[:20], [])
        self.assertEqual(set(evidence["promises"]), set(self.load.sent))
        return evidence

    def collect_evidence(self, daemon):
        promises, seen = ledger.read(self.load.path)
        with daemon.stream() as stream:
            events = stream.open(credit=4096, **{"from": "first"}).events(len(promises), wait=90 + len(promises) // 500)
        with daemon.control() as control:
            got = ledger.fetch(control, [promise.offset for made in promises.values() for promise in set(made)])
            return {"promises": promises, "seen": seen, "sent": self.load.sent, "got": got, "events": events,
                    "stats": control.stats(), "verified": control.verify()}

    def check_the_checker(self, evidence):
        """Positive control: each planted fault must be found."""
        for name, changes in planted(**evidence).items():
            with self.subTest(planted=name):
                self.assertNotEqual(ledger.faults(**{**evidence, **changes}), [], "the checker would not have noticed")


def planted(promises, seen, sent, got, events, stats, verified):
    uri, [first, *_] = next(iter(promises.items()))
    other = next(name for name in promises if name != uri)
    far = max(got) + 1000
    ghost = wire.Article("urn:crash:ghost", body="never stored")
    return {
        "lost": {"promises": {**promises, ghost.uri: [ledger.Promise(far, ghost.hash)]}, "sent": {**sent, ghost.uri: ghost}},
        "stored twice": {"promises": {**promises, uri: [first, first._replace(offset=far)]}},
        "one offset for two": {"promises": {**promises, other: [first]}},
        "gone from the store": {"got": {**got, first.offset: None}},
        "other bytes": {"got": {**got, first.offset: got[first.offset].changed(body="x")}},
        "event missing": {"events": [e for e in events if e[1]["subject"] != uri]},
        "event twice": {"events": [*events, (len(events) + 1, {**events[0][1], "time": events[-1][1]["time"]})]},
        "gap": {"events": events[:3] + events[4:]},
        "event changed after it was seen": {"seen": [*seen, (1, "something else")]},
        "time goes back": {"events": [*events[:-1], (events[-1][0], {**events[-1][1], "time": "1999-01-01T00:00:00.000Z"})]},
        "one article too many": {"stats": {**stats, "articles": stats["articles"] + 1}},
        "damage": {"verified": {**verified, "damaged": 1, "problems": ["x"]}},
    }


main = case.main
