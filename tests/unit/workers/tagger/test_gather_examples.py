#!/usr/bin/python3
"""gather_examples.py on tiny made-up files: the corpora themselves are not needed to keep it alive."""

import gzip
import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[4] / "workers/tagger/train/gather_examples.py"
spec = importlib.util.spec_from_file_location("gather_examples", SCRIPT)
gather = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gather)


def named(line):
    """An example's names as written, with their types."""
    record = json.loads(line)
    text = record["text"].encode()
    return [(text[start:end].decode(), kind) for start, end, kind in record["spans"]]


class Gather(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="telex-gather-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def write(self, text, name="made.conll"):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def conll(self, text, name="uner", language="en", **options):
        return list(gather.read_conll(self.write(text), name, language, **options))

    def test_kinds(self):
        for label, kind in (("PER", "person"), ("persName", "person"), ("persName-surname", "person"), ("nam_liv_person_last", "person"),
                            ("ORG", "organisation"), ("nam_org_company", "organisation"), ("nam_org_nation", None), ("nam_loc_gpe_city", "place"),
                            ("geogName", "place"), ("placeName-country", "place"), ("politicalparty", "organisation"), ("MISC", None),
                            ("", None)):
            self.assertEqual(gather.kind_of(label), kind, label)

    def test_sentences_become_a_text(self):
        [line] = self.conll("Zoë\tB-PER\nOrbin\tI-PER\n,\tO\nof\tO\n(\tO\nZürich\tB-LOC\n)\tO\n.\tO\n\nShe\tO\nleft\tO\n.\tO\n\n")
        record = json.loads(line)
        self.assertEqual(record["text"], "Zoë Orbin, of (Zürich).\nShe left.\n")
        self.assertEqual(named(line), [("Zoë Orbin", "person"), ("Zürich", "place")])
        self.assertEqual((record["set"], record["language"], record["document"]), ("uner", "en", "made.conll:0"))

    def test_names_side_by_side(self):
        [line] = self.conll("Orbin\tB-PER\nZorb\tB-PER\nParis\tI-LOC\nOrbitex\tI-ORG\n\nOrbitex\tI-ORG\n\n")
        self.assertEqual(named(line), [("Orbin", "person"), ("Zorb", "person"), ("Paris", "place"), ("Orbitex", "organisation"),
                                       ("Orbitex", "organisation")])

    def test_documents(self):
        marked = "# doc = one-01\nZorb\tB-PER\n\n# doc = one-02\nOrbin\tB-PER\n\n# doc = two-01\nParis\tB-LOC\n\n"
        self.assertEqual([json.loads(line)["document"] for line in self.conll(marked, name="uner")], ["one", "two"])
        self.assertEqual([len(named(line)) for line in self.conll(marked, name="uner")], [2, 1])
        filed = "-DOCSTART FILE a.xml\nZorb\tB-PER\n\n-DOCSTART FILE b.xml\nParis\tB-LOC\n\n"
        self.assertEqual([json.loads(line)["document"] for line in self.conll(filed, name="cen")], ["a.xml", "b.xml"])
        self.assertEqual(self.conll(""), [])
        self.assertEqual(self.conll("\n\n"), [])

    def test_sentences_that_are_their_own_documents(self):
        lines = self.conll("Zorb\tB-PER\n\nParis\tB-LOC\n\n", name="btc")
        self.assertEqual([named(line) for line in lines], [[("Zorb", "person")], [("Paris", "place")]])
        self.assertEqual(len({json.loads(line)["document"] for line in lines}), 2)

    def test_german_parts_and_derivations(self):
        [line] = self.conll("Der\tO\nZorb-Chef\tB-ORGpart\n\n", name="germeval2014", language="de")
        self.assertEqual(named(line), [("Zorb", "organisation")])
        [line] = self.conll("Parisreise\tB-LOCpart\nPariser\tB-LOCderiv\nzorb-nah\tB-PERpart\n\n", name="germeval2014", language="de")
        self.assertEqual(named(line), [])
        [line] = self.conll("1\tZorb\tB-PER\tO\n\n".replace("1\t", ""), name="germeval2014", language="de", column=1)
        self.assertEqual(named(line), [("Zorb", "person")])

    def test_polish_inhabitants_are_asked_about(self):
        rows = (("Polacy", "Polak", "subst:pl:nom:m1"), ("Polsce", "Polska", "subst:sg:loc:f"), ("polski", "polski", "adj:sg:nom:m3:pos"))
        lines = "".join(f"{word}\t{base}\t{tag}\tB-placeName-country\n" for word, base, tag in rows)
        [line] = self.conll(lines + "\n", name="nkjp", language="pl")
        self.assertEqual(named(line), [("Polacy", "place?"), ("Polsce", "place")])

    def test_outermost_of_nested_labels(self):
        [line] = self.conll("Bank\tB-nam_org_company#B-nam_loc\nParis\tI-nam_org_company#I-nam_loc\n\n", name="cen", language="pl")
        self.assertEqual(named(line), [("Bank Paris", "organisation")])

    def test_spans_in_characters(self):
        source = {"text": "Größe: Zoë Orbin in Köln", "ents": [[7, 16, 0, "person"], [20, 24, 0, "location"], [0, 5, 0, "date"]]}
        [line] = gather.read_spans(self.write(json.dumps(source) + "\n", "made.jsonl"), "smartdata", "de")
        self.assertEqual(named(line), [("Zoë Orbin", "person"), ("Köln", "place")])

    def test_whole_run(self):
        row = "Zorb\tB-PER\n\n"
        for name in ("cen/pl.train.iob.gz", "cen/pl.val.iob.gz", "nkjp/nkjp-ner.iob.gz"):
            self.write("Zorb\tZorb\tsubst\tB-persName\n\n", name)
        self.write(json.dumps({"text": "Zorb", "ents": [[0, 4, 0, "person"]]}) + "\n", "smartdata/de.train.jsonl")
        self.write("Zorb\tB-PER\tO\n\n", "germeval2014/de.dev.tsv")
        for name in ("mobie/de.train", "mobie/de.dev", "uner/en_ewt.dev", "btc/a", "btc/b", "wnut17/en.train", "wnut17/en.dev",
                     "wikigold/en.train", "crossner-politics/en.train", "crossner-politics/en.dev"):
            self.write(row, f"{name}.conll")
        done = subprocess.run([sys.executable, SCRIPT, "--shared", self.directory], capture_output=True, text=True, check=True, timeout=60)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 15)
        for line in lines:
            self.assertEqual(named(line), [("Zorb", "person")])
            self.assertEqual(set(json.loads(line)), {"set", "document", "language", "text", "spans"})


if __name__ == "__main__":
    unittest.main()
