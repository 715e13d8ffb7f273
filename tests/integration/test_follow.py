#!/usr/bin/python3
"""Following: replay and live without gap or duplicate, whatever the filter, the credit, the moment and whoever is killed."""

import json
import signal
import sys
from pathlib import Path

import zmq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, check, wire
from harness.build import sanitizers
from harness.case import Lines, article, start_telex

BODIES = {
    "en": ("Angela Merkel met Emmanuel Macron in Paris on day {}.", "The European Commission spoke of Poland on day {}."),
    "de": ("Bundeskanzlerin Angela Merkel traf am Tag {} in Berlin ein.", "Wladimir Putin reiste am {}. Tag nach China."),
    "pl": ("Dnia {} prezydent Andrzej Duda spotkał się z Angelą Merkel w Warszawie.", "Dnia {} nic się nie stało w Paryżu."),
}
SOURCES = ("PAP", "dpa", "Reuters", "")
FILTERS = ({}, {"languages": ["pl"]}, {"languages": ["de", "en"], "sources": ["PAP", "dpa"]}, {"sources": ["Reuters"]},
           {"types": ["person"]}, {"entities": ["Q567"]}, {"entities": ["Q567", "Q7747"], "languages": ["de"]},
           {"types": ["organisation", "event"], "sources": ["PAP"]}, {"entities": ["Q1"]}, {"languages": ["fi"]})


def mixed(numbers):
    """Articles of all languages and sources, in a pattern that repeats only after hundreds."""
    for n in numbers:
        language = ("en", "de", "pl")[n % 3]
        yield article(n, BODIES[language][n // 3 % 2].format(n), language=language, source=SOURCES[n // 6 % 4])


def sequences(events):
    return [sequence for sequence, _ in events]


class Follow(case.DaemonCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.start()
        self.ingest = self.enter(self.daemon.ingest())

    def push(self, numbers):
        acks = self.ingest.push_all(mixed(numbers))
        self.assertEqual({ack.code for ack in acks}, {"ok"})

    def all_events(self, count, wait=60):
        """The whole stream, checked; the yardstick for every filtered one."""
        with self.daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(count, wait)
        self.assertEqual(check.stream_faults(events), [])
        return events

    def expect(self, subscription, events, filter):
        found = subscription.until_next(len(events) + 1)
        wanted = [(sequence, event) for sequence, event in events if check.passes(event, **filter)]
        self.assertEqual(found, wanted, f"filter {filter}")
        return len(wanted)

    def test_every_filter_is_exact_before_during_and_after(self):
        before = self.enter(self.daemon.stream())
        early = [(f, before.open(filter=f, credit=64, **{"from": "first"})) for f in FILTERS]
        self.push(range(300))
        during = self.enter(self.daemon.stream())
        middle = [(f, during.open(filter=f, credit=7, **{"from": "first"})) for f in FILTERS]
        self.push(range(300, 500))
        events = self.all_events(500)
        after = self.enter(self.daemon.stream())
        late = [(f, after.open(filter=f, **{"from": "first"})) for f in FILTERS]
        for group in (early, middle, late):
            matches = [self.expect(subscription, events, f) for f, subscription in group]
        self.assertGreaterEqual(sum(count > 0 for count in matches), 7, "too few filters let anything through")

    def test_filtered_replay_over_many_index_batches(self):
        """More articles than one batch of the deferred indexes, and some behind the last one."""
        self.push(range(5000))
        self.push(range(5000, 5200))
        events = self.all_events(5200)
        for f in FILTERS:
            with self.daemon.stream() as stream:
                self.expect(stream.open(filter=f, credit=1024, **{"from": "first"}), events, f)
                tail = stream.open(filter=f, credit=1024, **{"from": 4000}).until_next(5201)
                self.assertEqual(tail, [(n, e) for n, e in events if n >= 4000 and check.passes(e, **f)])

    def test_from_now_number_and_time(self):
        self.push(range(60))
        first = self.all_events(60)
        with self.daemon.stream() as stream:
            now = stream.open()
            self.assertEqual((now.next, now.head), (61, 60))
            at = stream.open(**{"from": 42})
            self.assertEqual(at.next, 42)
            ahead = stream.open(**{"from": 65})
            time_of_30 = first[29][1]["time"]
            timed = stream.open(**{"from": time_of_30})
            past, future = stream.open(**{"from": "1999-01-01T00:00:00Z"}), stream.open(**{"from": "2999-01-01T00:00:00+02:00"})
            self.push(range(60, 70))
            events = self.all_events(70)
            self.assertEqual(now.until_next(71), events[60:])
            self.assertEqual(at.until_next(71), events[41:])
            self.assertEqual(ahead.until_next(71), events[64:])
            self.assertEqual(timed.until_next(71), [e for e in events if e[1]["time"] >= time_of_30])
            self.assertEqual(past.until_next(71), events)
            self.assertGreater(future.next, 60)

    def test_credit_is_never_overdrawn_and_goes_on_where_it_stopped(self):
        self.push(range(50))
        events = self.all_events(50)
        with self.daemon.stream() as stream:
            poor = stream.open(credit=10, **{"from": "first"})
            rich = stream.open(credit=1000, **{"from": "first"})
            # Both are served by one loop: when the rich one is through, the poor one had its chance to be given too much.
            self.assertEqual(rich.until_next(51), events)
            taken = []
            while len(taken) < 10:
                taken += poor.batch().events
            for part in (1, 5, 30):
                poor.give(part)
                wanted = len(taken) + part
                while len(taken) < wanted:
                    taken += poor.batch().events
            poor.give(100)
            taken += poor.until_next(51)
            self.assertEqual(taken, events)

    def test_many_subscriptions_on_one_connection_and_one_too_many(self):
        self.push(range(30))
        events = self.all_events(30)
        with self.daemon.stream() as stream:
            opened = [stream.open(**{"from": "first"}) for _ in range(64)]
            with self.assertRaises(wire.Refused) as refused:
                stream.open()
            self.assertEqual((refused.exception.code, refused.exception.retryable), ("too_many", True))
            for subscription in opened:
                self.assertEqual(subscription.until_next(31), events)
            opened[0].close()
            self.assertEqual(stream.open(**{"from": "first"}).until_next(31), events)

    def test_bad_openings_are_refused(self):
        with self.daemon.stream() as stream:
            for options in ({"from": "yesterday"}, {"from": 0}, {"from": -1}, {"from": []}, {"cursor": "a b"}, {"cursor": ""},
                            {"cursor": "c" * 65}, {"credit": 0}, {"credit": 65537}, {"credit": "many"}, {"text": 1},
                            {"filter": []}, {"filter": {"types": ["animal"]}}, {"filter": {"entities": "Q1"}},
                            {"filter": {"languages": ["pl"] * 65}}):
                with self.subTest(options), self.assertRaises(wire.Refused) as refused:
                    stream.open(**options)
                self.assertEqual(refused.exception.code, "bad_request")
            with self.assertRaises(wire.Refused) as refused:
                stream.ask(wire.OPEN, b"{")
            self.assertIn(refused.exception.code, ("bad_json", "bad_request"))
            stream.open()

    def test_seen_needs_a_cursor(self):
        with self.daemon.stream() as stream:
            with self.assertRaises(wire.Refused) as refused:
                stream.open(**{"from": "first"}).seen(1)
            self.assertEqual(refused.exception.code, "bad_request")

    def test_cursor_survives_kill_of_the_daemon(self):
        self.push(range(40))
        with self.daemon.stream() as stream:
            desk = stream.open(cursor="desk-3", **{"from": "first"})
            desk.until_next(41)
            self.assertEqual(desk.seen(18), 18)
        self.daemon.kill()
        self.daemon.start()
        with self.daemon.control() as control:
            self.assertEqual(control.cursors(), {"desk-3": 18})
        events = self.all_events(40)
        with self.daemon.stream() as stream:
            desk = stream.open(cursor="desk-3", **{"from": "first"})
            self.assertEqual(desk.next, 18)
            self.assertEqual(desk.until_next(41), events[17:])

    def test_cursor_is_taken_over(self):
        self.push(range(10))
        with self.daemon.stream() as one, self.daemon.stream() as two:
            old = one.open(cursor="desk", **{"from": "first"})
            old.until_next(11)
            old.seen(5)
            new = two.open(cursor="desk")
            self.assertEqual(new.next, 5)
            with self.assertRaises(wire.Refused) as refused:
                old.batch()
            self.assertEqual((refused.exception.code, refused.exception.retryable), ("cursor_taken", False))
            self.assertEqual(len(new.until_next(11)), 6)

    def test_new_cursor_is_made_where_it_was_opened(self):
        self.push(range(10))
        self.all_events(10)
        with self.daemon.stream() as stream:
            stream.open(cursor="made", **{"from": 4})
        with self.daemon.control() as control:
            self.assertEqual(control.cursors(), {"made": 4})

    def test_filter_lets_a_cursor_move_past_what_it_keeps_back(self):
        self.push(range(90))
        self.all_events(90)
        with self.daemon.stream() as stream:
            nothing = stream.open(cursor="fi", filter={"languages": ["fi"]}, **{"from": "first"})
            self.assertEqual(nothing.until_next(91), [])
            self.assertEqual(nothing.seen(nothing.next), 91)

    def test_subscribers_join_while_articles_arrive(self):
        """Each joins with a batch in flight, at another moment of a running stream; what it sees is the tail of that stream."""
        joined, batches = [], list(wire.batches_of(list(mixed(range(2000))), 50))
        with self.daemon.stream() as stream, self.daemon.stream() as other:
            tagged = other.open(credit=4000)
            for number, batch in enumerate(batches):
                if number % 10 == 0:
                    tagged.until_next(50 * number + 1, wait=60)  # however slow the workers are, the stream moves on
                request = self.ingest.send(wire.PUSH, b"".join(one.record() for one in batch))
                subscription = stream.open(credit=4000, **{"from": ("first", "now")[number % 2]})
                joined.append((subscription.next, subscription))
                self.ingest.reply_to(request, wire.PUSH)
            events = self.all_events(2000)
            for start, subscription in joined:
                self.assertEqual(subscription.until_next(2001, wait=60), events[start - 1:])
        self.assertGreater(len({start for start, _ in joined}), 2, "all joined at the same place")


class Slow(case.DaemonCase):
    def test_slow_subscriber_costs_no_memory_and_stops_nobody(self):
        daemon = self.start()
        with daemon.ingest() as ingest, daemon.stream() as quick, wire.Stream(daemon.endpoint("stream")) as slow:
            body = "Angela Merkel spoke in Berlin. " * 300
            slow.socket.close(0)
            slow.socket = slow.context.socket(zmq.DEALER)
            slow.socket.rcvhwm, slow.socket.linger, slow.socket.rcvbuf = 1, 0, 4096
            slow.socket.connect(daemon.endpoint("stream"))
            asleep = slow.open(credit=65536, text=True)
            before = daemon.resident()
            follower = quick.open(credit=256)
            for start in range(0, 4000, 200):
                acks = ingest.push_all((article(n, body) for n in range(start, start + 200)), batch=50)
                self.assertEqual({ack.code for ack in acks}, {"ok"})
                follower.until_next(start + 201, wait=60)
            grown = daemon.resident() - before
            print(f"4,000 articles with texts of {len(body)} bytes past a sleeping subscriber: {grown / 1e6:.1f} MB more")
            if not sanitizers():
                self.assertLess(grown, 24e6)
            self.assertEqual(sequences(asleep.until_next(4001, wait=60)), list(range(1, 4001)))


class LiveSocket(case.DaemonCase):
    def test_topics(self):
        daemon = self.start()
        with daemon.live("event/") as everything, daemon.live("event/pl/") as polish, daemon.live("entity/Q567/") as merkel, \
                daemon.ingest() as ingest, daemon.stream() as stream:
            # A subscription counts from when it has reached the daemon: push until each has heard something.
            follower = stream.open()
            heard = {}
            number = 0
            while len(heard) < 3:
                number += 3
                self.assertLess(number, 300, "nothing is published")
                ingest.push(mixed(range(number - 3, number)))
                follower.until_next(number + 1)
                for name, live in (("everything", everything), ("polish", polish), ("merkel", merkel)):
                    if live.socket.poll(wire.seconds(1) * 1000 if name not in heard else 0):
                        heard[name] = live.event()
            ingest.push(mixed(range(900, 960)))
            follower.until_next(number + 61)
            with daemon.stream() as other:
                events = dict(other.open(credit=1000, **{"from": "first"}).until_next(number + 61))
            self.check(everything, heard["everything"], events, lambda e: [f"event/{e['data']['language']['tag']}/"])
            self.check(polish, heard["polish"], events,
                       lambda e: ["event/pl/"] * (e["data"]["language"]["tag"] == "pl"))
            self.check(merkel, heard["merkel"], events,
                       lambda e: ["entity/Q567/"] * any(n["id"] == "Q567" for n in e["data"]["entities"]))

    def check(self, live, first, events, topics_of):
        """From the first message heard on, every event that has such a topic came once, under it, in order."""
        topic, event = first
        start = int(topic.rsplit("/", 1)[1])
        wanted = [(f"{prefix}{s:020d}", e) for s, e in sorted(events.items()) if s >= start for prefix in topics_of(e)]
        got = [first]
        while len(got) < len(wanted):
            got.append(live.event())
        self.assertEqual(normal(got), normal(wanted))


def normal(messages):
    """Topics without leading zeros of the sequence, which section 9 leaves open."""
    return [(topic.rsplit("/", 1)[0], int(topic.rsplit("/", 1)[1]), event) for topic, event in messages]


class Command(case.DaemonCase):
    """telex follow."""

    def setUp(self):
        super().setUp()
        self.daemon = self.start()
        with self.daemon.ingest() as ingest:
            ingest.push_all(mixed(range(120)))
        with self.daemon.stream() as stream:
            self.events = [event for _, event in stream.open(**{"from": "first"}).events(120)]

    def wanted(self, **filter):
        return [event for event in self.events if check.passes(event, **filter)]

    def test_filters(self):
        for arguments, filter in ((("--lang", "pl,de"), {"languages": ["pl", "de"]}),
                                  (("--source", "PAP"), {"sources": ["PAP"]}),
                                  (("--type", "organisation,person"), {"types": ["organisation", "person"]}),
                                  (("--entity", "Q567"), {"entities": ["Q567"]}),
                                  (("--entity", "Angela Merkel", "--lang", "de"), {"entities": ["Q567"], "languages": ["de"]})):
            with self.subTest(arguments):
                wanted = self.wanted(**filter)
                self.assertGreater(len(wanted), 3)
                got = self.telex_json(self.daemon, "follow", "--from", "first", "--json", "--count", len(wanted), *arguments)
                self.assertEqual(got, wanted)

    def test_from(self):
        for start, wanted in (("first", self.events), ("100", self.events[99:]),
                              (self.events[79]["time"], [e for e in self.events if e["time"] >= self.events[79]["time"]])):
            got = self.telex_json(self.daemon, "follow", "--from", start, "--json", "--count", len(wanted))
            self.assertEqual(got, wanted)

    def test_for_people(self):
        shown = self.telex(self.daemon, "follow", "--from", "first", "--count", "5").stdout
        self.assertNotIn("\x1b", shown, "colour without a terminal")
        for event in self.events[:5]:
            self.assertIn(event["data"]["title"], shown)

    def test_cursor_goes_on_behind_the_last_one_shown(self):
        first = self.telex_json(self.daemon, "follow", "--cursor", "desk", "--from", "first", "--json", "--count", 50)
        rest = self.telex_json(self.daemon, "follow", "--cursor", "desk", "--json", "--count", 70)
        self.assertEqual(first + rest, self.events)

    def test_cursor_after_kill_of_the_client(self):
        """At least once: what was printed before the kill may come again, nothing is missing."""
        follow = start_telex(self.daemon, "follow", "--cursor", "desk", "--from", "first", "--json")
        lines = Lines(follow)
        with follow:
            shown = [json.loads(lines.next()) for _ in range(60)]
            follow.kill()
            shown += map(json.loads, lines.until_end())
        # What the client said it had dealt with may still be on its way: no fixed place can be asked for.
        rest = self.telex_json(self.daemon, "follow", "--cursor", "desk", "--json", "--no-wait")
        self.assertEqual(shown, self.events[:len(shown)])
        self.assertEqual(rest, self.events[len(self.events) - len(rest):])
        self.assertGreaterEqual(len(shown) + len(rest), len(self.events), "an event was never shown")

    def test_goes_on_when_the_daemon_is_killed_and_comes_back(self):
        follow = start_telex(self.daemon, "follow", "--from", "first", "--json")
        lines = Lines(follow)
        with follow:
            shown = [json.loads(lines.next()) for _ in range(120)]
            self.daemon.kill()
            self.daemon.start()
            with self.daemon.ingest() as ingest:
                ingest.push_all(mixed(range(120, 140)))
            shown += [json.loads(lines.next()) for _ in range(20)]
            follow.send_signal(signal.SIGTERM)
        self.assertEqual(shown[:120], self.events)
        self.assertEqual([int(event["sequence"]) for event in shown], list(range(1, 141)))

    def test_bad_arguments(self):
        for arguments in (("--from", "yesterday"), ("--type", "animal"), ("--count", "x"), ("--cursor", "a b"), ("--nonsense",)):
            with self.subTest(arguments):
                self.assertNotIn(self.telex(self.daemon, "follow", *arguments, status=None, wait=10).returncode, (0, None))


if __name__ == "__main__":
    case.main()
