"""The telex command against a stand-in for the daemon: what it prints, asks, writes and how it ends, where a real daemon
would not misbehave on demand."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import build, wire  # noqa: E402
from harness.mock import MockDaemon, tagged_event  # noqa: E402
from harness.wire import seconds  # noqa: E402

DATA = build.ROOT / "tests" / "data"
LAVROV = {"id": "Q58217", "type": "person", "name": "Sergey Lavrov", "count": 12, "newest": 977}
COMMANDS = "push follow get find entity stats dead cursor verify repair backup keygen tag lexicon".split()


def line(number):
    return f'{{"uri":"urn:x:{number}","title":"Report {number}","body":"Body."}}\n'


class CommandCase(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="telex-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.mock = MockDaemon(self.directory)
        self.addCleanup(self.mock.stop)

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TELEX_") and key != "NO_COLOR"}
        return {**kept, "TELEX_RUNTIME_DIR": str(self.directory), "LC_ALL": "C.UTF-8", "TERM": "xterm", **more}

    def telex(self, *arguments, status=0, stdin="", environment=None):
        done = subprocess.run([build.TELEX, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                              timeout=seconds(60), env=environment or self.environment())
        self.assertEqual(done.returncode, status, f"telex {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done

    def begin(self, *arguments):
        process = subprocess.Popen([build.TELEX, *map(str, arguments)], env=self.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def await_output(self, stream, wanted, wait=20):
        """Reads until `wanted` has come."""
        found = b""
        while wanted not in found:
            self.assertTrue(select.select([stream], [], [], seconds(wait))[0], f"only {found!r}")
            more = os.read(stream.fileno(), 65536)
            self.assertTrue(more, f"ended with {found!r}")
            found += more
        return found

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path


class Usage(CommandCase):
    def test_every_command_explains_itself(self):
        listed = self.telex("--help").stdout
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", listed)
            if command != "tag":
                self.assertIn(f"Usage: telex {command}", self.telex(command, "--help").stdout)
                self.assertIn(f"Usage: telex {command}", self.telex("help", command).stdout)
                wrong = self.telex(command, "--no-such-thing", status=2)
                self.assertIn("unknown option --no-such-thing", wrong.stderr)
                self.assertIn(f"Usage: telex {command}", wrong.stderr)
        self.assertRegex(self.telex("--version").stdout, r"^telex \d+\.\d+\.\d+\n$")

    def test_wrong_usage(self):
        for arguments in ([], ["no-such-command"], ["get"], ["get", "1", "2"], ["push", "--window", "0"], ["push", "--window"],
                          ["push", "--window", "many"], ["dead"], ["dead", "retry"], ["dead", "show", "x"],
                          ["dead", "retry", "1", "--all"], ["cursor", "drop"], ["find", "--limit", "1001", "x"],
                          ["--color", "green", "stats"], ["follow", "--count", "-1"]):
            self.assertIn("telex: ", self.telex(*arguments, status=2).stderr)

    def test_tag_runs_the_tagger(self):
        done = self.telex("tag", "--one", "two", environment=self.environment(TELEX_TAGGER="/bin/echo"))
        self.assertEqual(done.stdout, "--one two\n")
        gone = self.telex("tag", environment=self.environment(TELEX_TAGGER="/nonexistent/tagger"), status=2)
        self.assertIn("/nonexistent/tagger", gone.stderr)


class Push(CommandCase):
    def test_every_form(self):
        self.mock.start()
        files = sorted(path for path in (DATA / "demo").iterdir() if path.suffix not in (".md", ".tsv"))
        acks = self.directory / "acks"
        first = self.telex("push", "--acks", acks, *files)
        count = len(self.mock.articles)
        self.assertGreaterEqual(count, 30)
        self.assertIn(f"{count} acknowledged, 0 of them duplicates; 0 refused", first.stderr)
        lines = [entry.split("\t") for entry in acks.read_text().splitlines()]
        self.assertEqual(sorted(int(offset) for _, offset in lines), list(range(1, count + 1)))
        self.assertEqual({uri for uri, _ in lines}, {article["uri"] for article in self.mock.articles})
        again = self.telex("push", "--acks", acks, *files)
        self.assertIn(f"{count} acknowledged, {count} of them duplicates; 0 refused", again.stderr)
        self.assertEqual(acks.read_text().splitlines()[count:], acks.read_text().splitlines()[:count])

    def test_bad_files(self):
        self.mock.start()
        for entry in (DATA / "bad" / "expected.tsv").read_text().splitlines()[1:]:
            name, stored, refused = entry.split("\t")[:3]
            done = self.telex("push", DATA / "bad" / name, status=1)
            self.assertIn(f"{stored} acknowledged", done.stderr, name)
            self.assertIn(f"; {refused} refused", done.stderr, name)
            self.assertEqual(done.stderr.count(f"{name}: "), int(refused), done.stderr)

    def test_batches_and_window(self):
        self.mock.start()
        text = "".join(map(line, range(1000)))
        self.telex("push", self.file("many.jsonl", text))
        self.assertEqual([a["uri"] for a in self.mock.articles], [f"urn:x:{n}" for n in range(1000)])
        self.assertLess(len(self.mock.batches), 40)
        self.mock.batches.clear()
        self.telex("push", "--window", 3, self.directory / "many.jsonl")
        self.assertLessEqual(max(self.mock.batches), 3)

    def test_a_refused_article_is_named(self):
        self.mock.refuse = lambda article: ("too_large", "body is 9 bytes\x1b[31m") if article["uri"] == "urn:x:2" else None
        self.mock.start()
        path = self.file("three.jsonl", line(1) + line(2) + line(3))
        done = self.telex("push", path, status=1)
        self.assertIn(f"{path}: item 2, line 2: urn:x:2: too_large: body is 9 bytes [31m\n", done.stderr)
        self.assertIn("2 acknowledged, 0 of them duplicates; 1 refused", done.stderr)
        quiet = self.telex("push", "--quiet", path, status=1)
        self.assertEqual(quiet.stderr.count("\n"), 1)

    def test_passing_refusals_are_tried_again(self):
        left = [5]

        def refuse(article):
            left[0] -= 1
            return ("store_full", "the disk is full") if left[0] >= 0 else None

        self.mock.refuse = refuse
        self.mock.start()
        path = self.file("three.jsonl", line(1) + line(2) + line(3))
        self.assertIn("3 acknowledged", self.telex("push", path).stderr)
        left[0] = 1
        self.assertIn("store_full: the disk is full", self.telex("push", "--retry", 0, path, status=1).stderr)

    def test_a_trickle_is_acknowledged_at_once(self):
        self.mock.start()
        acks = self.directory / "acks"
        process = self.begin("push", "--acks", acks, "-")
        for number in (1, 2, 3):
            process.stdin.write(line(number).encode())
            process.stdin.flush()
            self.mock.until(lambda: len(self.mock.articles) == number)
        process.stdin.close()
        self.assertEqual(process.wait(seconds(20)), 0)
        self.assertEqual(acks.read_text(), "urn:x:1\t1\nurn:x:2\t2\nurn:x:3\t3\n")
        self.assertEqual(self.mock.batches, [1, 1, 1])

    def test_defaults_fill_what_is_missing(self):
        self.mock.start()
        self.telex("push", "--source", "PAP", "--language", "pl",
                   stdin=line(1) + '{"uri":"u","body":"b","source":"dpa","language":"de"}')
        self.assertEqual([(a["source"], a["language"]) for a in self.mock.articles], [("PAP", "pl"), ("dpa", "de")])

    def test_a_daemon_that_dies(self):
        self.mock.die_at = 300
        self.mock.start()
        process = self.begin("push", self.file("many.jsonl", "".join(map(line, range(2000)))))
        self.mock.thread.join(seconds(20))
        self.mock.stop()
        self.mock.start()
        self.assertEqual(process.wait(seconds(30)), 0)
        self.assertEqual(sorted({a["uri"] for a in self.mock.articles}), sorted(f"urn:x:{n}" for n in range(2000)))
        self.assertEqual(len(self.mock.articles), 2000)

    def test_nobody_there(self):
        path = self.file("one.jsonl", line(1))
        done = self.telex("push", "--timeout", 3, path, status=2)
        self.assertIn(f"waiting for telexd at ipc://{self.directory}/ingest.sock", done.stderr)
        self.assertIn("no answer", done.stderr)
        self.assertIn("1 without an answer", done.stderr)
        self.assertIn("nonexistent", self.telex("push", "/nonexistent", status=2).stderr)
        self.assertIn("cannot", self.telex("push", "--ingest", "pigeon://x", path, status=2).stderr)

    def test_it_waits_for_the_daemon(self):
        process = self.begin("push", self.file("one.jsonl", line(1)))
        self.await_output(process.stderr, b"waiting for telexd")
        self.mock.start()
        self.assertEqual(process.wait(seconds(20)), 0)

    def test_a_signal_ends_it_with_a_summary(self):
        self.mock.silent = True
        self.mock.start()
        for number, stdin in ((signal.SIGINT, False), (signal.SIGTERM, True)):
            process = self.begin("push", "-" if stdin else self.file("one.jsonl", line(1)))
            if stdin:
                process.stdin.write(line(1).encode())
                process.stdin.flush()
            self.mock.until(lambda: self.mock.ignored)  # it is at work
            self.mock.ignored = 0
            process.send_signal(number)
            _, errors = process.communicate(timeout=seconds(20))
            self.assertEqual(process.returncode, 128 + number, errors)
            self.assertIn(b"1 without an answer", errors)


class Follow(CommandCase):
    def setUp(self):
        super().setUp()
        entities = [{"id": "Q7747", "type": "person", "name": "Vladimir Putin", "mentions": []},
                    {"id": "Q64", "type": "place", "name": "Berlin", "mentions": []}]
        self.mock.events = [tagged_event(1, "Putin w\nBerlinie", "pl", entities, text="Zeile eins\nZeile zwei"),
                            tagged_event(2, "Zwei\x9b31m", "de"), tagged_event(3, "Three")]

    def test_json_is_verbatim(self):
        self.mock.start()
        done = self.telex("follow", "--from", "first", "--json", "--no-wait")
        self.assertEqual(done.stdout.encode(), b"".join(event + b"\n" for event in self.mock.events))
        two = self.telex("follow", "--from", "2", "--json", "--count", 1)
        self.assertEqual(two.stdout.encode(), self.mock.events[1] + b"\n")
        self.assertEqual(self.mock.opened[1]["from"], 2)

    def test_people_read_this(self):
        self.mock.start()
        done = self.telex("follow", "--from", "first", "--no-wait")
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "     1 @101    2026-11-22 01:36:00  pl   Putin w Berlinie (TEST)")
        self.assertEqual(lines[1].strip(), "Vladimir Putin [person], Berlin [place]")
        self.assertIn("Zwei 31m", lines[2])
        self.assertNotIn("\x9b", done.stdout)
        text = self.telex("follow", "--from", "first", "--no-wait", "--text").stdout
        self.assertIn("   Zeile eins\n", text)
        self.assertTrue(self.mock.opened[-1]["text"])

    def test_colour(self):
        self.mock.start()
        wanted = ("follow", "--from", "first", "--count", 1)
        self.assertNotIn("\x1b", self.telex(*wanted).stdout)
        self.assertIn("\x1b[33mVladimir Putin\x1b[0m", self.telex(*wanted, "--color=always").stdout)
        self.assertIn("\x1b", self.telex("--color=always", *wanted, environment=self.environment(NO_COLOR="1")).stdout)

    def test_the_filter(self):
        self.mock.answers[wire.FIND] = lambda request: {"entities": [LAVROV, {**LAVROV, "id": "local:x"}]}
        self.mock.start()
        process = self.begin("follow", "--from", "first", "--entity", "Q7747", "--entity", "Ławrow", "--type", "person,place",
                             "--lang", "pl,de", "--source", "A, B", "--count", 1)
        self.assertEqual(process.wait(seconds(20)), 0)
        self.assertEqual(self.mock.opened[0]["filter"], {"entities": ["Q7747", "Q58217", "local:x"], "types": ["person", "place"],
                                                         "languages": ["pl", "de"], "sources": ["A, B"]})
        self.assertEqual(self.mock.asked, [(wire.FIND, {"name": "Ławrow", "limit": 64})])
        self.mock.answers[wire.FIND] = {"entities": []}
        self.assertIn("Nobody", self.telex("follow", "--entity", "Nobody", status=1).stderr)

    def test_a_cursor_moves_behind_what_was_written(self):
        self.mock.start()
        self.telex("follow", "--from", "first", "--cursor", "desk", "--count", 2)
        self.assertEqual(self.mock.cursors, {"desk": 3})
        done = self.telex("follow", "--cursor", "desk", "--json", "--no-wait")
        self.assertEqual(done.stdout.encode(), self.mock.events[2] + b"\n")
        self.assertEqual(self.mock.cursors, {"desk": 4})
        self.assertEqual(self.telex("follow", "--cursor", "desk", "--json", "--no-wait").stdout, "")

    def test_live_and_a_new_daemon(self):
        self.mock.start()
        process = self.begin("follow", "--from", "first", "--json")
        self.await_output(process.stdout, self.mock.events[2])
        self.mock.publish(tagged_event(4))
        self.await_output(process.stdout, self.mock.events[3])
        self.mock.stop()
        self.mock.events.append(tagged_event(5))
        self.mock.start()
        self.assertEqual(self.await_output(process.stdout, self.mock.events[4]), self.mock.events[4] + b"\n")
        self.assertEqual(self.mock.opened[-1]["from"], 5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(seconds(20)), 130)
        self.mock.until(lambda: not self.mock.subscriptions)

    def test_a_reader_who_has_enough(self):
        self.mock.events = [tagged_event(n) for n in range(1, 3000)]
        self.mock.start()
        process = self.begin("follow", "--from", "first", "--json")
        self.await_output(process.stdout, self.mock.events[0])
        process.stdout.close()
        self.assertEqual(process.wait(seconds(20)), 0)
        self.assertEqual(process.stderr.read(), b"")

    def test_nobody_there(self):
        done = self.telex("follow", "--timeout", 3, status=2)
        self.assertIn("waiting for telexd", done.stderr)
        self.assertIn("nobody answers", done.stderr)


class Questions(CommandCase):
    def setUp(self):
        super().setUp()
        self.mock.start()

    def expect_asked(self, kind, request):
        self.assertEqual(self.mock.asked[-1], (kind, request))

    def test_get(self):
        article = {"uri": "urn:x:1", "title": "Titel", "source": "PAP", "body": "Eins\nzwei\x1b", "rank": 0.1, "deep": {"a": []}}
        self.mock.answers[wire.GET] = {"offset": 17, "received": "2026-11-22T01:36:00.000Z", "hash": "0f", "article": article,
                                       "event": None}
        text = self.telex("get", 17).stdout
        self.expect_asked(wire.GET, {"offset": 17})
        self.assertTrue(text.startswith("Titel\n"))
        self.assertTrue(text.endswith("\nEins\nzwei \n"))
        self.assertIn('deep       {"a":[]}', text)
        raw = self.telex("get", "--raw", "urn:x:1").stdout
        self.expect_asked(wire.GET, {"uri": "urn:x:1"})
        self.assertEqual(wire.json.loads(raw), article)
        self.assertIn('"offset": 17', self.telex("get", "--json", 17).stdout)
        self.telex("push", stdin=raw)
        self.mock.answers[wire.GET] = LookupError("not_found", "no article has offset 99")
        self.assertEqual(self.telex("get", 99, status=1).stderr, "telex: no article has offset 99\n")

    def test_find_and_entity(self):
        self.mock.answers[wire.FIND] = {"entities": [LAVROV]}
        found = self.telex("find", "Ławrow").stdout.splitlines()
        self.expect_asked(wire.FIND, {"name": "Ławrow", "prefix": False, "limit": 20})
        self.assertEqual(found[1].split(), ["12", "977", "Q58217", "person", "Sergey", "Lavrov"])
        self.telex("find", "--prefix", "--limit", 3, "law", "--json")
        self.expect_asked(wire.FIND, {"name": "law", "prefix": True, "limit": 3})
        self.mock.answers[wire.FIND] = {"entities": []}
        self.telex("find", "x", status=1)
        self.mock.answers[wire.ENTITY] = {"entity": LAVROV, "events": [wire.json.loads(tagged_event(5))]}
        shown = self.telex("entity", "Q58217", "--limit", 5).stdout
        self.expect_asked(wire.ENTITY, {"id": "Q58217", "limit": 5})
        self.assertIn("Sergey Lavrov  Q58217  person  12 events", shown)
        self.assertIn("     5 @105 ", shown)

    def test_stats(self):
        self.mock.answers[wire.STATS] = {"state": "running", "workers": [{"pid": 4}], "stored": {"articles": 3}, "uptime": 1.5}
        rows = [entry.split() for entry in self.telex("stats").stdout.splitlines()]
        self.assertEqual(rows, [["state", "running"], ["uptime", "1.5"], ["workers.0.pid", "4"], ["stored.articles", "3"]])
        self.mock.answers[wire.STATS] = {"text": "# EOF\n"}
        self.assertEqual(self.telex("stats", "--openmetrics").stdout, "# EOF\n")
        self.expect_asked(wire.STATS, {"format": "openmetrics"})

    def test_dead(self):
        letters = [{"offset": n, "sequence": n, "time": "2026-11-22T01:36:00Z", "uri": f"urn:x:{n}", "attempts": 3,
                    "stage": "tagger", "last_words": "killed by signal 11"} for n in (3, 8)]
        self.mock.answers[wire.DEAD_LIST] = lambda request: {
            "dead": [letter for letter in letters if letter["offset"] >= request["from"]][:1]}
        listed = self.telex("dead", "list").stdout
        self.assertIn("urn:x:3", listed)
        self.assertIn("urn:x:8", listed)
        self.assertEqual(len(self.telex("dead", "list", "--json").stdout.splitlines()), 2)
        self.mock.answers[wire.DEAD_SHOW] = {**letters[0], "article": {"uri": "urn:x:3", "title": "T", "body": "B"}}
        self.assertIn("killed by signal 11\n\nT\nB\n", self.telex("dead", "show", 3).stdout)
        self.mock.answers[wire.DEAD_RETRY] = {"retried": 2}
        self.assertEqual(self.telex("dead", "retry", "--all").stdout, "2 will be tagged again\n")
        self.expect_asked(wire.DEAD_RETRY, {"all": True})
        self.mock.answers[wire.DEAD_DROP] = {"dropped": 1}
        self.assertEqual(self.telex("dead", "drop", 8).stdout, "1 dropped\n")
        self.expect_asked(wire.DEAD_DROP, {"offset": 8})

    def test_cursors(self):
        self.mock.answers[wire.CURSOR_LIST] = {"cursors": [{"name": "desk", "next": 42}], "head": 50}
        self.assertEqual(self.telex("cursor", "list").stdout.split(), ["desk", "next", "42", "9", "behind"])
        self.telex("cursor", "drop", "desk")
        self.expect_asked(wire.CURSOR_DROP, {"name": "desk"})

    def test_verify_and_backup(self):
        verdict = {"articles": 3, "events": 3, "index_entries": 9, "damaged": 0, "problems": []}
        self.mock.answers[wire.VERIFY] = verdict
        self.telex("verify")
        self.mock.answers[wire.VERIFY] = {**verdict, "damaged": 1, "problems": ["article 2: checksum"]}
        self.assertIn("article 2: checksum", self.telex("verify", status=1).stdout)
        self.mock.answers[wire.BACKUP] = lambda request: {"directory": request["directory"], "bytes": 5}
        self.telex("backup", "copy")
        self.expect_asked(wire.BACKUP, {"directory": f"{os.getcwd()}/copy"})

    def test_nobody_there(self):
        self.mock.stop()
        done = self.telex("stats", "--timeout", 3, status=2)
        self.assertIn("waiting for telexd", done.stderr)
        self.assertIn("nobody answers", done.stderr)


if __name__ == "__main__":
    unittest.main()
