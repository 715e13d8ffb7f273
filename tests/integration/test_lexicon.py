#!/usr/bin/python3
"""Names of one's own: telex lexicon add, list, check, build; what the tagger, as a co-process and in the daemon, makes of them."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, check
from harness.case import article
from harness.daemon import die_with_parent, open_pid_fds, wait_for_end
from harness.wire import seconds

POLISH = "Prezes Kowalpolu spotkał się z Janem Iksińskim w Kowalowie. Iksiński przyjechał z Warszawy."
GERMAN = "Der Chef Kowalpols sprach in Kowalau mit Jan Iksinski. Iksinskis Reise ging nach Berlin."


class LexiconCase(case.DaemonCase):
    def setUp(self):
        super().setUp()
        self.list = self.directory / "config/telex/lexicon.tsv"
        self.compiled = self.directory / "data/telex/lexicon.tlx"

    def environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TELEX_")}
        return {**kept, "XDG_CONFIG_HOME": str(self.directory / "config"), "XDG_DATA_HOME": str(self.directory / "data"),
                "LC_ALL": "C.UTF-8"}

    def run_telex(self, *arguments, status=0, stdin=""):
        done = subprocess.run([build.TELEX, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                              timeout=seconds(60), env=self.environment())
        self.assertEqual(done.returncode, status, f"telex {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done

    def lexicon(self, *arguments, status=0):
        return self.run_telex("lexicon", *arguments, status=status)

    def add_all(self, *place):
        self.lexicon("add", *place, "organisation", "Kowalpol", "Kowalpol SA", "--id", "acme:17")
        self.lexicon("add", *place, "person", "Jan Iksiński", "Iksiński", "--id", "acme:4")
        self.lexicon("add", *place, "place", "--pl", "Kowalowo", "--de", "Kowalau", "--id", "acme:9")

    def write(self, *lines):
        self.list.parent.mkdir(parents=True, exist_ok=True)
        self.list.write_text("".join(line + "\n" for line in lines))

    def tag(self, *articles, options=(), status=0):
        lines = "".join(json.dumps({"uri": f"urn:l:{n}", **one}) + "\n" for n, one in enumerate(articles))
        done = self.run_telex("tag", *options, stdin=lines, status=status)
        return [json.loads(line)["data"] for line in done.stdout.splitlines()], done.stderr


def found(data):
    """What the article names, by id: the mentions' base forms."""
    return {entity["id"]: [m["base"] for m in entity["mentions"]] for entity in data["entities"]}


class Command(LexiconCase):
    def test_add_list_check_build(self):
        self.add_all()
        self.assertEqual(self.lexicon("list").stdout.splitlines(),
                         ["acme:17\torganisation\tKowalpol|Kowalpol SA", "acme:4\tperson\tJan Iksiński|Iksiński",
                          "acme:9\tplace\t\tKowalowo\tKowalau"])
        self.assertIn("3 entities, 6 names", self.lexicon("check").stdout)
        built = self.lexicon("build").stdout
        self.assertIn(f"{self.compiled}: lexicon ", built)
        first = self.compiled.read_bytes()
        self.assertEqual(self.lexicon("build").stdout, built)
        self.assertEqual(self.compiled.read_bytes(), first, "the same list gives the same file")
        self.assertEqual(os.listdir(self.compiled.parent), ["lexicon.tlx"])

    def test_add_refuses_what_is_bad_or_double_and_changes_nothing(self):
        self.add_all()
        before = self.list.read_bytes()
        for arguments, why in ((("firm", "Nowopol"), 'type "firm" is none of'),
                               (("organisation", "kowalpol"), "is a name of acme:17 already (line 6)"),
                               (("organisation", "Nowopol", "--id", "acme:17"), "id acme:17 is that of line 6 already"),
                               (("organisation", "Nowopol", "--id", "Q-1"), "neither a Wikidata id"),
                               (("organisation", "?!"), "has no letter"),
                               (("organisation", "A"), "one letter"),
                               (("organisation", "Nowopol", "--de", "Neupol|"), "a | too many")):
            done = self.lexicon("add", *arguments, status=1)
            self.assertIn(why, done.stderr)
            self.assertTrue(done.stderr.startswith(f"{self.list}:9: "), done.stderr)
        self.assertIn("no tabs", self.lexicon("add", "organisation", "Nowo\tpol", status=1).stderr)
        self.assertEqual(self.list.read_bytes(), before)

    def test_bad_lines_are_named_and_the_compiled_file_stays(self):
        self.write("acme:1\torganisation\tKowalpol")
        self.lexicon("build")
        before = self.compiled.read_bytes()
        self.write("acme:1\torganisation\tKowalpol", "# a comment", "", "acme:2 organisation Nowopol", "acme:3\tfirm\tNowopol",
                   "acme:4\tplace\tNowowo", "acme:4\tplace\tNowice", "acme:5\tplace\tNowowo", "\tplace\t\t\t\t\tto much")
        for verb in ("check", "build", "list"):
            done = self.lexicon(verb, status=1)
            lines = [int(line.split(":")[1]) for line in done.stderr.splitlines() if line.startswith(str(self.list))]
            self.assertEqual(lines, [4, 5, 7, 8, 9], done.stderr)
        self.assertIn("5 bad lines", self.lexicon("build", status=1).stderr)
        self.assertEqual(self.lexicon("list", status=1).stdout.count("\n"), 2)
        self.assertEqual(self.compiled.read_bytes(), before)

    def test_a_line_without_its_end_is_not_appended_to(self):
        self.list.parent.mkdir(parents=True)
        self.list.write_text("acme:1\torganisation\tKowalpol")
        self.lexicon("add", "place", "Kowalowo")
        self.assertEqual(self.list.read_text(), "acme:1\torganisation\tKowalpol\n\tplace\tKowalowo\n")

    def test_usage(self):
        self.assertIn("telex lexicon add", self.lexicon("--help").stdout)
        for arguments in ((), ("mend",), ("list", "x"), ("add",), ("add", "place"), ("build", "--id", "Q1"), ("--nonsense",)):
            self.assertIn("--help", self.lexicon(*arguments, status=2).stderr)
        for verb in ("list", "check", "build"):
            self.assertIn("telex lexicon add", self.lexicon(verb, status=1).stderr)
        self.assertFalse(self.compiled.exists())

    def test_the_services_list(self):
        config = self.directory / "telex.conf"
        listed, compiled = self.directory / "etc/mine.tsv", self.directory / "var/mine.tlx"
        config.write_text(f"[daemon]\nlog_level = info\n[crew]\nuser_lexicon_source = {listed}\nuser_lexicon = {compiled}\n")
        self.add_all("--config", config)
        self.lexicon("build", "--config", config)
        self.assertTrue(listed.exists() and compiled.exists() and not self.list.exists())
        self.lexicon("build", "--lexicon-source", listed, "--lexicon-file", self.directory / "other.tlx")
        self.assertEqual(compiled.read_bytes(), (self.directory / "other.tlx").read_bytes())
        config.write_text("[crew]\nuser_lexicon = none\n")
        self.assertIn("none", self.lexicon("build", "--config", config, status=1).stderr)


class Tag(LexiconCase):
    def test_own_names_in_all_their_cases(self):
        [before], _ = self.tag({"body": POLISH, "language": "pl"})
        self.assertFalse({"acme:17", "acme:4", "acme:9"} & set(found(before)))
        self.add_all()
        self.lexicon("build")
        (polish, german), errors = self.tag({"body": POLISH, "language": "pl"}, {"body": GERMAN, "language": "de"})
        self.assertEqual(errors, "")
        self.assertEqual([found(polish)[own] for own in ("acme:17", "acme:4", "acme:9")],
                         [["Kowalpol"], ["Jan Iksiński", "Iksiński"], ["Kowalowo"]])
        self.assertEqual([len(found(german)[own]) for own in ("acme:17", "acme:4", "acme:9")], [1, 2, 1])
        self.assertTrue(polish["tagger"]["lexicon"].startswith(before["tagger"]["lexicon"] + "+"))
        [without], _ = self.tag({"body": POLISH, "language": "pl"}, options=["--user-lexicon", "none"])
        self.assertEqual(without, before)

    def test_damaged_is_said_and_left_out_missing_is_not_missed(self):
        self.add_all()
        self.lexicon("build")
        [own], _ = self.tag({"body": POLISH})
        data = bytearray(self.compiled.read_bytes())
        data[-3] ^= 1
        self.compiled.write_bytes(data)
        [damaged], errors = self.tag({"body": POLISH})
        self.assertIn("wrong checksum; build it again with telex lexicon build", errors)
        self.compiled.unlink()
        [missing], errors = self.tag({"body": POLISH})
        self.assertEqual((missing, errors), (damaged, ""))
        self.assertNotEqual(own, missing)
        done = self.run_telex("tag", "--user-lexicon", self.compiled, status=1)
        self.assertIn(str(self.compiled), done.stderr)

    def test_as_a_co_process_each_line_is_answered_at_once(self):
        self.add_all()
        self.lexicon("build")
        with subprocess.Popen([build.TELEX, "tag"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment(),
                              preexec_fn=die_with_parent) as process:
            answers = case.Lines(process)
            for number, body in enumerate((POLISH, GERMAN, POLISH)):
                process.stdin.write(json.dumps({"uri": f"urn:c:{number}", "body": body}).encode() + b"\n")
                process.stdin.flush()
                event = json.loads(answers.next())
                self.assertEqual(event["subject"], f"urn:c:{number}")
                self.assertIn("acme:17", found(event["data"]))
                self.assertEqual(select.select([process.stdout], [], [], 0)[0], [], "one line, one answer")


class Service(LexiconCase):
    def start_with_lexicon(self):
        self.place = ("--lexicon-source", self.list, "--lexicon-file", self.compiled)
        return self.start({"crew.user_lexicon": self.compiled})

    def reload(self, daemon):
        fds = open_pid_fds(daemon.workers())
        daemon.signal(signal.SIGHUP)
        self.assertTrue(wait_for_end(fds, 60), "an old worker stayed")

    def push_and_follow(self, daemon, first, count):
        with daemon.ingest() as ingest:
            acks = ingest.push_all(article(n, POLISH, language="pl") for n in range(first, first + count))
        self.assertEqual({ack.code for ack in acks}, {"ok"})
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(first - 1 + count, 60)
        self.assertEqual(check.stream_faults(events), [])
        return [event["data"] for _, event in events][first - 1:]

    def test_new_names_after_a_reload(self):
        daemon = self.start_with_lexicon()
        [before] = self.push_and_follow(daemon, 1, 1)
        self.assertFalse({"acme:17", "acme:4", "acme:9"} & set(found(before)))
        self.add_all(*self.place)
        self.lexicon("build", *self.place)
        self.reload(daemon)
        after = self.push_and_follow(daemon, 2, 200)
        for data in after:
            self.assertLessEqual({"acme:17", "acme:4", "acme:9"}, set(found(data)))
            self.assertRegex(data["tagger"]["lexicon"], "^" + before["tagger"]["lexicon"] + r"\+[0-9-]{10}-[0-9a-f]{8}$")
        with daemon.control() as control:
            self.assertEqual(control.stats()["lexicon"], after[0]["tagger"]["lexicon"])
            self.assertIn("acme:4", [entity["id"] for entity in control.find("Iksinski")])

    def test_reloaded_while_articles_are_under_way(self):
        daemon = self.start_with_lexicon()
        self.add_all(*self.place)
        self.lexicon("build", *self.place)
        with daemon.ingest() as ingest:
            ingest.push_all(article(n, POLISH * 20, language="pl") for n in range(500))
            self.reload(daemon)
        with daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).events(500, 60)
        self.assertEqual(check.stream_faults(events), [])
        self.assertEqual(sorted(event["data"]["offset"] for _, event in events), list(range(1, 501)))
        self.assertEqual({event["type"] for _, event in events}, {"telex.article.tagged"})

    def test_a_damaged_one_is_said_and_left_out(self):
        daemon = self.start_with_lexicon()
        [before] = self.push_and_follow(daemon, 1, 1)
        self.compiled.parent.mkdir(parents=True)
        self.compiled.write_bytes(b"not a lexicon, but long enough to have a head" * 20)
        self.reload(daemon)
        [after] = self.push_and_follow(daemon, 2, 1)
        daemon.log.wait("user-lexicon-refused.*is not a telex lexicon")
        self.assertEqual(found(before), found(after))
        self.assertEqual(before["tagger"], after["tagger"])


if __name__ == "__main__":
    case.main()
