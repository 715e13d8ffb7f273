#!/usr/bin/python3
"""Looking: get, find, entity, stats, dead letters, verify, backup and cursors, through the telex command and through the wire."""

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, check, fake_tagger, wire
from harness.case import DATA, article

REPORTS = [
    wire.Article("urn:r:1", "Merkel in Paris", "dpa", "en", "", b"", "Angela Merkel met Emmanuel Macron in Paris."),
    wire.Article("urn:r:2", "Merkel w Paryżu", "PAP", "pl", "", b"", "Prezydent Emmanuel Macron przyjął Angelę Merkel w Paryżu."),
    wire.Article("urn:r:3", "Merkel reist nach Paris", "dpa", "de", "", b'{"rank":1}',
                 "Bundeskanzlerin Angela Merkel traf Emmanuel Macron in Paris. Merkel blieb zwei Tage."),
    wire.Article("urn:r:4", "Ławrow w Warszawie", "PAP", "pl", "", b"", "Rosyjski minister Siergiej Ławrow przyleciał do Warszawy."),
]


class Look(case.DaemonCase):
    def setUp(self):
        super().setUp()
        self.daemon = self.start()
        self.control = self.enter(self.daemon.control())
        with self.daemon.ingest() as ingest:
            ingest.push(REPORTS)
        with self.daemon.stream() as stream:
            self.events = [event for _, event in stream.open(**{"from": "first"}).events(4)]

    def test_get(self):
        for which in (3, "urn:r:3"):
            got = json.loads(self.telex(self.daemon, "get", which, "--raw").stdout)
            reply = self.control.get(which)
            self.assertIsNone(check.validation_fault("get.reply", reply, strict=False))
            self.assertEqual((reply["offset"], reply["hash"], reply["article"]), (3, REPORTS[2].hash, got))
            self.assertEqual((got["uri"], got["body"], got["rank"]), ("urn:r:3", REPORTS[2].body, 1))
            shown = self.telex(self.daemon, "get", which).stdout
            self.assertIn("Merkel reist nach Paris", shown)
            self.assertIn("Merkel blieb zwei Tage.", shown)
        for nothing in ("99", "urn:none"):
            done = self.telex(self.daemon, "get", nothing, status=None)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, "there is no article")

    def brute(self, entity_id):
        return [event for event in reversed(self.events) if any(e["id"] == entity_id for e in event["data"]["entities"])]

    def test_find_by_any_spelling(self):
        for spelling in ("Angela Merkel", "ANGELA MERKEL", "angela merkel", "Angela  Merkel"):
            [found] = [e for e in self.control.find(spelling) if e["id"] == "Q567"]
            events = self.brute("Q567")
            self.assertEqual((found["count"], found["newest"]), (len(events), int(events[0]["sequence"])), spelling)
            self.assertEqual((found["type"], found["name"]), ("person", "Angela Merkel"))
        for spelling in ("Siergiej Ławrow", "siergiej lawrow", "Sergey Lavrov", "Сергей Лавров"):
            self.assertIn("Q58217", [e["id"] for e in self.control.find(spelling)], spelling)
        for event in self.events:
            for entity in event["data"]["entities"]:
                for mention in entity["mentions"]:
                    self.assertIn(entity["id"], [e["id"] for e in self.control.find(mention["exact"])], "as it stands, inflected")
        self.assertIsNone(check.validation_fault("find.reply", self.control.ask_json(wire.FIND, {"name": "Merkel"})))

    def test_find_prefix_and_limit_and_nothing(self):
        self.assertIn("Q567", [e["id"] for e in self.control.find("Angela Me", prefix=True)])
        self.assertEqual(self.control.find("Angela Me"), [])
        self.assertEqual(self.control.find("Nobody Atall"), [])
        self.assertLessEqual(len(self.control.find("A", prefix=True, limit=1)), 1)

    def test_find_command(self):
        shown = self.telex(self.daemon, "find", "angela merkel").stdout
        self.assertIn("Q567", shown)
        self.assertIn("Angela Merkel", shown)
        self.assertNotEqual(self.telex(self.daemon, "find", status=None).returncode, 0)

    def test_entity(self):
        reply = self.control.entity("Q567")
        self.assertIsNone(check.validation_fault("entity.reply", reply))
        self.assertEqual(reply["events"], self.brute("Q567"))
        pages, before = [], {}
        while page := self.control.entity("Q567", limit=1, **before)["events"]:
            pages += page
            before = {"before": int(page[0]["sequence"])}
        self.assertEqual(pages, self.brute("Q567"))
        shown = self.telex(self.daemon, "entity", "Q567").stdout
        for title in ("Merkel in Paris", "Merkel w Paryżu", "Merkel reist nach Paris"):
            self.assertIn(title, shown)
        self.assertNotEqual(self.telex(self.daemon, "entity", "Q0", status=None).returncode, 0)

    def test_stats(self):
        stats = self.control.stats()
        self.assertIsNone(check.validation_fault("stats.reply", stats, strict=False))
        self.assertEqual([stats[name] for name in ("state", "articles", "events", "pending", "dead")], ["running", 4, 4, 0, 0])
        self.assertIn("4", self.telex(self.daemon, "stats").stdout)

    def test_openmetrics(self):
        text = self.telex(self.daemon, "stats", "--openmetrics").stdout
        self.assertEqual(openmetrics_faults(text), [])
        self.assertEqual(openmetrics_faults(self.control.openmetrics()), [])
        self.assertRegex(text, r"(?m)^telex_articles\S* 4(\.0)?$")

    def test_verify(self):
        reply = self.control.verify()
        self.assertIsNone(check.validation_fault("verify.reply", reply))
        self.assertEqual([reply[name] for name in ("articles", "events", "damaged", "problems")], [4, 4, 0, []])
        self.telex(self.daemon, "verify")

    def test_backup_is_a_store(self):
        copy = self.directory / "copy"
        shown = self.telex(self.daemon, "backup", copy)
        self.assertTrue((copy / "data.mdb").exists(), shown.stdout)
        with self.daemon.ingest() as ingest:
            ingest.push([article(5)])
        done = self.telex(self.daemon, "backup", copy, status=None)
        self.assertNotEqual(done.returncode, 0, "a folder that is not empty was taken")
        other = self.start({"store.directory": copy}, name="e")
        with other.control() as control, other.stream() as stream:
            self.assertEqual(control.verify()["problems"], [])
            self.assertEqual(control.stats()["articles"], 4)
            self.assertEqual([e for _, e in stream.open(**{"from": "first"}).events(4)], self.events)
        with other.ingest() as ingest:
            self.assertEqual([(a.offset, a.duplicate) for a in ingest.push([REPORTS[0], article(6)])], [(1, True), (5, False)])

    def test_cursors(self):
        with self.daemon.stream() as stream:
            stream.open(cursor="a", **{"from": "first"}).seen(3)
            stream.open(cursor="b")
        self.assertEqual(self.control.cursors(), {"a": 3, "b": 5})
        self.assertIsNone(check.validation_fault("cursor_list.reply", self.control.ask_json(wire.CURSOR_LIST)))
        self.assertEqual(self.control.cursor_drop("a"), {})
        self.assertEqual(self.control.cursors(), {"b": 5})
        with self.daemon.stream() as stream:
            self.assertEqual(stream.open(cursor="a", **{"from": "first"}).next, 1)

    def test_commands_without_a_daemon_say_so(self):
        self.daemon.stop()
        for arguments in (("stats",), ("get", "1"), ("find", "x"), ("verify",)):
            done = self.telex(self.daemon, "--timeout", "1", *arguments, status=2, wait=20)
            self.assertIn("control.sock", done.stderr)


class DeadLetters(case.DaemonCase):
    def test_list_show_retry_drop(self):
        tagger = fake_tagger.write(self.directory)
        (self.directory / "faults").touch()
        daemon = self.start({"crew.tagger": tagger, "crew.attempts": 1})
        control = self.enter(daemon.control())
        strange = [article(f"{n}").changed(uri=f"urn:fault:refuse:{n}", body=f"Strange bytes {n} \U0001f600\r\n") for n in range(3)]
        with daemon.ingest() as ingest, daemon.stream() as stream:
            offsets = [ack.offset for ack in ingest.push([article(1), *strange])][1:]
            stream.open(**{"from": "first"}).events(4)
        self.assertEqual(offsets, [2, 3, 4])
        dead = control.dead()
        self.assertIsNone(check.validation_fault("dead_list.reply", {"dead": dead}))
        self.assertEqual([d["offset"] for d in dead], offsets)
        self.assertEqual([d["offset"] for d in control.dead(limit=1, **{"from": 3})], [3])
        for letter, sent in zip(dead, strange):
            shown = control.dead_show(letter["offset"])
            self.assertIsNone(check.validation_fault("dead_show.reply", shown, strict=False))
            self.assertEqual((shown["uri"], shown["article"]["body"]), (sent.uri, sent.body))
            self.assertIn("too strange for me", shown["last_words"])
        listed = self.telex(daemon, "dead", "list").stdout
        self.assertIn("urn:fault:refuse:0", listed)
        self.assertIn("Strange bytes 1", self.telex(daemon, "dead", "show", 3).stdout)
        self.telex(daemon, "dead", "drop", 2)
        self.assertEqual([d["offset"] for d in control.dead()], [3, 4])
        (self.directory / "faults").unlink()
        self.telex(daemon, "dead", "retry", 3)
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(5)
        self.assertEqual((events[4][1]["type"], events[4][1]["data"]["offset"]), ("telex.article.tagged", 3))
        self.assertEqual([d["offset"] for d in control.dead()], [4])
        self.assertNotEqual(self.telex(daemon, "dead", "retry", 77, status=None).returncode, 0)
        self.assertEqual(control.dead_retry(all=True), 1)
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(6)
        self.assertEqual(check.stream_faults(events), [])
        self.assertEqual((control.dead(), control.stats()["dead"], control.verify()["problems"]), ([], 0, []))


def openmetrics_faults(text):
    """Of the parts of OpenMetrics 1.0 that a scraper needs: types before samples, no family twice, counters end in _total,
    numbers are numbers, EOF at the end."""
    faults, types = [], {}
    if not text.endswith("# EOF\n") or text.count("# EOF") != 1:
        faults.append("no single # EOF at the end")
    for line in text.splitlines()[:-1]:
        if match := re.fullmatch(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|info|histogram|summary|stateset|unknown)", line):
            if match[1] in types:
                faults.append(f"{match[1]} is described twice")
            types[match[1]] = match[2]
        elif match := re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)', line):
            family = re.sub(r"_(total|info|bucket|sum|count|created)$", "", match[1])
            kind = types.get(match[1]) or types.get(family)
            if kind is None:
                faults.append(f"a sample without a type: {line}")
            if kind == "counter" and not match[1].endswith(("_total", "_created")):
                faults.append(f"a counter that does not end in _total: {line}")
            float(match[3])
        elif not re.fullmatch(r"# (HELP|UNIT) [a-zA-Z_:][a-zA-Z0-9_:]* .*", line):
            faults.append(f"not OpenMetrics: {line}")
    return faults + ([] if types else ["no metric at all"])


class Help(case.DaemonCase):
    COMMANDS = ("push", "follow", "get", "find", "entity", "stats", "dead", "cursor", "verify", "repair", "backup", "tag")

    def help_of(self, *command):
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=wire.seconds(20))
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    def test_every_command_helps(self):
        overview = self.help_of(build.TELEX)
        for command in self.COMMANDS:
            self.assertIn(command, overview)
            self.assertRegex(self.help_of(build.TELEX, command), rf"(?i)usage.*{command}")
        self.assertRegex(self.help_of(build.TELEXD), r"(?i)usage")

    def test_version(self):
        for program in (build.TELEX, build.TELEXD):
            done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=wire.seconds(20))
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")

    def test_no_or_unknown_command(self):
        for arguments in ((), ("dance",), ("--nonsense",)):
            done = subprocess.run([build.TELEX, *arguments], capture_output=True, text=True, timeout=wire.seconds(20))
            self.assertNotEqual(done.returncode, 0)
            self.assertTrue(done.stderr.strip())

    def complete(self, *words):
        """What bash offers for the last word."""
        [script] = (build.ROOT / "proto" / "client" / "completion").glob("telex*")
        program = ("source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\"; COMP_POINT=${#COMP_LINE}; "
                   "f=$(complete -p telex | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p'); \"$f\" telex \"${@: -1}\" \"${@: -2:1}\"; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", program, "bash", script, "telex", *words], capture_output=True, text=True,
                              timeout=wire.seconds(20), env={"PATH": f"{build.BUILD / 'bin'}:/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return {word.strip() for word in done.stdout.splitlines() if word.strip()}

    def test_completion_for_bash(self):
        self.assertLessEqual(set(self.COMMANDS), self.complete(""))
        self.assertEqual(self.complete("fol"), {"follow"})
        self.assertIn("--cursor", self.complete("follow", "--"))
        self.assertIn("--acks", self.complete("push", "--a"))
        self.assertLessEqual({"list", "show", "retry", "drop"}, self.complete("dead", ""))


class Tag(case.DaemonCase):
    """telex tag: without a daemon, one line in, one line out, the same bytes each time."""

    def tag(self, text, status=0):
        done = subprocess.run([build.TELEX, "tag"], input=text, capture_output=True, text=True, timeout=wire.seconds(60))
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def test_same_order_same_bytes_and_the_daemons_entities(self):
        lines = [line for name in ("dispatch.jsonl", "ninjs-3.1.jsonl")
                 for line in (DATA / "demo" / name).read_text(encoding="utf-8").splitlines()]
        text = "".join(line + "\n" for line in lines)
        out = self.tag(text)
        self.assertEqual(out, self.tag(text))
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([e["subject"] for e in events], [json.loads(line)["uri"] for line in lines])
        for event in events:
            self.assertEqual(check.event_faults(event), [])
            self.assertIn("text", event["data"])
            self.assertNotIn("sequence", event)
        daemon = self.start()
        self.telex(daemon, "push", "-", stdin=text)
        with daemon.stream() as stream:
            streamed = {e["subject"]: e for _, e in stream.open(text=True, **{"from": "first"}).events(len(lines))}
        for event in events:
            other = streamed[event["subject"]]["data"]
            own = {key: value for key, value in event["data"].items() if key != "body"}  # the text made of HTML
            self.assertEqual(own, {key: value for key, value in other.items() if key != "offset"})
            self.assertEqual(event["id"], streamed[event["subject"]]["id"])


if __name__ == "__main__":
    case.main()
