#!/usr/bin/python3
"""Workers that are killed, stopped, spin, talk nonsense or are not there: no article is lost, none is tagged twice."""

import os
import select
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, check, fake_tagger
from harness.case import article
from harness.daemon import open_pid_fds, wait_for_end

MANY = 1000


class Crew(case.DaemonCase):
    def follow(self, daemon, count, wait=90):
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(count, wait)
        self.assertEqual(check.stream_faults(events), [])
        return events

    def assert_all_tagged_once(self, daemon, count, wait=120):
        events = self.follow(daemon, count, wait)
        self.assertEqual({e["type"] for _, e in events}, {"telex.article.tagged"})
        self.assertEqual(sorted(e["data"]["offset"] for _, e in events), list(range(1, count + 1)))
        with daemon.control() as control:
            stats, verified = control.stats(), control.verify()
        self.assertEqual([stats[name] for name in ("articles", "events", "pending", "dead")], [count, count, 0, 0])
        self.assertEqual(verified["problems"], [])

    def push(self, daemon, articles):
        with daemon.ingest() as ingest:
            acks = ingest.push_all(articles)
        self.assertEqual({ack.code for ack in acks}, {"ok"})
        return [ack.offset for ack in acks]


class RealTagger(Crew):
    """The signal falls while articles are in flight: the stream has begun and is not over."""

    BODY = "Angela Merkel met Vladimir Putin in Berlin. The European Commission spoke of Poland. " * 40

    def start_work(self, **options):
        daemon = self.start({"crew.timeout": 2, **options})
        self.push(daemon, (article(n, self.BODY) for n in range(MANY)))
        self.stream = self.enter(daemon.stream())
        self.subscription = self.stream.open(credit=MANY, **{"from": "first"})
        self.first = self.subscription.batch()
        return daemon

    def assert_was_under_way(self, seen):
        self.assertLess(seen, MANY, "all was tagged before the fault; it proves nothing")

    def test_killed(self):
        daemon = self.start_work()
        for round_ in range(4):
            workers = daemon.workers()
            fds = open_pid_fds(workers)
            for pid in workers[round_ % 2:]:
                os.kill(pid, signal.SIGKILL)
            for fd in fds[:round_ % 2]:
                os.close(fd)
            self.assertTrue(wait_for_end(fds[round_ % 2:], 20))
            if round_ == 0:
                self.assert_was_under_way(self.subscription.next)
            self.subscription.batch(wait=60)
        self.assert_all_tagged_once(daemon, MANY)

    def test_stopped(self):
        daemon = self.start_work()
        workers = daemon.workers()
        fds = open_pid_fds(workers)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        self.assert_was_under_way(self.subscription.next)
        self.assertTrue(wait_for_end(fds, 60), "a stopped worker was left where it was")
        self.assert_all_tagged_once(daemon, MANY)

    def test_replaced_on_sighup(self):
        daemon = self.start_work()
        old = daemon.workers()
        fds = open_pid_fds(old)
        daemon.notify.clear()
        daemon.signal(signal.SIGHUP)
        daemon.wait_notified("RELOADING")
        self.assertTrue(wait_for_end(fds, 60), "an old worker stayed")
        self.assert_all_tagged_once(daemon, MANY)
        new = daemon.workers()
        self.assertEqual(len(new), 2)
        self.assertFalse(set(old) & set(new))

    def test_idle_stopped_worker_is_found_by_ping(self):
        daemon = self.start({"crew.timeout": 1, "crew.workers": 1})
        self.push(daemon, [article(1)])
        self.follow(daemon, 1)
        [worker] = daemon.workers()
        fds = open_pid_fds([worker])
        os.kill(worker, signal.SIGSTOP)
        self.push(daemon, [article(2)])
        self.assertTrue(wait_for_end(fds, 60))
        self.assert_all_tagged_once(daemon, 2)


class Faults(Crew):
    """A tagger that misbehaves on marked articles, between a thousand good ones."""

    def start_faulty(self, faults=True, **options):
        self.tagger = fake_tagger.write(self.directory)
        if faults:
            (self.directory / "faults").touch()
        return self.start({"crew.tagger": self.tagger, "crew.timeout": 1, "crew.attempts": 2, **options})

    def tries(self, uri):
        """The workers that took this article, in order."""
        lines = (self.directory / "jobs").read_text().splitlines()
        return [line.split("\t")[0] for line in lines if line.split("\t")[1] == uri]

    def poison(self, fault, words, **options):
        daemon = self.start_faulty(**options)
        bad = article(0, "Poison \U0001f600\r\n bytes.", uri=f"urn:fault:{fault}:1", title="Poison")
        offsets = self.push(daemon, [*(article(n) for n in range(MANY // 2)), bad, *(article(n) for n in range(MANY // 2, MANY))])
        events = self.follow(daemon, MANY + 1, wait=120)
        dead = [e for _, e in events if e["type"] == "telex.article.dead"]
        self.assertEqual([e["subject"] for e in dead], [bad.uri])
        self.assertEqual(sorted(e["data"]["offset"] for _, e in events), offsets)
        self.assertEqual(check.event_faults(dead[0], bad), [])
        self.assertRegex(dead[0]["data"]["reason"]["last_words"], words)
        with daemon.control() as control:
            self.assertEqual(control.dead_show(offsets[MANY // 2])["article"]["body"], bad.body)
        return daemon, bad, dead[0]

    def retry_after_the_fix(self, daemon, bad):
        (self.directory / "faults").unlink()
        self.telex(daemon, "dead", "retry", MANY // 2 + 1)
        [(_, event)] = self.follow(daemon, MANY + 2)[-1:]
        self.assertEqual((event["type"], event["subject"]), ("telex.article.tagged", bad.uri))
        with daemon.control() as control:
            self.assertEqual((control.dead(), control.verify()["problems"]), ([], []))

    def test_crash(self):
        daemon, bad, dead = self.poison("crash", r"(?i)signal 11|SEGV|segmentation")
        self.assertEqual(len(self.tries(bad.uri)), 2)
        self.assertEqual(dead["data"]["reason"]["attempts"], 2)
        self.retry_after_the_fix(daemon, bad)

    def test_exit_with_last_words(self):
        daemon, bad, _ = self.poison("exit", r"upside down")
        self.retry_after_the_fix(daemon, bad)

    def test_spin(self):
        daemon, bad, _ = self.poison("spin", r"(?i)time|answer|1 s")
        self.assertEqual(len(self.tries(bad.uri)), 2)
        self.retry_after_the_fix(daemon, bad)

    def test_junk(self):
        self.poison("junk", r"(?i)frame|protocol|old and new|nonsense|head")

    def test_refusal_is_not_tried_again(self):
        _, bad, dead = self.poison("refuse", r"too strange for me")
        self.assertEqual((len(self.tries(bad.uri)), dead["data"]["reason"]["attempts"]), (1, 1))

    def test_neighbours_are_not_blamed(self):
        """Everything in a dying worker's window but the article it was on is tried again as often as it takes."""
        daemon = self.start_faulty(**{"crew.workers": 1, "crew.window": 16, "crew.attempts": 1})
        articles = [article(n) if n % 5 else article(n).changed(uri=f"urn:fault:crash:{n}") for n in range(40)]
        self.push(daemon, articles)
        events = self.follow(daemon, 40, wait=120)
        dead = {e["subject"] for _, e in events if e["type"] == "telex.article.dead"}
        self.assertEqual(dead, {f"urn:fault:crash:{n}" for n in range(0, 40, 5)})

    def test_poison_survives_a_kill_of_the_daemon(self):
        daemon = self.start_faulty()
        self.push(daemon, [article(0).changed(uri="urn:fault:crash:0"), *(article(n) for n in range(1, 20))])
        self.follow(daemon, 20)
        daemon.kill()
        daemon.start()
        self.follow(daemon, 20)
        with daemon.control() as control:
            self.assertEqual([d["uri"] for d in control.dead()], ["urn:fault:crash:0"])

    def test_missing_tagger(self):
        """Articles are taken and kept; the daemon does not spin; with the tagger there, all goes on."""
        tagger = self.directory / "tagger"
        daemon = self.make_daemon({"crew.tagger": tagger})
        try:
            daemon.start()
        except ChildProcessError:
            self.assertRegex(daemon.tail(), str(tagger))
            fake_tagger.write(self.directory)
            daemon.start()
            return
        self.push(daemon, (article(n) for n in range(20)))
        daemon.log.wait(str(tagger))
        with daemon.control() as control:
            self.assertEqual(control.stats()["pending"], 20)
        fake_tagger.write(self.directory)
        self.assert_all_tagged_once(daemon, 20)

    def test_tagger_that_never_starts_is_throttled(self):
        tagger = self.directory / "tagger"
        tagger.write_text(f"#!/bin/sh\necho x >>{self.directory}/starts\nexit 1\n")
        tagger.chmod(0o755)
        daemon = self.start({"crew.tagger": tagger, "crew.workers": 1})
        self.push(daemon, [article(1)])
        # Two seconds, then four: the third start is at least six seconds behind the first.
        with daemon.control() as control:
            while control.stats()["uptime_seconds"] < 5:
                select.select([control.socket.fileno()], [], [], 0.2)
        self.assertLessEqual((self.directory / "starts").read_text().count("x"), 4)
        fake_tagger.write(self.directory)
        self.assert_all_tagged_once(daemon, 1)


if __name__ == "__main__":
    case.main()
