#!/usr/bin/python3
"""telex-tagger as a program: line by line as `telex tag` runs it, and as a worker over its pipes."""

import json
import os
import select
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import build  # noqa: E402

HELLO, JOB, RESULT, PING, PONG = 1, 2, 3, 4, 5

ARTICLES = [
    {"uri": "urn:t:1", "title": "Merkel spotka się z Putinem", "language": "pl", "source": "PAP",
     "published": "2017-05-02T10:00:00+02:00",
     "body": "BERLIN (PAP) - Kanclerz Angela Merkel rozmawiała we wtorek z Władimirem Putinem.\n\nReklama\n\n"
             "Tematem była Syria \U0001f600 i Ukraina.\n\nCzytaj też: Co dalej z Ukrainą\n\nŹródło: PAP"},
    {"uri": "urn:t:2", "title": "Putin empfängt Merkel",
     "body": "Quelle: dpa\nBundeskanzlerin Angela Merkel ist am Dienstag nach Sotschi gereist, um mit\n"
             "dem russischen Präsidenten Wladimir Putin über die Lage in Syrien und in der\n"
             "Ukraine zu sprechen. Ein Durchbruch wurde von dem Treffen im Som\u00ad\nmersitz nicht erwartet.\nKommentare"},
    {"uri": "urn:t:3", "title": "Putin hosts Merkel", "versionCreated": "x", "section": ["kept"],
     "body": "MOSCOW, May 2 (Reuters) - Vladimir Putin hosted Angela Merkel on Tuesday.\r\n\r\nZu\u0308rich was not mentioned."},
]


def tag(lines, *options, **kinds):
    return subprocess.run([build.TAGGER, *options], input="".join(line + "\n" for line in lines).encode(), capture_output=True,
                          timeout=120, **kinds)


def dump(article):
    return json.dumps(article, ensure_ascii=False)


class Lines(unittest.TestCase):
    def events(self, articles):
        done = tag([dump(a) for a in articles])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def test_one_event_an_article_in_order(self):
        events = self.events(ARTICLES)
        self.assertEqual([e["subject"] for e in events], [a["uri"] for a in ARTICLES])
        self.assertEqual([e["data"]["language"]["tag"] for e in events], ["pl", "de", "en"])
        self.assertEqual([e["time"] for e in events], ["2017-05-02T08:00:00.000Z"] + ["1970-01-01T00:00:00.000Z"] * 2)
        for event in events:
            self.assertNotIn("sequence", event)
            self.assertNotIn("offset", event["data"])

    def test_exact_is_the_slice_of_what_was_submitted(self):
        seen = 0
        for article, event in zip(ARTICLES, self.events(ARTICLES)):
            for entity in event["data"]["entities"]:
                for mention in entity["mentions"]:
                    self.assertEqual(article[mention["field"]][mention["start"]:mention["end"]], mention["exact"])
                    seen += 1
        self.assertGreater(seen, 10)

    def test_credits_are_slices_and_no_mentions(self):
        events = self.events(ARTICLES)
        for article, event in zip(ARTICLES, events):
            for credit in event["data"]["credits"]:
                self.assertEqual(article[credit["field"]][credit["start"]:credit["end"]], credit["exact"])
        self.assertEqual([[c["exact"] for c in e["data"]["credits"]] for e in events], [["(PAP)", "Źródło: PAP"], ["Quelle: dpa"], ["(Reuters)"]])
        self.assertEqual([[c["names"] for c in e["data"]["credits"]] for e in events], [[["PAP"], ["PAP"]], [["dpa"]], [["Reuters"]]])
        names = {m["exact"] for e in events for n in e["data"]["entities"] for m in n["mentions"]}
        self.assertFalse(names & {"PAP", "dpa", "Reuters"})

    def test_paragraphs_have_their_own_languages(self):
        english = "The president said on Wednesday that he would not sign the new budget before the end of the year."
        body = ("Prezydent \U0001f600 spotkał się w środę z premierem, aby rozmawiać o nowym budżecie.\n\n" + english +
                "\n\nPremier odpowiedział, że nie widzi powodu do zmian w projekcie ustawy.\n\nNew York")
        language = self.events([{"uri": "urn:t:9", "body": body}])[0]["data"]["language"]
        self.assertEqual(language["tag"], "pl")
        self.assertEqual([(p["tag"], body[p["start"]:p["end"]]) for p in language["paragraphs"]], [("en", english)])
        self.assertNotIn("paragraphs", self.events(ARTICLES)[0]["data"]["language"])

    def test_names_are_read_in_their_paragraphs_language(self):
        body = ("Prezydent spotkał się w środę z premierem, aby rozmawiać o nowym budżecie.\n\n"
                "Der Präsident Syriens sagte am Mittwoch, dass er mit dem Außenminister Deutschlands sprechen wird.\n\n"
                "Premier odpowiedział, że nie widzi powodu do zmian w projekcie ustawy.")
        entities = self.events([{"uri": "urn:t:9", "body": body}])[0]["data"]["entities"]
        bases = {m["exact"]: m["base"] for entity in entities for m in entity["mentions"]}
        self.assertEqual((bases["Syriens"], bases["Deutschlands"]), ("Syrien", "Deutschland"))

    def test_offsets_of_html_point_into_the_body_of_the_event(self):
        html = "<p>Vladimir&nbsp;Putin met <b>Angela</b> Merkel.</p><ul><li>Reuters / AP</li></ul>"
        for article in ({"uri": "urn:t:9", "headline": "Talks", "body_xhtml": html},
                        {"uri": "urn:t:9", "bodies": [{"contenttype": "text/html", "value": html}]},
                        {"id": "urn:t:9", "content_html": html}):
            data = self.events([article])[0]["data"]
            self.assertEqual(data["body"], "Vladimir Putin met Angela Merkel.\n\nReuters / AP")
            for place in [m for e in data["entities"] for m in e["mentions"]] + data["credits"]:
                self.assertEqual(data["body"][place["start"]:place["end"]], place["exact"])
        self.assertNotIn("body", self.events(ARTICLES)[0]["data"])

    def test_same_entity_in_three_languages(self):
        ids = [{e["id"] for e in event["data"]["entities"]} for event in self.events(ARTICLES)]
        for one in ids:
            self.assertLessEqual({"Q567", "Q7747"}, one)

    def test_text_is_without_furniture_and_wrapping(self):
        polish, german, english = (event["data"]["text"] for event in self.events(ARTICLES))
        self.assertEqual(polish, "BERLIN - Kanclerz Angela Merkel rozmawiała we wtorek z Władimirem Putinem.\n\n"
                                 "Tematem była Syria \U0001f600 i Ukraina.")
        self.assertEqual(german.count("\n"), 0)
        self.assertIn("Treffen im Sommersitz nicht", german)
        self.assertEqual(english, "MOSCOW, May 2 - Vladimir Putin hosted Angela Merkel on Tuesday.\n\nZürich was not mentioned.")

    def test_same_bytes_alone_and_in_company(self):
        together = tag([dump(a) for a in ARTICLES] * 20).stdout.splitlines()
        alone = [tag([dump(a)]).stdout.strip() for a in ARTICLES]
        self.assertEqual(together, alone * 20)

    def test_bad_lines_are_named_and_left_out(self):
        done = tag([dump(ARTICLES[0]), "{", "", '{"title":"no uri","body":"x"}', dump(ARTICLES[1]), "[]"])
        self.assertEqual(done.returncode, 1)
        self.assertEqual([json.loads(x)["subject"] for x in done.stdout.splitlines()], ["urn:t:1", "urn:t:2"])
        errors = done.stderr.decode().splitlines()
        self.assertEqual([error.split(":")[1].strip() for error in errors], ["line 2", "line 4", "line 6"])

    def test_not_utf8_and_a_line_too_long(self):
        lines = b'{"uri":"u","body":"\xff"}\n' + b"x" * (17 << 20) + b"\n" + dump(ARTICLES[2]).encode()
        done = subprocess.run([build.TAGGER], input=lines, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn(b"line 1:", done.stderr)
        self.assertIn(b"line 2:", done.stderr)

    def test_answers_each_line_at_once(self):
        with subprocess.Popen([build.TAGGER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            for article in ARTICLES:
                process.stdin.write(dump(article).encode() + b"\n")
                process.stdin.flush()
                self.assertTrue(select.select([process.stdout], [], [], 60)[0], "no answer before the next line")
                self.assertEqual(json.loads(process.stdout.readline())["subject"], article["uri"])

    def test_command_line(self):
        self.assertIn(b"--lexicon", tag([], "--help").stdout)
        self.assertIn(b"lexicon", tag([], "--version").stdout)
        self.assertEqual(tag([], "--nonsense").returncode, 2)
        missing = tag([], "--lexicon", "/nowhere/at/all.tlx")
        self.assertEqual(missing.returncode, 1)
        self.assertIn(b"/nowhere/at/all.tlx", missing.stderr)


def record(article):
    fields = [article.get(name, "").encode() for name in ("uri", "title", "source", "language", "published", "extra", "body")]
    return struct.pack("<HHHBBII", *map(len, fields)) + b"".join(fields)


class Worker(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([build.TAGGER, "--worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.stdin.close)
        self.hello = self.receive()

    def send(self, kind, number, payload=b""):
        self.process.stdin.write(struct.pack("<cBBBIQ", b"W", 1, kind, 0, len(payload), number) + payload)
        self.process.stdin.flush()

    def receive(self):
        mark, version, kind, _, length, number = struct.unpack("<cBBBIQ", self.process.stdout.read(16))
        self.assertEqual((mark, version), (b"W", 1))
        return kind, number, self.process.stdout.read(length)

    def test_hello_names_the_worker(self):
        kind, number, payload = self.hello
        self.assertEqual((kind, number), (HELLO, 0))
        self.assertEqual(set(json.loads(payload)), {"worker", "version", "tagger", "lexicon"})

    def test_result_agrees_with_lines(self):
        event = json.loads(tag([dump(ARTICLES[0])]).stdout)["data"]
        self.send(JOB, 17, record(ARTICLES[0]))
        kind, number, payload = self.receive()
        self.assertEqual((kind, number), (RESULT, 17))
        status, _, count, keys, edits, data = struct.unpack("<BBHIII", payload[:16])
        self.assertEqual(status, 0)
        tagged = json.loads(payload[16 + keys + edits:16 + keys + edits + data])
        self.assertEqual(tagged, {name: event[name] for name in ("language", "entities", "credits", "tagger") if name in event})
        self.assertEqual(rebuild(payload[16 + keys:16 + keys + edits], ARTICLES[0]["body"].encode()).decode(), event["text"])
        self.assertIn(b"Q567\tperson\t", payload[16:16 + keys])

    def test_what_cannot_be_tagged_is_refused_and_work_goes_on(self):
        broken = dict(ARTICLES[0], body="x")
        self.send(JOB, 1, record(broken)[:-1] + b"\xff")
        self.send(JOB, 2, b"no record")
        self.send(PING, 3)
        self.send(JOB, 4, record(ARTICLES[1]))
        answers = [self.receive() for _ in range(4)]
        self.assertEqual([a[:2] for a in answers], [(RESULT, 1), (RESULT, 2), (PONG, 3), (RESULT, 4)])
        self.assertEqual([a[2][:1] for a in answers], [b"\1", b"\1", b"", b"\0"])

    def test_sees_three_pipes_and_no_more(self):
        self.assertEqual(sorted(os.listdir(f"/proc/{self.process.pid}/fd")), ["0", "1", "2"])
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        self.assertIn("NoNewPrivs:\t1", status)
        if not build.sanitizers():
            self.assertIn("Seccomp:\t2", status)

    def test_memory_stays_small(self):
        for number in range(50):
            self.send(JOB, number, record(dict(ARTICLES[1], body=ARTICLES[1]["body"] * 300)))
            self.assertEqual(self.receive()[2][:1], b"\0")
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        resident = int(status.split("VmRSS:")[1].split()[0])
        if not build.sanitizers():
            self.assertLess(resident, 200 * 1024)

    def test_ends_with_its_input(self):
        self.process.stdin.close()
        self.assertEqual(self.process.wait(timeout=60), 0)


def rebuild(edits, body):
    text, at = b"", 0
    while at < len(edits):
        start, copy, insert = struct.unpack_from("<III", edits, at)
        at += 12
        text += body[start:start + copy] + edits[at:at + insert]
        at += insert
    return text


if __name__ == "__main__":
    unittest.main()
