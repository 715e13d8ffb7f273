#!/usr/bin/python3
"""kill -9 under load, again and again, at random moments, also during startup. A client keeps a ledger of what was acknowledged;
at the end every acknowledged article is there with its bytes, stored once, with exactly one event, and the stream has no gap.
TELEX_CRASH_CYCLES sets the number of kills, TELEX_CRASH_SEED repeats a run. The checker itself is tested against ledgers with
planted faults, on the same store."""

import os
import random
import select
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import ledger
from harness import build, case, wire

CYCLES = int(os.environ.get("TELEX_CRASH_CYCLES") or (30 if build.sanitizers() else 100))
SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
WINDOW = 8  # requests in flight


def make(number):
    """The same article for the same number, so that it can be sent again and compared at the end."""
    draw = random.Random(number)
    body = "Angela Merkel met Vladimir Putin. " * draw.randrange(1, 8) if draw.random() < 0.95 else "x" * draw.randrange(50000)
    return wire.Article(f"urn:crash:{number}", f"Report {number}", "TEST", "en", "", b"", f"{number} {body}")


class Load:
    """A client that keeps requests in flight, notes acknowledgements and sends again what was not acknowledged."""

    def __init__(self, draw, path):
        self.draw, self.ledger = draw, ledger.Ledger(path)
        self.sent, self.unacknowledged, self.acknowledged = {}, [], []

    def batch(self):
        """Old ones first; now and then one that was acknowledged long ago."""
        articles = [self.unacknowledged.pop(0) for _ in range(min(len(self.unacknowledged), self.draw.randrange(1, 30)))]
        for _ in range(self.draw.randrange(1, 20) - len(articles)):
            one = make(len(self.sent))
            self.sent[one.uri] = one
            articles.append(one)
        if self.acknowledged and self.draw.random() < 0.1:
            articles.append(self.sent[self.draw.choice(self.acknowledged)])
        return articles

    def run(self, daemon, count):
        """Pushes until `count` articles more are acknowledged, then kills the daemon with requests in flight."""
        with daemon.ingest() as ingest:
            flying, acks = {}, 0
            try:
                while acks < count:
                    while len(flying) < WINDOW:
                        articles = self.batch()
                        flying[ingest.send(wire.PUSH, b"".join(a.record() for a in articles))] = articles
                    acks += self.collect(ingest, flying)
                daemon.strike()
                self.take_what_had_left(ingest, flying)
            finally:
                self.unacknowledged += [a for articles in flying.values() for a in articles]

    def collect(self, ingest, flying, wait=20):
        head, payload = ingest.receive(wait)
        if head.kind == wire.ERROR:
            raise wire.parse_error(payload)
        articles = flying.pop(head.id)
        for one, ack in zip(articles, wire.parse_acks(payload), strict=True):
            if ack.code != "ok":
                raise AssertionError(f"{one.uri} was refused: {ack}")
            self.ledger.note(one.uri, ack)
            if not ack.duplicate:
                self.acknowledged.append(one.uri)
        return len(articles)

    def take_what_had_left(self, ingest, flying):
        """Acknowledgements that the daemon had sent before it died are promises too."""
        while flying and ingest.socket.poll(0):
            self.collect(ingest, flying)

    def finish(self, daemon):
        """Everything that was ever sent is sent until it is acknowledged."""
        with daemon.ingest() as ingest:
            while self.unacknowledged:
                flying = {}
                articles = [self.unacknowledged.pop(0) for _ in range(min(len(self.unacknowledged), 200))]
                flying[ingest.send(wire.PUSH, b"".join(a.record() for a in articles))] = articles
                self.collect(ingest, flying)
        self.ledger.close()


class Kill(case.DaemonCase):
    def test_kill_at_random_moments(self):
        print(f"TELEX_CRASH_SEED={SEED} TELEX_CRASH_CYCLES={CYCLES}", flush=True)
        draw = random.Random(SEED)
        started = time.monotonic()
        daemon = self.make_daemon({"crew.workers": 1, "store.map_size": 1})
        self.load = Load(draw, self.directory / "ledger")
        young = 0
        for cycle in range(CYCLES):
            daemon.launch()
            if draw.random() < 0.2:
                young += self.kill_during_startup(daemon, draw)
            else:
                daemon.wait_notified("READY", "1")
                self.load.run(daemon, draw.choice((1, 5, 20, 80, 200, 400)))
            daemon.kill()  # waits for its workers
        daemon.start()
        self.load.finish(daemon)
        self.settle(daemon, time.monotonic() - started, young)

    def kill_during_startup(self, daemon, draw):
        """Some milliseconds into the start; 1 when it had not yet said READY."""
        fd = os.pidfd_open(daemon.pid)
        select.select([fd], [], [], draw.random() * 0.03)
        os.close(fd)
        return not daemon.notify.values("READY")

    def settle(self, daemon, took, young):
        path = self.directory / "ledger"
        promises = ledger.read(path)
        with daemon.stream() as stream:
            events = stream.open(credit=4096, **{"from": "first"}).events(len(promises), wait=90)
        with daemon.control() as control:
            got = ledger.fetch(control, [promise.offset for made in promises.values() for promise in set(made)])
            evidence = (self.load.sent, got, events, control.stats(), control.verify())
        again = sum(len(made) > 1 for made in promises.values())
        print(f"{CYCLES} kills ({young} before READY) in {took:.1f} s: {len(promises)} articles acknowledged, {again} of them twice or "
              f"more, {len(events)} events", flush=True)
        self.assertEqual(ledger.faults(promises, *evidence)[:20], [])
        self.assertEqual(set(promises), set(self.load.sent))
        self.assertGreater(again, 0, "no duplicate was ever sent")
        self.control(promises, *evidence)

    def control(self, promises, sent, got, events, stats, verified):
        """Positive control: each planted fault must be found."""
        uri, [first, *_] = next(iter(promises.items()))
        other = next(name for name in promises if name != uri)
        plant = lambda **changes: {"promises": promises, "sent": sent, "got": got, "events": events, "stats": stats,
                                   "verified": verified, **changes}
        far = max(got) + 1000
        ghost = wire.Article("urn:crash:ghost", body="never stored")
        planted = {
            "lost": plant(promises={**promises, ghost.uri: [ledger.Promise(far, ghost.hash)]}, sent={**sent, ghost.uri: ghost}),
            "stored twice": plant(promises={**promises, uri: [first, first._replace(offset=far)]}),
            "one offset for two": plant(promises={**promises, other: [first]}),
            "gone from the store": plant(got={**got, first.offset: None}),
            "other bytes": plant(got={**got, first.offset: got[first.offset].changed(body="x")}),
            "event missing": plant(events=[e for e in events if e[1]["subject"] != uri]),
            "event twice": plant(events=[*events, (len(events) + 1, {**events[0][1], "time": events[-1][1]["time"]})]),
            "gap": plant(events=events[:3] + events[4:]),
            "time goes back": plant(events=[*events[:-1], (events[-1][0], {**events[-1][1], "time": "1999-01-01T00:00:00.000Z"})]),
            "one article too many": plant(stats={**stats, "articles": stats["articles"] + 1}),
            "damage": plant(verified={**verified, "damaged": 1, "problems": ["x"]}),
        }
        for name, evidence in planted.items():
            with self.subTest(planted=name):
                self.assertNotEqual(ledger.faults(**evidence), [], "the checker would not have noticed")


if __name__ == "__main__":
    case.main()
