#!/usr/bin/python3
"""telex-train-names: the same examples give the same model, which the tagger takes; wrong examples and options are named."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build
from harness.wire import seconds

TRAINER = build.BUILD / "bin/telex-train-names"
LEXICON = build.BUILD / "share/telex/lexicon.tlx"
SENTENCES = {
    "pl": (["Zbrzyk", "Kwiatoń", "Murzasz", "Lipczak", "Dąbek"], "Wczoraj {given} {name} z firmy {firm} przyjechał do miasta {town}. ",
           "Prezes {name} milczał.", ["Jan", "Anna"], ["Orbitex", "Zefirpol"], ["Kowalewko", "Brzezinowo"]),
    "de": (["Zorbin", "Haferkamp", "Tümmler", "Lindwurm", "Moosbach"], "Gestern sprach {given} {name} von der {firm} in {town}. ",
           "Der Minister {name} schwieg.", ["Hans", "Ute"], ["Orbitex", "Zefirwerk"], ["Altenmoos", "Neuwalde"]),
    "en": (["Zorbin", "Haverly", "Tumbler", "Lindworm", "Mossbrook"], "On Monday {given} {name} of {firm} came to {town}. ",
           "President {name} was silent.", ["John", "Mary"], ["Orbitex", "Zephyrco"], ["Altenmoor", "Newwold"]),
}


def spans_of(text, parts):
    spans = []
    for part, kind in parts:
        start = len(text[:text.index(part)].encode())
        spans.append([start, start + len(part.encode()), kind])
    return sorted(spans)


def examples():
    for language, (names, first, second, givens, firms, towns) in SENTENCES.items():
        for number in range(14):
            words = {"given": givens[number % 2], "name": names[number % 5], "firm": firms[number % 2], "town": towns[number // 2 % 2]}
            text = first.format(**words) + second.format(**words)
            spans = spans_of(text, [(f"{words['given']} {words['name']}", "person"), (words["firm"], "organisation"),
                                    (words["town"], "place?" if number % 7 == 6 else "place")])
            start = len(text[:text.rindex(words["name"])].encode())
            spans.append([start, start + len(words["name"].encode()), "person"])
            yield {"set": f"made-{language}", "document": f"{language}:{number}", "language": language, "text": text, "spans": spans}


class Train(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="telex-train-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.lines = [json.dumps(one, ensure_ascii=False) for one in examples()]

    def write(self, lines, name="examples.jsonl"):
        path = self.directory / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    def train(self, *arguments, status=0):
        done = subprocess.run([TRAINER, "--lexicon", LEXICON, *map(str, arguments)], capture_output=True, text=True, timeout=seconds(60))
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def refused(self, *arguments, status=1):
        error = self.train(*arguments, status=status).stderr
        self.assertRegex(error, r"(?m)^telex-train-names: ")
        return error

    def test_the_same_examples_give_the_same_model(self):
        path, models = self.write(self.lines), [self.directory / "first.model", self.directory / "second.model"]
        for model in models:
            done = self.train("--epochs", 6, "--least", 1, "--bits", 14, "--date", "2026-11-22", "--output", model, path)
            self.assertIn("made-pl", done.stdout)
        self.assertEqual(models[0].read_bytes(), models[1].read_bytes())
        other = self.directory / "other.model"
        self.train("--epochs", 6, "--least", 1, "--bits", 14, "--date", "2026-11-22", "--output", other, self.write(self.lines[:-3]))
        self.assertNotEqual(other.read_bytes(), models[0].read_bytes())

    def test_the_tagger_takes_the_model(self):
        model = self.directory / "own.model"
        self.train("--epochs", 10, "--rate", 0.1, "--decay", 1e-5, "--drop-all", 0.1, "--least", 1, "--bits", 14, "--output", model, self.write(self.lines))
        article = {"uri": "urn:t:1", "language": "en", "body": "On Monday John Haverly of Zephyrco came to Newwold. President Haverly was silent."}
        done = subprocess.run([build.TAGGER, "--model", model, "--user-lexicon", "none"], input=json.dumps(article) + "\n",
                              capture_output=True, text=True, timeout=seconds(60))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = {m["exact"]: e["type"] for e in json.loads(done.stdout)["data"]["entities"] for m in e["mentions"]}
        self.assertEqual(found.get("John Haverly"), "person")
        self.assertEqual(found.get("Haverly"), "person")
        self.assertEqual(found.get("Newwold"), "place")
        model.write_bytes(model.read_bytes()[:-1])
        done = subprocess.run([build.TAGGER, "--model", model], input="", capture_output=True, text=True, timeout=seconds(60))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"^telex-tagger: {model} is damaged.*install it again, or name another")

    def test_held_out_and_measured(self):
        measured = self.write([line.replace('"made-', '"other-') for line in self.lines[::5]], "measured.jsonl")
        done = self.train("--epochs", 1, "--held-out", 3, "--measure", measured, "--weight", "made-de=0.5", self.write(self.lines))
        for name in ("made-pl", "made-de", "made-en", "other-pl", "other-en", "first reading", "second reading"):
            self.assertIn(name, done.stdout)

    def test_bad_lines_are_named(self):
        sound = json.loads(self.lines[0])
        size = len(sound["text"].encode())
        for line, reason in (
                ("{", "no JSON"), ("", "no JSON"), ("[]", "object"), ('{"set": "x"}', "document"), (json.dumps({**sound, "text": 3}), "string"),
                (json.dumps({**sound, "spans": {}}), "spans is not an array"),
                (json.dumps({**sound, "spans": [[0, 3]]}), r"span 1 is not \[start, end, type\]"),
                (json.dumps({**sound, "spans": [[0, 3, "person"], [0, "3", "person"]]}), r"span 2 is not \[start, end, type\]"),
                (json.dumps({**sound, "spans": [[0, size + 1, "person"]]}), f"span 1 reaches from byte 0 to {size + 1} of a text of {size}"),
                (json.dumps({**sound, "spans": [[5, 5, "person"]]}), "span 1 reaches"),
                (json.dumps({**sound, "spans": [[-1, 5, "person"]]}), "span 1 reaches"),
                (json.dumps({**sound, "spans": [[0, 3, "event"]]}), "write person, organisation, place or place?"),
                (json.dumps({**sound, "set": "x" * 24}), "longer than 23 bytes: shorten it")):
            path = self.write([*self.lines[:2], line])
            error = self.refused(path)
            self.assertIn(f"{path}:3: mend the line, or gather the examples again: ", error)
            self.assertRegex(error, reason)
        many = [json.dumps({**sound, "set": f"set{n}"}) for n in range(49)]
        self.assertIn(":49: ", self.refused(self.write(many)))

    def test_missing_files_are_named(self):
        sound, missing = self.write(self.lines[:3]), self.directory / "missing.jsonl"
        self.assertIn(f"cannot open the examples {missing}: No such file", self.refused(missing))
        self.assertIn(f"cannot open the examples {missing}: No such file", self.refused("--measure", missing, sound))
        self.assertIn(f"cannot read {self.directory}: Is a directory", self.refused(self.directory))
        self.assertIn(str(missing), self.refused("--lexicon", missing, sound))
        output = self.directory / "no/such.model"
        self.assertIn(f"cannot write the model {output}: No such file",
                      self.refused("--epochs", 1, "--bits", 8, "--output", output, sound))
        self.assertIn("nothing to learn from", self.refused(self.write([], "empty.jsonl")))

    def test_wrong_options_are_named(self):
        sound = self.write(self.lines[:3])
        for option, value, wanted in (("epochs", "0", "1 to 1000"), ("epochs", "3x", "whole number"), ("bits", "7", "8 to 26"),
                                      ("bits", "27", "8 to 26"), ("least", "-1", "whole number"), ("held-out", "10", "0 to 9"),
                                      ("rate", "fast", "a number"), ("rate", "nan", "a number"), ("drop", "1.5", "0 to 1"),
                                      ("drop-all", "", "0 to 1"), ("decay", "-1", "a number"), ("weight", "made-pl", "SET=W"),
                                      ("weight", "made-pl=x", "a number"), ("weight", "nobody=1", "a set that the examples have"),
                                      ("date", "22 November 2026", "1 to 10 signs")):
            error = self.refused(f"--{option}", value, sound, status=2)
            self.assertIn(f"--{option} takes ", error)
            self.assertIn(wanted, error)
        self.assertIn("no examples are named", self.refused(status=2))
        self.assertIn("--help", self.train("--nonsense", sound, status=2).stderr)
        self.assertIn("--weight SET=W", self.train("--help").stdout)


if __name__ == "__main__":
    unittest.main()
