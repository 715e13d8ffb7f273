#!/usr/bin/python3
"""Workers that were taken over and articles that kill them, in the real sandbox (hostile_tagger.c): none gets out, none takes
another article with it, each ends in the dead letters whole, and none makes the others wait.

TELEX_LONG=1 runs with 10,000 articles, and watches a broken worker for a whole minute."""

import os
import re
import select
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, check
from harness.case import article
from harness.daemon import open_pid_fds, wait_for_end

HOSTILE = build.BUILD / "tests" / "integration" / "hostile-tagger"
LONG = bool(os.environ.get("TELEX_LONG"))
SEALED = not build.sanitizers() and "TELEX_SANDBOX:BOOL=OFF" not in (build.BUILD / "CMakeCache.txt").read_text()

NO_CALL = r"killed by signal 31 \(Bad system call\)"
ACTS = {
    "crash": r"killed by signal 11",
    "overflow": r"killed by signal 11",
    "spin": r"timed out after 2 s",
    "leave": r"exited with status 3: .*I have had enough",
    "garbage": r"protocol error: not a frame of ours",
    "half": r"exited with status 0",
    "version": r"protocol error: worker speaks version 9, not 1 \(old and new binaries mixed\?\)",
    "stranger": r"protocol error: frame of kind 3 with id 18446744073709551615 out of turn",
    "flood": r"protocol error: not a frame of ours",
    "frames": r"protocol error: frame of kind 5 with id 1 out of turn",
    "rant": r"timed out after 2 s: .*no! no!",
}
OUTSIDE = {
    "memory": r"killed by signal 11 .*: .*no memory left for me",
    **dict.fromkeys(["open", "write", "socket", "connect", "exec", "fork", "kill", "stop", "trace", "outlive", "code", "descriptor",
                     "limits", "x32", "i386"], NO_CALL),
}


class Hostile(case.DaemonCase):
    def start_hostile(self, word="hostile", name="d", **options):
        self.word = self.directory / "word"
        self.word.write_text(word)
        return self.start({"crew.tagger": HOSTILE, "crew.lexicon": self.word, "crew.timeout": 2, "crew.attempts": 2, **options}, name=name)

    def change(self, daemon, word):
        """What is wrong with the worker is another thing now; the crew is replaced."""
        self.word.write_text(word)
        daemon.notify.clear()
        daemon.signal(signal.SIGHUP)
        daemon.wait_notified("RELOADING", "1")
        daemon.wait_notified("READY", "1")

    def follow(self, daemon, count, wait=120):
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(count, wait)
        self.assertEqual(check.stream_faults(events), [])
        return [event for _, event in events]

    def push(self, daemon, articles):
        with daemon.ingest() as ingest:
            acks = ingest.push_all(articles)
        self.assertEqual({ack.code for ack in acks}, {"ok"})
        return [ack.offset for ack in acks]


def poison(act):
    return article(act, f"Poison \U0001f600\r\n of the kind {act}.", title=f"hostile:{act}")


class Articles(Hostile):
    def check_dead_letter(self, control, event, submitted, words):
        reason = event["data"]["reason"]
        self.assertEqual((event["type"], reason["stage"], reason["attempts"]), ("telex.article.dead", "tagger", 2), submitted.title)
        self.assertRegex(reason["last_words"], words, submitted.title)
        self.assertEqual(check.event_faults(event, submitted), [])
        shown = control.dead_show(event["data"]["offset"])
        self.assertEqual((shown["article"]["title"], shown["article"]["body"]), (submitted.title, submitted.body))
        self.assertEqual((shown["stage"], shown["attempts"], shown["last_words"]), ("tagger", 2, reason["last_words"]))

    def check_all(self, acts, **options):
        daemon = self.start_hostile(**options)
        articles = []
        for act in acts:
            articles += [*(article(f"{act}-{n}") for n in range(20)), poison(act)]
        offsets = self.push(daemon, articles)
        events = {event["subject"]: event for event in self.follow(daemon, len(articles))}
        self.assertEqual(sorted(event["data"]["offset"] for event in events.values()), offsets)
        with daemon.control() as control:
            for act, words in acts.items():
                self.check_dead_letter(control, events[poison(act).uri], poison(act), words)
            self.assertEqual((control.stats()["dead"], control.verify()["problems"]), (len(acts), []))
        for submitted in articles:
            if not submitted.title.startswith("hostile:"):
                self.assertEqual(events[submitted.uri]["type"], "telex.article.tagged", submitted.uri)
        self.check_retry(daemon, len(articles), acts)

    def check_retry(self, daemon, count, acts):
        """The fixed worker reads a file: it was started anew, for the sealed one could not."""
        self.change(daemon, "good")
        self.telex(daemon, "dead", "retry", "--all")
        again = self.follow(daemon, count + len(acts))[count:]
        self.assertEqual({event["subject"] for event in again}, {poison(act).uri for act in acts})
        self.assertEqual({event["type"] for event in again}, {"telex.article.tagged"})
        with daemon.control() as control:
            self.assertEqual((control.dead(), control.verify()["problems"]), ([], []))

    def test_crashes_and_nonsense(self):
        self.check_all(ACTS)

    def test_attempts_on_the_world_outside(self):
        if not SEALED:
            self.skipTest("NOT SANDBOXED: this build has no system call filter, nothing holds the worker back")
        self.check_all(OUTSIDE)
        self.assertFalse(Path("/tmp/telex-was-here").exists())


class Workers(Hostile):
    def test_what_is_broken_from_the_start_spoils_no_article(self):
        """Nothing is blamed on articles that nobody looked at; with a good worker all goes on."""
        daemon = self.start_hostile("start-crash", **{"crew.workers": 1})
        self.push(daemon, (article(n) for n in range(20)))
        daemon.log.wait(r"worker_died.*killed by signal 11")
        for word, words in {"start-garbage": "not a frame", "start-half": "status 0", "start-flood": "not a frame",
                            "start-version": "old and new binaries mixed", "start-silent": "timed out: not ready"}.items():
            seen = len(daemon.log.lines)
            self.change(daemon, word)
            daemon.log.wait(rf"worker_died.*{words}", after=seen)
        with daemon.control() as control:
            stats = control.stats()
            self.assertEqual([stats[name] for name in ("pending", "dead", "articles_blamed")], [20, 0, 0])
        self.change(daemon, "good")
        self.assertEqual({event["type"] for event in self.follow(daemon, 20)}, {"telex.article.tagged"})

    def test_a_broken_worker_is_seldom_started(self):
        """2 s, 4 s, 8 s ... between the starts: five in a minute."""
        daemon = self.start_hostile("start-crash", **{"crew.workers": 1})
        if LONG:
            with daemon.control() as control:
                while control.stats()["uptime_seconds"] < 60:
                    select.select([], [], [], 1)
                self.assertLessEqual(control.stats()["workers_spawned"], 5)
            return
        daemon.log.wait(r"crew_throttled next_start_ms=2000\b")
        daemon.log.wait(r"crew_throttled next_start_ms=4000\b")
        self.assertEqual(len(re.findall("worker_died", daemon.log.text())), 2)

    def test_all_ends_with_the_daemon(self):
        """The one that never looks at its input, and the one that is stopped."""
        daemon = self.start_hostile(**{"crew.timeout": 600})
        self.push(daemon, [poison("spin")])
        after = daemon.log.wait("worker_stalled")
        daemon.log.wait("worker_ready", after)
        os.kill(daemon.workers()[-1], signal.SIGSTOP)
        daemon.kill()

    def test_a_worker_has_nothing_but_its_pipes(self):
        daemon = self.start({"crew.workers": 1})
        daemon.log.wait("worker_ready")
        [worker] = daemon.workers()
        self.assertEqual(sorted(os.listdir(f"/proc/{worker}/fd")), ["0", "1", "2"])
        if not SEALED:
            self.skipTest("NOT SANDBOXED: no system call filter and no limits in this build")
        status = Path(f"/proc/{worker}/status").read_text()
        self.assertRegex(status, r"(?m)^NoNewPrivs:\s+1$")
        self.assertRegex(status, r"(?m)^Seccomp:\s+2$")
        limits = Path(f"/proc/{worker}/limits").read_text()
        for limit in (r"core file size\s+0\s+0\s", r"open files\s+3\s+3\s", r"address space\s+1073741824\s+1073741824\s"):
            self.assertRegex(limits, limit)


class Delay(Hostile):
    """One poisonous article among many: the longest silence of the stream grows by less than a second."""

    COUNT = 10000 if LONG else 2000

    def silence(self, act, workers):
        """The longest time between two events of the others, in seconds, and how many workers had timed out when all were there."""
        daemon = self.start_hostile(name=f"d{len(self.daemons)}", **{"crew.workers": workers, "crew.timeout": 20})
        daemon.log.wait("worker_ready")
        bad = [poison(act)] if act else []
        stream = self.enter(daemon.stream())
        subscription = stream.open(credit=self.COUNT + 1, **{"from": "first"})
        self.push(daemon, [*(article(n) for n in range(self.COUNT // 2)), *bad, *(article(n) for n in range(self.COUNT // 2, self.COUNT))])
        seen, longest, last = 0, 0.0, time.monotonic()
        while seen < self.COUNT:
            batch = subscription.batch(wait=60)
            seen += sum(event["type"] == "telex.article.tagged" for _, event in batch.events)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        with daemon.control() as control:
            timed_out = control.stats()["workers_timed_out"]
        fds = open_pid_fds(daemon.workers())
        daemon.kill()
        self.assertTrue(wait_for_end(fds, 20))
        return longest, timed_out

    def check(self, act, workers):
        # Other programs can only make a silence longer: one of three runs that keeps the bound proves it.
        for _ in range(3):
            usual, _ = self.silence(None, workers)
            longest, timed_out = self.silence(act, workers)
            # Deadlines are 20 s: whoever waited behind the poison would have seen one pass.
            self.assertEqual(timed_out, 0)
            print(f"{act}, {workers} workers, {self.COUNT} others: longest silence {longest:.3f} s, usually {usual:.3f} s", file=sys.stderr)
            if longest - usual < 1:
                return
        self.fail(f"{act} made the others wait for {longest - usual:.3f} s")

    def test_a_hang(self):
        for workers in (1, 2):
            self.check("spin", workers)

    def test_a_crash(self):
        for workers in (1, 2):
            self.check("crash", workers)


if __name__ == "__main__":
    case.main()
