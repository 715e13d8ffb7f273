#!/usr/bin/python3
"""telex push: every form, acknowledgements as they come, safe to run again, every refusal named, an exit status that tells."""

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import case, wire
from harness.case import DATA, start_telex

DEMO, BAD = DATA / "demo", DATA / "bad"
# What the command calls the protocol's reasons; and the articles in each file of the demo (its README names the forms).
WORDS = {"bad_utf8": "not UTF-8", "bad_json": "not JSON", "bad_article": "uri|neither title nor body"}
COUNTS = {"kurier.rss": "item", "examplewire.rss": "item", "ostsee.rdf": "item", "beispielbote.atom": "entry",
          "uplands.atom": "entry", "feed.json": None, "ninjs-1.4.json": None, "ninjs-2.1.json": None, "ninjs-3.1.json": None,
          "ninjs-3.1.jsonl": None, "dispatch.jsonl": None, "notatka.txt": None, "meldung.txt": None}


def count_in(path):
    """Articles in a file, counted without parsing it as telex does."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return len(text.splitlines())
    if path.suffix == ".json":
        return len(json.loads(text).get("items", [None]))
    return len(re.findall(rf"<{COUNTS[path.name]}[ >]", text)) if COUNTS[path.name] else 1


def lines_of(count, start=0, size=40):
    return "".join(json.dumps({"uri": f"urn:line:{n}", "title": f"Line {n}", "body": "Angela Merkel. " * size, "language": "en"}) + "\n"
                   for n in range(start, start + count))


class Push(case.DaemonCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.start()
        self.control = self.enter(self.daemon.control())

    def acks(self, path):
        """The file that --acks wrote: uri to offset."""
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        self.assertTrue(all(len(row) == 2 for row in rows), rows[:3])
        return [(uri, int(offset)) for uri, offset in rows]

    def stored(self):
        return self.control.stats()["articles"]

    def test_each_form_alone(self):
        for name in COUNTS:
            with self.subTest(name):
                before = self.stored()
                acks = self.directory / f"{name}.acks"
                self.telex(self.daemon, "push", "--acks", acks, DEMO / name)
                self.assertEqual(self.stored() - before, count_in(DEMO / name))
                for uri, offset in self.acks(acks):
                    self.assertEqual(self.control.get(offset)["article"]["uri"], uri)
                self.assertEqual(len(self.acks(acks)), count_in(DEMO / name))

    def test_each_form_from_standard_input(self):
        """The form is recognised without a file name. (.txt needs its name: that is its uri.)"""
        for name in COUNTS:
            if not name.endswith(".txt"):
                with self.subTest(name):
                    before = self.stored()
                    self.telex(self.daemon, "push", "-", stdin=(DEMO / name).read_text(encoding="utf-8"))
                    self.assertEqual(self.stored() - before, count_in(DEMO / name))

    def test_all_again_gives_the_first_offsets(self):
        files = [DEMO / name for name in COUNTS]
        first, again = self.directory / "first", self.directory / "again"
        self.telex(self.daemon, "push", "--acks", first, *files)
        stored = self.stored()
        self.assertEqual(stored, sum(map(count_in, files)))
        self.telex(self.daemon, "push", "--acks", again, *files)
        self.assertEqual(self.acks(again), self.acks(first))
        self.assertEqual(len(dict(self.acks(first))), stored)
        self.assertEqual(self.stored(), stored)

    def test_acks_are_appended(self):
        acks = self.directory / "acks"
        self.telex(self.daemon, "push", "--acks", acks, "-", stdin=lines_of(3))
        self.telex(self.daemon, "push", "--acks", acks, "-", stdin=lines_of(2, start=3))
        self.assertEqual(self.acks(acks), [(f"urn:line:{n}", n + 1) for n in range(5)])

    def test_more_than_the_window(self):
        acks = self.directory / "acks"
        self.telex(self.daemon, "push", "--acks", acks, "-", stdin=lines_of(5000))
        self.assertEqual(self.acks(acks), [(f"urn:line:{n}", n + 1) for n in range(5000)])

    def test_large_articles_fill_the_window_by_bytes(self):
        self.telex(self.daemon, "push", "-", stdin=lines_of(60, size=60000))
        self.assertEqual(self.stored(), 60)

    def test_bad_files(self):
        rows = [line.split("\t") for line in (BAD / "expected.tsv").read_text(encoding="utf-8").splitlines()[1:]]
        self.assertGreater(len(rows), 15)
        for name, stored, refused, why in rows:
            with self.subTest(name, why=why):
                before = self.stored()
                done = self.telex(self.daemon, "push", BAD / name, status=1)
                self.assertEqual(self.stored() - before, int(stored), done.stderr)
                self.assertIn(name, done.stderr)
                named = re.findall(rf"(?m)^\S*{re.escape(name)}: (?:item \d+, )?line \d+: (.*)$", done.stderr)
                self.assertEqual(len(named), int(refused), done.stderr)
                if code := re.match(r"bad_[a-z0-9]+", why):
                    self.assertRegex(named[0], WORDS[code[0]])

    def test_refused_ones_are_named_with_line_and_the_rest_is_stored(self):
        good = lines_of(3).splitlines(keepends=True)
        done = self.telex(self.daemon, "push", "-", stdin=good[0] + "{broken\n" + good[1] + '{"title":"no uri"}\n' + good[2], status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.stored(), 3)
        for line, word in ((2, "not JSON"), (4, "uri")):
            self.assertRegex(done.stderr, rf"(?m)^.*\b{line}\b.*{word}")

    def test_too_large_is_refused_by_name(self):
        done = self.telex(self.daemon, "push", "-", status=None,
                          stdin=json.dumps({"uri": "urn:big", "body": "x" * 5000000}) + "\n" + lines_of(1))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("line 1: body is 5000000 bytes", done.stderr)
        self.assertEqual(self.stored(), 1)

    def test_missing_file_and_bad_arguments(self):
        for arguments in ((self.directory / "nothing.rss",), ("--nonsense",), ("--acks", self.directory / "no" / "folder", "-")):
            done = self.telex(self.daemon, "push", *arguments, stdin="", status=None)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertTrue(done.stderr.strip())

    def test_missing_file_does_not_keep_others_out(self):
        done = self.telex(self.daemon, "push", self.directory / "nothing.rss", DEMO / "notatka.txt", status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing.rss", done.stderr)
        self.assertEqual(self.stored(), 1)

    def test_nothing_to_push_is_no_failure(self):
        self.telex(self.daemon, "push", "-", stdin="")
        self.assertEqual(self.stored(), 0)

    def test_daemon_killed_and_restarted_under_a_push(self):
        acks = self.directory / "acks"
        source = self.directory / "lines.jsonl"
        source.write_text(lines_of(8000))
        push = start_telex(self.daemon, "push", "--acks", acks, source)
        with push:
            with self.daemon.stream() as stream:
                stream.open(credit=1, **{"from": "first"}).batch()  # work is under way
            self.daemon.kill()
            self.daemon.start()
            self.assertEqual(push.wait(wire.seconds(60)), 0, push.stderr.read().decode())
        with self.daemon.control() as control:
            self.assertEqual(control.stats()["articles"], 8000)
            written = self.acks(acks)
            self.assertEqual(len(dict(written)), 8000)
            for uri, offset in written[::97]:
                self.assertEqual(control.get(offset)["article"]["uri"], uri)

    def test_what_is_in_an_open_pipe_is_not_kept_waiting(self):
        push = start_telex(self.daemon, "push", "-", stdin=subprocess.PIPE)
        with push, self.daemon.stream() as stream:
            push.stdin.write(lines_of(3).encode())
            push.stdin.flush()
            stream.open(**{"from": "first"}).events(3)
            push.stdin.close()
            self.assertEqual(push.wait(wire.seconds(20)), 0)


if __name__ == "__main__":
    case.main()
