#!/usr/bin/python3
"""Retention: the oldest events and their articles go, readers behind the horizon are told exactly what they lost, what waits
or is dead stays, and the file stops growing. TELEX_LONG=1 gives it ten times as much."""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, check, fake_tagger, wire
from harness.case import article
from harness.load import Load


ARTICLES = 60000 if os.environ.get("TELEX_LONG") else 6000  # pushed under a limit of bytes


class Retention(case.DaemonCase):
    def start_fake(self, options):
        """A tagger that takes no time, so that the daemon is what is tested."""
        folder = self.directory / "tagger"
        folder.mkdir()
        return self.start({"crew.tagger": fake_tagger.write(folder), "crew.workers": 1, **options})

    def push(self, ingest, numbers, **fields):
        acks = ingest.push_all([article(n, **fields) for n in numbers])
        self.assertEqual({ack.code for ack in acks}, {"ok"})
        return acks

    def wait_for(self, control, is_there, wait=60):
        """STATS once they are so."""
        deadline = time.monotonic() + wire.seconds(wait)
        while True:
            stats = control.stats()
            if is_there(stats):
                return stats
            self.assertLess(time.monotonic(), deadline, stats)

    def test_a_reader_behind_the_horizon_is_told_what_it_lost(self):
        daemon = self.start({"store.retain_events": 100})
        ingest, control = self.enter(daemon.ingest()), self.enter(daemon.control())
        stream = self.enter(daemon.stream())
        named = stream.open(cursor="desk", credit=10, **{"from": "first"})
        self.push(ingest, range(50))
        taken = []
        while len(taken) < 10:
            taken += named.batch().events
        self.assertEqual(named.seen(11), 11)
        self.push(ingest, range(50, 500))
        stats = self.wait_for(control, lambda s: s["events"] == 100 and s["retention_events"] == 400)
        self.assertEqual((stats["articles"], stats["articles_removed_ever"], stats["horizon"]), (100, 400, 401))
        self.assertGreaterEqual(stats["retention_commits"], 1)
        # The one that is open, without credit until now.
        named.give(1000)
        self.assertEqual([n for n, _ in named.until_next(501)], list(range(401, 501)))
        self.assertEqual(named.lost, [(11, 400)])
        # The cursor that did not move, by another connection, and a number behind the horizon.
        for place, following, lost in (({"cursor": "desk"}, 11, [(11, 400)]), ({"from": 7}, 7, [(7, 400)]),
                                       ({"from": "first"}, 401, [])):
            subscription = self.enter(daemon.stream()).open(**place)
            self.assertEqual(subscription.next, following)
            events = subscription.until_next(501)
            self.assertEqual(subscription.lost, lost)
            self.assertEqual(check.stream_faults(events, 401), [])
            self.assertEqual(len(events), 100)
            if "cursor" in place:
                self.assertEqual(subscription.seen(501), 501)
        self.assertEqual(self.enter(daemon.stream()).open(cursor="desk").next, 501)
        self.assertEqual(control.stats()["stream_lost"], 390 + 390 + 394)
        with self.assertRaises(wire.Refused) as refused:
            control.get(1)
        self.assertEqual(refused.exception.code, "not_found")
        self.assertEqual(control.verify()["problems"], [])

    def test_the_command_says_so_and_goes_on(self):
        daemon = self.start_fake({"store.retain_events": 50})
        ingest, control = self.enter(daemon.ingest()), self.enter(daemon.control())
        self.push(ingest, range(20))
        self.telex(daemon, "follow", "--from", "first", "--cursor", "desk", "--count", 5, "--json")
        self.push(ingest, range(20, 200))
        self.wait_for(control, lambda s: s["horizon"] == 151)
        listed = self.telex(daemon, "cursor", "list").stdout
        self.assertRegex(listed, r"desk .*next +6 +195 behind +145 of them removed")
        done = self.telex(daemon, "follow", "--cursor", "desk", "--no-wait", "--json")
        self.assertEqual(len(done.stdout.splitlines()), 50)
        self.assertIn("events 6 to 150 are lost", done.stderr)
        again = self.telex(daemon, "follow", "--cursor", "desk", "--no-wait", "--json")
        self.assertEqual((again.stdout, again.stderr), ("", ""))
        self.assertRegex(self.telex(daemon, "stats").stdout, r"(?m)^horizon +151$")

    def test_what_is_dead_stays_until_it_is_dropped(self):
        daemon = self.start_fake({"store.retain_events": 10, "crew.attempts": 1})
        (self.directory / "tagger" / "faults").touch()
        ingest, control = self.enter(daemon.ingest()), self.enter(daemon.control())
        [dead] = ingest.push([article(1, uri="urn:fault:refuse:1")])
        self.wait_for(control, lambda s: s["dead"] == 1)
        self.push(ingest, range(2, 60))
        self.wait_for(control, lambda s: s["horizon"] == 50)
        self.assertEqual(control.dead_show(dead.offset)["article"]["uri"], "urn:fault:refuse:1")
        self.assertEqual(control.verify()["problems"], [])
        (self.directory / "tagger" / "faults").unlink()
        self.assertEqual(control.dead_retry(offset=dead.offset), 1)
        stats = self.wait_for(control, lambda s: s["horizon"] == 51)
        self.assertEqual((stats["dead"], stats["articles"]), (0, 10))
        self.assertEqual(control.get(dead.offset)["event"]["sequence"], f"{60:020d}")
        self.assertEqual(control.verify()["problems"], [])

    def test_verify_finds_nothing_while_it_works(self):
        daemon = self.start({"store.retain_events": 200})
        control, load = self.enter(daemon.control()), Load(daemon)
        load.start()
        try:
            horizon = 1
            for _ in range(3):
                horizon = self.wait_for(control, lambda s: s["horizon"] > horizon)["horizon"]
                verdict = control.verify()
                self.assertEqual(verdict["problems"], [])
                self.assertGreater(verdict["events"], 0)
        finally:
            load.stop()

    def test_it_is_switched_on_by_a_reload_and_numbers_go_on_after_a_restart(self):
        configuration = self.directory / "telexd.conf"
        configuration.write_text("[store]\n")
        daemon = self.start(arguments=["-c", configuration])
        with daemon.ingest() as ingest, daemon.control() as control:
            self.push(ingest, range(100))
            self.wait_for(control, lambda s: s["events"] == 100)
            configuration.write_text("[store]\nretain_events = 5\n")
            daemon.signal(signal.SIGHUP)
            self.wait_for(control, lambda s: s["events"] == 5)
        daemon.stop()
        daemon.start()
        with daemon.ingest() as ingest, daemon.control() as control, daemon.stream() as stream:
            self.assertEqual(control.stats()["horizon"], 96)
            kept = stream.open(**{"from": 100}).until_next(101)[0][1]["data"]["offset"]
            self.assertEqual(control.get(kept)["event"]["sequence"], f"{100:020d}")
            acks = ingest.push([article(0), article(kept - 1)])
            self.assertEqual([(ack.offset, ack.duplicate) for ack in acks], [(101, False), (kept, True)])
            events = stream.open(**{"from": 96}).until_next(102)
            self.assertEqual([n for n, _ in events][-5:], list(range(97, 102)))
            self.assertEqual(control.verify()["problems"], [])

    def test_the_file_stops_growing(self):
        daemon = self.start_fake({"store.retain_bytes": 16})
        ingest, control = self.enter(daemon.ingest()), self.enter(daemon.control())
        used, number = [], 0
        while number < ARTICLES:
            self.push(ingest, range(number, number + 100), body="Lorem ipsum dolor sit amet. " * (number % 1800))
            number += 100
            used.append(self.wait_for(control, lambda s: s["pending"] < 50)["used_bytes"])
        stats = self.wait_for(control, lambda s: s["pending"] == 0 and s["live_bytes"] <= 17 << 20)
        self.assertGreater(stats["horizon"], ARTICLES * 3 // 4)
        # What a third of it needed is, but for some crumbs, all that is ever needed.
        self.assertLess(max(used), max(used[:len(used) // 3]) + (4 << 20))
        self.assertLess(max(used), 48 << 20)
        self.assertLess(os.stat(daemon.store / "data.mdb").st_size, 80 << 20)
        self.assertEqual(control.verify()["problems"], [])


if __name__ == "__main__":
    case.main()
